package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// ErrConfig marks an error that the operator has to correct: a property, an
// argument, or a data directory that is not this broker's. The broker has
// touched nothing.
var ErrConfig = errors.New("configuration")

// Settings is everything that a broker process is configured with. Load makes
// one that is checked; Run completes Broker with what only a running process
// knows.
type Settings struct {
	// Broker is the core's part. Run fills in FS and Seed, and the ports of
	// Advertised that are 0.
	Broker broker.Config
	// Listeners are the addresses to bind, in the order of the configuration.
	Listeners []controller.Listener
	// Voters are the members of the metadata quorum and how to reach them.
	Voters []Voter
	// MaxRequestBytes is the largest request that a client may send.
	MaxRequestBytes int32
	// HTTPListen is where metrics and health are served, host:port; empty is
	// nowhere.
	HTTPListen string
	LogLevel   slog.Level
	LogFormat  string
	// Log takes what the broker has to say. Load leaves it nil; nil is silent.
	Log *slog.Logger

	autoRebalance     bool
	rebalanceInterval time.Duration
}

// Voter is one member of the metadata quorum.
type Voter struct {
	ID      model.NodeID
	Address string // host:port
}

// configError says what is wrong in one line and is an ErrConfig.
type configError struct{ text string }

func (e configError) Error() string        { return e.text }
func (e configError) Is(target error) bool { return target == ErrConfig }

func badConfig(format string, args ...any) error {
	return configError{fmt.Sprintf(format, args...)}
}

// refuseValue is the error for a value that a property cannot have.
func refuseValue(name, value, allowed string) error {
	return badConfig("property %q: %q is not allowed; allowed: %s", name, value, allowed)
}

// complete derives the defaults that depend on other properties and checks the
// properties against each other.
func (s *Settings) complete() error {
	for _, step := range []func() error{
		s.completeDirs, s.completeListeners, s.completeVoters, s.checkTimes,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if s.autoRebalance {
		s.Broker.RebalanceInterval = s.rebalanceInterval
	}
	return nil
}

func (s *Settings) completeDirs() error {
	if s.Broker.LogDir == "" {
		return badConfig(`property "log.dirs" is not set; allowed: the path of the directory to keep the data in`)
	}
	if s.Broker.MetadataDir == "" {
		s.Broker.MetadataDir = filepath.Join(s.Broker.LogDir, "metadata")
	}
	if s.Broker.MetadataDir == s.Broker.LogDir {
		return refuseValue("metadata.log.dir", s.Broker.MetadataDir, `another directory than "log.dirs"`)
	}
	return nil
}

func (s *Settings) completeListeners() error {
	if s.Broker.InterBrokerListener == "" {
		s.Broker.InterBrokerListener = s.Listeners[0].Name
	}
	if findListener(s.Listeners, s.Broker.InterBrokerListener) == nil {
		return refuseValue("inter.broker.listener.name", s.Broker.InterBrokerListener, `the names of "listeners"`)
	}
	for _, advertised := range s.Broker.Advertised {
		if findListener(s.Listeners, advertised.Name) == nil {
			return refuseValue("advertised.listeners", advertised.Name, `the names of "listeners"`)
		}
	}
	for _, l := range s.Listeners {
		if findListener(s.Broker.Advertised, l.Name) == nil {
			s.Broker.Advertised = append(s.Broker.Advertised, l)
		}
	}
	for _, advertised := range s.Broker.Advertised {
		if ip := net.ParseIP(advertised.Host); advertised.Host == "" || ip != nil && ip.IsUnspecified() {
			return badConfig(`property "advertised.listeners": listener %s has the host %q, which nobody can connect to; allowed: a host that clients and brokers reach`,
				advertised.Name, advertised.Host)
		}
	}
	return nil
}

func findListener(listeners []controller.Listener, name string) *controller.Listener {
	for i := range listeners {
		if listeners[i].Name == name {
			return &listeners[i]
		}
	}
	return nil
}

func (s *Settings) completeVoters() error {
	if len(s.Voters) == 0 {
		own := findListener(s.Broker.Advertised, s.Broker.InterBrokerListener)
		s.Voters = []Voter{{ID: s.Broker.NodeID, Address: net.JoinHostPort(own.Host, strconv.Itoa(int(own.Port)))}}
	}
	s.Broker.Voters = nil
	found := false
	for _, v := range s.Voters {
		s.Broker.Voters = append(s.Broker.Voters, v.ID)
		found = found || v.ID == s.Broker.NodeID
	}
	if !found {
		return badConfig(`property "controller.quorum.voters": no voter has the id %d; allowed: lists with this broker's "node.id"`, s.Broker.NodeID)
	}
	return nil
}

func (s *Settings) checkTimes() error {
	b := s.Broker
	for _, rule := range []struct {
		name   string
		value  time.Duration
		atMost string
		limit  time.Duration
	}{
		{"broker.heartbeat.interval.ms", b.HeartbeatInterval, "broker.session.timeout.ms", b.SessionTimeout},
		{"replica.fetch.wait.max.ms", b.ReplicaFetchWaitMax, "replica.lag.time.max.ms", b.ReplicaLagMax},
		{"replica.fetch.wait.max.ms", b.ReplicaFetchWaitMax, "request.timeout.ms", b.PeerTimeout},
	} {
		if rule.value > rule.limit {
			return badConfig("property %q: %d is not allowed; allowed: up to the %d of %q",
				rule.name, rule.value.Milliseconds(), rule.limit.Milliseconds(), rule.atMost)
		}
	}
	return nil
}
