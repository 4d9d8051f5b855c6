package server

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// rule says what a property's value may be, in words that follow "allowed:", and
// puts a good value where it belongs. The error of set, if not errNotAllowed,
// says more than the words do.
type rule struct {
	allowed string
	set     func(s *Settings, text string) error
}

var errNotAllowed = errors.New("not allowed")

// whole takes whole numbers within bounds.
func whole[T ~int16 | ~int32](field func(*Settings) *T, low, high int64) rule {
	return rule{fmt.Sprintf("integers from %d to %d", low, high), func(s *Settings, text string) error {
		n, err := parseWhole(text, low, high)
		*field(s) = T(n)
		return err
	}}
}

func parseWhole(text string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, errNotAllowed
	}
	return n, nil
}

// millis takes a time in milliseconds.
func millis(field func(*Settings) *time.Duration, low int64) rule {
	return duration(field, time.Millisecond, "milliseconds", low)
}

// seconds takes a time in seconds.
func seconds(field func(*Settings) *time.Duration, low int64) rule {
	return duration(field, time.Second, "seconds", low)
}

func duration(field func(*Settings) *time.Duration, unit time.Duration, units string, low int64) rule {
	high := int64(math.MaxInt32)
	allowed := fmt.Sprintf("%s from %d to %d", units, low, high)
	return rule{allowed, func(s *Settings, text string) error {
		n, err := parseWhole(text, low, high)
		*field(s) = time.Duration(n) * unit
		return err
	}}
}

// boolean takes true and false.
func boolean(field func(*Settings) *bool) rule {
	return rule{"true, false", func(s *Settings, text string) error {
		*field(s) = text == "true"
		if text != "true" && text != "false" {
			return errNotAllowed
		}
		return nil
	}}
}

// oneOf takes one of a few words.
func oneOf[T ~string](field func(*Settings) *T, words ...T) rule {
	var names []string
	for _, w := range words {
		names = append(names, string(w))
	}
	return rule{strings.Join(names, ", "), func(s *Settings, text string) error {
		for _, w := range words {
			if text == string(w) {
				*field(s) = w
				return nil
			}
		}
		return errNotAllowed
	}}
}

var wordPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// word takes a name.
func word(field func(*Settings) *string) rule {
	return rule{"letters, digits, '.', '_' and '-'", func(s *Settings, text string) error {
		*field(s) = text
		if !wordPattern.MatchString(text) {
			return errNotAllowed
		}
		return nil
	}}
}

// directory takes one path; Kafka's list of several is not supported.
func directory(field func(*Settings) *string) rule {
	return rule{"the path of one directory", func(s *Settings, text string) error {
		if strings.Contains(text, ",") {
			return errNotAllowed
		}
		absolute, err := filepath.Abs(text)
		*field(s) = absolute
		return err
	}}
}

// address takes host:port.
func address(field func(*Settings) *string) rule {
	return rule{"host:port", func(s *Settings, text string) error {
		host, port, err := splitAddress(text)
		*field(s) = net.JoinHostPort(host, strconv.Itoa(int(port)))
		return err
	}}
}

func splitAddress(text string) (string, int32, error) {
	host, digits, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, errNotAllowed
	}
	port, err := parseWhole(digits, 0, math.MaxUint16)
	return host, int32(port), err
}

func boundListeners() rule {
	return listenerList(func(s *Settings) *[]controller.Listener { return &s.Listeners })
}

func advertisedListeners() rule {
	return listenerList(func(s *Settings) *[]controller.Listener { return &s.Broker.Advertised })
}

var listenerPattern = regexp.MustCompile(`^([A-Z0-9_]+)://(.*)$`)

// listenerList takes NAME://host:port,...
func listenerList(field func(*Settings) *[]controller.Listener) rule {
	return rule{"NAME://host:port separated by commas", func(s *Settings, text string) error {
		var listeners []controller.Listener
		for item := range strings.SplitSeq(text, ",") {
			parts := listenerPattern.FindStringSubmatch(strings.TrimSpace(item))
			if parts == nil {
				return errNotAllowed
			}
			host, port, err := splitAddress(parts[2])
			if err != nil {
				return err
			}
			if findListener(listeners, parts[1]) != nil {
				return fmt.Errorf("the name %s is there twice", parts[1])
			}
			listeners = append(listeners, controller.Listener{Name: parts[1], Host: host, Port: port})
		}
		*field(s) = listeners
		return nil
	}}
}

// voters takes id@host:port,...
func voters() rule {
	return rule{"id@host:port separated by commas", func(s *Settings, text string) error {
		seen := map[model.NodeID]bool{}
		for item := range strings.SplitSeq(text, ",") {
			digits, hostPort, _ := strings.Cut(strings.TrimSpace(item), "@")
			id, err := parseWhole(digits, 0, math.MaxInt32)
			if err != nil {
				return err
			}
			host, port, err := splitAddress(hostPort)
			if err != nil || host == "" || port == 0 {
				return errNotAllowed
			}
			if seen[model.NodeID(id)] {
				return fmt.Errorf("the id %d is there twice", id)
			}
			seen[model.NodeID(id)] = true
			s.Voters = append(s.Voters, Voter{ID: model.NodeID(id), Address: hostPort})
		}
		return nil
	}}
}

func logLevel() rule {
	return rule{"debug, info, warn, error", func(s *Settings, text string) error {
		levels := map[string]slog.Level{
			"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
		}
		level, ok := levels[text]
		s.LogLevel = level
		if !ok {
			return errNotAllowed
		}
		return nil
	}}
}

func mutants() rule {
	allowed := "names separated by commas of " + strings.Join(mutant.Names(), ", ")
	return rule{allowed, func(s *Settings, text string) error {
		set, err := mutant.Parse(text)
		s.Broker.Mutants = set
		if err != nil {
			return errNotAllowed
		}
		return nil
	}}
}

// topicDefault takes the static default of a topic's property, which may be
// named otherwise than the broker's. What is allowed is the topic's matter.
func topicDefault(topicName string) rule {
	allowed := ""
	for _, p := range controller.Properties() {
		if p.Name == topicName {
			allowed = p.Allowed
		}
	}
	return rule{allowed, func(s *Settings, text string) error {
		if s.Broker.TopicDefaults == nil {
			s.Broker.TopicDefaults = map[string]string{}
		}
		s.Broker.TopicDefaults[topicName] = text
		if controller.CheckTopicProperty(topicName, &text) != nil {
			return errNotAllowed
		}
		return nil
	}}
}
