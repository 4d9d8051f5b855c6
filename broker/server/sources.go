package server

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// envPrefix starts the environment variables that set properties; the rest is
// the property's name in upper case with underscores for dots.
const envPrefix = "ACKBROKER_"

// parentPipeEnv is the one variable with the prefix that is no property.
const parentPipeEnv = envPrefix + "PARENT_PIPE"

// Load makes the settings of a broker from flags, environment variables and the
// properties file that the flag --config names. A flag wins over the
// environment, that over the file, that over the default. env has the form of
// os.Environ. Its errors are ErrConfig.
func Load(args, env []string) (Settings, error) {
	flags, configFile, err := readFlags(args)
	if err != nil {
		return Settings{}, err
	}
	variables, err := readEnvironment(env)
	if err != nil {
		return Settings{}, err
	}
	var file values
	if configFile != "" {
		if file, err = readConfigFile(configFile); err != nil {
			return Settings{}, err
		}
	}
	return settingsOf(flags, variables, file)
}

// values holds texts by property name.
type values map[string]string

// put keeps a value, once.
func (v values) put(name, text, where string) error {
	p, ok := findProperty(name)
	if !ok {
		return unknown("property", name, propertyNames(func(name string) string { return name }), where)
	}
	if text == "" && p.standard != "" {
		return badConfig("property %q: \"\" is not allowed%s; allowed: %s", name, where, p.rule.allowed)
	}
	if _, twice := v[name]; twice {
		return badConfig("property %q is set twice%s", name, where)
	}
	v[name] = text
	return nil
}

// settingsOf takes each property from the first source that has it. An empty
// text is the same as none, so that a variable can be switched off; where there
// is a default, flags and the file cannot have one.
func settingsOf(sources ...values) (Settings, error) {
	var s Settings
	for _, p := range properties {
		text := p.standard
		for _, source := range sources {
			if t := source[p.name]; t != "" {
				text = t
				break
			}
		}
		if text == "" {
			continue
		}
		switch err := p.rule.set(&s, text); {
		case errors.Is(err, errNotAllowed):
			return Settings{}, refuseValue(p.name, text, p.rule.allowed)
		case err != nil:
			return Settings{}, badConfig("property %q: %q is not allowed: %v; allowed: %s", p.name, text, err, p.rule.allowed)
		}
	}
	return s, s.complete()
}

// readFlags reads --name=value and --name value.
func readFlags(args []string) (flags values, configFile string, err error) {
	flags = values{}
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		if !isFlag || name == "" {
			return nil, "", badConfig("argument %q is not allowed; allowed: --property=value", args[i])
		}
		name, text, hasText := strings.Cut(name, "=")
		if _, known := findProperty(name); !known && name != "config" {
			return nil, "", unknown("property", name, propertyNames(func(name string) string { return name }), "")
		}
		if !hasText {
			i++
			if i == len(args) {
				return nil, "", badConfig("flag %q has no value", "--"+name)
			}
			text = args[i]
		}
		if name == "config" {
			if configFile != "" {
				return nil, "", badConfig(`flag "--config" is set twice`)
			}
			configFile = text
			continue
		}
		if err := flags.put(name, text, ""); err != nil {
			return nil, "", err
		}
	}
	return flags, configFile, nil
}

func envName(property string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(property, ".", "_"))
}

func readEnvironment(env []string) (values, error) {
	byVariable := map[string]string{}
	for _, p := range properties {
		byVariable[envName(p.name)] = p.name
	}
	found := values{}
	for _, assignment := range env {
		variable, text, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(variable, envPrefix) || variable == parentPipeEnv {
			continue
		}
		name, ok := byVariable[variable]
		if !ok {
			return nil, unknown("environment variable", variable, propertyNames(envName), "")
		}
		found[name] = text
	}
	return found, nil
}

func readConfigFile(path string) (values, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, badConfig("flag %q: %v", "--config", err)
	}
	found := values{}
	return found, eachProperty(string(text), path, found.put)
}

// eachProperty reads the part of Java's format that people use: name=value,
// blank lines, and comments that start with # or !.
func eachProperty(text, path string, take func(name, text, where string) error) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		where := fmt.Sprintf(" (%s line %d)", path, number)
		name, text, ok := strings.Cut(line, "=")
		if !ok {
			return badConfig("line %q is not allowed; allowed: property=value%s", line, where)
		}
		if err := take(strings.TrimSpace(name), strings.TrimSpace(text), where); err != nil {
			return err
		}
	}
	return nil
}

func propertyNames(spell func(string) string) []string {
	var names []string
	for _, p := range properties {
		names = append(names, spell(p.name))
	}
	return names
}
