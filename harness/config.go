package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// Config is what a run is made of. Its JSON is the config of run.json.
type Config struct {
	// Acks are the producers' required acks: "all", "1", "0".
	Acks string `json:"acks"`
	// MinISR is min.insync.replicas of the topic.
	MinISR            int    `json:"min_isr"`
	ReplicationFactor int    `json:"replication_factor"`
	Unclean           bool   `json:"unclean_election"` // unclean.leader.election.enable
	Flush             string `json:"flush"`            // never, interval, before-ack
	Partitions        int    `json:"partitions"`
	Nodes             int    `json:"nodes"`
	Clients           int    `json:"clients"`
	Rate              int    `json:"rate"` // sends per second, of all clients
	Seed              uint64 `json:"seed"`
	// Mutant names the protocol bugs that the brokers run with.
	Mutant string `json:"mutant,omitempty"`
	// Cluster is the kind of cluster: Local or Docker.
	Cluster string `json:"cluster"`
	// Nemesis are words to draw a schedule from, or the name of a directed one.
	Nemesis []string `json:"nemesis"`
	// Length is how long faults may go on, in milliseconds; a directed schedule
	// and one from a file have their own.
	Length nemesis.Millis `json:"length_ms"`

	// ScheduleFile, if set, takes the place of Nemesis and Length.
	ScheduleFile string `json:"-"`
	// Results is the folder that gets the run's folder. Folder, if set, names
	// the latter; otherwise the time and the configuration do.
	Results, Folder string `json:"-"`
	// Broker is the path of the broker's binary. For containers it may be empty:
	// then it is built with Go, and Build is its build.
	Broker, Build string `json:"-"`
	// Agent is the path of faultd for containers; empty for one built with Go.
	Agent string `json:"-"`
	// Machine is what the cluster is made on.
	Machine Machine `json:"-"`
}

// Topic is the topic of every run.
const Topic = "log"

// Bounds of a configuration.
const (
	minRate, maxRate = 20, 20000
	maxNodes         = 9
	maxPartitions    = 64
	maxClients       = 100
	maxLength        = 24 * time.Hour
)

// Defaults are a safe configuration under a minute of everything.
func Defaults() Config {
	return Config{
		Acks: "all", MinISR: 2, ReplicationFactor: 3, Flush: "never",
		Partitions: 2, Nodes: 3, Clients: 10, Rate: 500, Seed: 1,
		Cluster: Local, Nemesis: []string{"mixed"},
		Length: nemesis.Millis(time.Minute.Milliseconds()), Results: "results",
	}
}

// Idempotent tells whether producers are: where acks=all allows it.
func (c Config) Idempotent() bool { return c.Acks == "all" }

// Validate names the first field that cannot be, its value and what is allowed.
func (c Config) Validate() error {
	within := func(field string, value, least, most int) error {
		if value < least || value > most {
			return fmt.Errorf("%s is %d, allowed are %d to %d", field, value, least, most)
		}
		return nil
	}
	for _, err := range []error{
		word("acks", c.Acks, "all", "1", "0"),
		word("flush", c.Flush, "never", "interval", "before-ack"),
		checkCluster(c.Cluster),
		within("nodes", c.Nodes, 1, maxNodes),
		within("replication factor", c.ReplicationFactor, 1, c.Nodes),
		within("min-isr", c.MinISR, 1, c.ReplicationFactor),
		within("partitions", c.Partitions, 1, maxPartitions),
		within("clients", c.Clients, 2, maxClients),
		within("rate", c.Rate, minRate, maxRate),
	} {
		if err != nil {
			return err
		}
	}
	if _, err := mutant.Parse(c.Mutant); err != nil {
		return err
	}
	if c.ScheduleFile == "" && c.directed() == "" && (c.Length.Duration() < nemesis.MinLength || c.Length.Duration() > maxLength) {
		return fmt.Errorf("for is %v, allowed are %v to %v", c.Length.Duration(), nemesis.MinLength, maxLength)
	}
	return nil
}

// word refuses a value that is none of the allowed.
func word(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q, allowed are %s", field, value, strings.Join(allowed, ", "))
}

// directed is the name of the directed schedule that the configuration asks
// for, or empty.
func (c Config) directed() string {
	if len(c.Nemesis) == 1 && slices.Contains(nemesis.DirectedNames(), c.Nemesis[0]) {
		return c.Nemesis[0]
	}
	return ""
}

// Schedule is the run's schedule: loaded, directed or drawn.
func (c Config) Schedule() (nemesis.Schedule, error) {
	s, err := c.pickSchedule()
	if err != nil {
		return s, err
	}
	if s.Nodes != c.Nodes {
		return s, fmt.Errorf("nodes is %d, allowed with schedule %s is %d", c.Nodes, s.Name, s.Nodes)
	}
	if err := s.Validate(); err != nil {
		return s, err
	}
	if kind, known := clusterTypes[c.Cluster]; known {
		if err := nemesis.Unsupported(s, kind); err != nil {
			return s, fmt.Errorf("schedule %s on cluster %s: %w", s.Name, c.Cluster, err)
		}
	}
	return s, c.Machine.Refuses(s, c.Cluster)
}

func (c Config) pickSchedule() (nemesis.Schedule, error) {
	switch name := c.directed(); {
	case c.ScheduleFile != "":
		return nemesis.Load(c.ScheduleFile)
	case name != "":
		return nemesis.Directed(name)
	}
	for _, word := range c.Nemesis {
		if !slices.Contains(nemesis.MixWords, word) {
			return nemesis.Schedule{}, fmt.Errorf("nemesis is %q, allowed are %s, or one of %s alone",
				word, strings.Join(nemesis.LiveMixWords(), ", "), strings.Join(nemesis.DirectedNames(), ", "))
		}
	}
	return nemesis.Draw(nemesis.DrawOptions{
		Seed: c.Seed, Nodes: c.Nodes, Length: c.Length.Duration(), Mix: c.Nemesis,
		Without: slices.Collect(maps.Keys(c.Machine.Cannot)),
	})
}

// promise is the part of the configuration that a history's header carries.
func (c Config) promise() history.Config {
	return history.Config{
		Acks: c.Acks, MinISR: c.MinISR, ReplicationFactor: c.ReplicationFactor,
		UncleanElection: c.Unclean, Flush: c.Flush, Idempotent: c.Idempotent(),
	}
}

// Short is the configuration in a few words, as tables show it. Without
// acks=all nobody asks how many replicas there are.
func (c Config) Short() string {
	if c.Acks == "all" {
		return c.full()
	}
	return "acks=" + c.Acks + c.extras()
}

// full is Short, but with min.insync.replicas in any case.
func (c Config) full() string {
	return fmt.Sprintf("acks=%s min.isr=%d", c.Acks, c.MinISR) + c.extras()
}

func (c Config) extras() (s string) {
	if c.Unclean {
		s += " unclean"
	}
	if c.Flush != "never" {
		s += " flush=" + c.Flush
	}
	if c.Mutant != "" {
		s += " mutant=" + c.Mutant
	}
	return s
}

// slug is the configuration as part of a file name.
func (c Config) slug() string {
	s := fmt.Sprintf("acks-%s-isr%d", c.Acks, c.MinISR)
	if c.Unclean {
		s += "-unclean"
	}
	if c.Mutant != "" {
		s += "-mutant"
	}
	what := strings.Join(c.Nemesis, "-")
	if c.ScheduleFile != "" {
		what = "schedule"
	}
	return fmt.Sprintf("%s-%s-seed%d", s, what, c.Seed)
}
