package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker/server"
	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
)

// flags is a set of flags that may stand before and after other arguments.
type flags struct {
	*flag.FlagSet
	app   *app
	usage string
	note  string // stands at the end of the help
	table string // stands after that, as it is
}

func (a *app) flags(name, usage string) *flags {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return &flags{FlagSet: fs, app: a, usage: usage}
}

// parse returns the arguments that are no flags. Errors name what is wrong and
// are input errors; a call for help prints it and is flag.ErrHelp.
func (f *flags) parse(args []string) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			return nil, f.explain(err)
		}
		args = f.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

func (f *flags) explain(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		f.help()
		return err
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return badInput("unknown flag --%s%s; ackproof %s --help lists the flags", name, meant("--", name, f.names()), f.Name())
	}
	// The package writes -name where everything else here writes --name.
	text := err.Error()
	for _, before := range []string{"flag needs an argument: -", "for flag -", " for -"} {
		text = strings.Replace(text, before, before+"-", 1)
	}
	return badInput("%s", text)
}

// help prints the command and its flags, a line of name and a line of meaning.
func (f *flags) help() {
	f.app.say("ackproof %s\n", strings.TrimSpace(f.Name()+" "+f.usage))
	f.VisitAll(func(fl *flag.Flag) {
		kind, usage := flag.UnquoteUsage(fl)
		f.app.say("\n  --%s\n", strings.TrimSpace(fl.Name+" "+kind))
		if fl.DefValue != "" && fl.DefValue != "false" {
			usage += fmt.Sprintf(" (default %s)", fl.DefValue)
		}
		f.app.say("%s", report.Wrap(usage, "      ", helpWidth))
	})
	if f.note != "" {
		f.app.say("\n%s", report.Wrap(f.note, "", helpWidth))
	}
	if f.table != "" {
		f.app.say("\n%s", f.table)
	}
}

// helpWidth is the width of the help, in columns: it fits every terminal.
const helpWidth = 76

func (f *flags) names() (names []string) {
	f.VisitAll(func(fl *flag.Flag) { names = append(names, fl.Name) })
	return names
}

// given tells which fields of the configuration the user has chosen.
func (f *flags) given() (g harness.Given) {
	f.Visit(func(fl *flag.Flag) {
		switch fl.Name {
		case "acks":
			g.Acks = true
		case "min-isr":
			g.MinISR = true
		case "unclean":
			g.Unclean = true
		case "nodes":
			g.Nodes = true
		case "for":
			g.Length = true
		case "seed":
			g.Seed = true
		}
	})
	return g
}

// meant is a hint at the known name that was probably meant, or empty.
func meant(prefix, name string, known []string) string {
	if nearest := server.Nearest(name, known); nearest != "" {
		return fmt.Sprintf(" (did you mean %s%s?)", prefix, nearest)
	}
	return ""
}

// none refuses arguments where none are wanted.
func none(rest []string) error {
	if len(rest) > 0 {
		return badInput("argument %q is not expected", rest[0])
	}
	return nil
}

// whole defines a flag for a whole number.
func (f *flags) whole(p *int, name, usage string) {
	f.Func(name, fmt.Sprintf("%s (default %d)", usage, *p), func(s string) (err error) {
		if *p, err = strconv.Atoi(s); err != nil {
			return errors.New("allowed is a whole number")
		}
		return nil
	})
}

// seed defines --seed.
func (f *flags) seed(p *uint64) {
	f.Func("seed", fmt.Sprintf("seed of everything that is drawn (default %d)", *p), func(s string) (err error) {
		if *p, err = strconv.ParseUint(s, 10, 64); err != nil {
			return errors.New("allowed is a whole number from 0 up")
		}
		return nil
	})
}

// span defines a flag for a time such as 60s.
func (f *flags) span(p *nemesis.Millis, name, usage string) {
	f.Func(name, fmt.Sprintf("%s (default %v)", usage, p.Duration()), func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return errors.New("allowed is a time such as 60s or 2m")
		}
		*p = nemesis.Millis(d.Milliseconds())
		return nil
	})
}

// length defines --for.
func (f *flags) length(p *nemesis.Millis) {
	f.span(p, "for", "how long faults go on that are drawn; a directed schedule, or one from a file, has a length of its own, and is refused with this")
}

// words defines a flag for words separated by commas.
func (f *flags) words(p *[]string, name, usage string) {
	if len(*p) > 0 {
		usage += fmt.Sprintf(" (default %s)", strings.Join(*p, ","))
	}
	f.Func(name, usage, func(s string) error {
		*p = nil
		for word := range strings.SplitSeq(s, ",") {
			if word = strings.TrimSpace(word); word != "" {
				*p = append(*p, word)
			}
		}
		if len(*p) == 0 {
			return errors.New("allowed are words separated by commas")
		}
		return nil
	})
}

// cluster defines the flags of every command that makes clusters. By default
// says what is done without --cluster.
func (f *flags) cluster(c *harness.Config, byDefault string) {
	f.StringVar(&c.Broker, "broker", "", "path of an ackbroker `binary` (default: the broker in this binary)")
	f.StringVar(&c.Agent, "agent", "", "path of a faultd `binary` for containers, static (default: the one beside this binary, or built with Go)")
	f.StringVar(&c.Results, "results", c.Results, "`folder` that gets the run's folder")
	f.StringVar(&c.Cluster, "cluster", "", fmt.Sprintf("kind of cluster: %s (default: %s)", strings.Join(harness.Clusters, ", "), byDefault))
}

// load defines the flags of the workload.
func (f *flags) load(c *harness.Config) {
	f.whole(&c.Partitions, "partitions", "partitions of the topic")
	f.whole(&c.Clients, "clients", "clients; half of them produce")
	f.whole(&c.Rate, "rate", "sends per second, of all clients together")
}
