package explore

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// Format and Version name the file format of a Case, which docs/case.md
// describes.
const (
	Format  = "ackproof-case"
	Version = 1
)

// Case is everything that a simulation depends on.
type Case struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Name says what it was drawn from, or what it shows.
	Name string `json:"name"`
	// Seed deals whatever is not written down: network, disks, Raft's jitter.
	Seed   uint64         `json:"seed"`
	Config history.Config `json:"config"`
	// Partitions of the one topic; its replication factor is in Config.
	Partitions int32 `json:"partitions"`
	// SegmentBytes is the topic's segment.bytes; 0 leaves it to the broker.
	SegmentBytes int `json:"segment_bytes,omitempty"`
	// FetchBytes is how much a follower is given at once; 0 leaves it at 1 MiB.
	FetchBytes int `json:"fetch_bytes,omitempty"`
	// SnapshotEvery is after how many entries the quorum's log is cut; 0 leaves it to
	// the broker.
	SnapshotEvery int `json:"snapshot_every,omitempty"`
	// Mutant names the protocol bugs that the brokers run with.
	Mutant  string      `json:"mutant,omitempty"`
	Clients Clients     `json:"clients"`
	Times   sim.Times   `json:"times"`
	Weather sim.Weather `json:"weather"`
	// Schedule has the faults, the number of nodes, and how long clients work.
	Schedule nemesis.Schedule `json:"schedule"`
	// Plan, unless nil, is what the clients do, in place of what is drawn.
	Plan []workloads.Op `json:"plan,omitzero"`
	// Liveness asks for progress beside faults that stay: while the last step is in
	// force, with all others healed, every partition must acknowledge a write.
	Liveness bool `json:"liveness,omitempty"`
	// Expect is what was seen when the case was written down.
	Expect *Expectation `json:"expect,omitempty"`
}

// Clients are the workers of the workload.
type Clients struct {
	Producers int `json:"producers"`
	Lanes     int `json:"lanes"`
	Consumers int `json:"consumers"`
	Probers   int `json:"probers"`
	// Tenants have topics of their own, which come and go.
	Tenants   int            `json:"tenants,omitempty"`
	Rate      int            `json:"rate"` // sends per second, of all together
	ReadEvery nemesis.Millis `json:"read_every_ms"`
	// Retry is the pause before a producer sends a batch again, and Delivery how long
	// it tries; 0 stands for 100 ms and 5 s.
	Retry    nemesis.Millis `json:"retry_ms,omitempty"`
	Delivery nemesis.Millis `json:"delivery_ms,omitempty"`
}

// Expectation is what a simulation of the case shows.
type Expectation struct {
	// Hash is that of everything that went into the brokers and came out, in
	// hexadecimal; it holds for one build.
	Hash string `json:"hash,omitempty"`
	// Failure is the class of what goes wrong, "" if nothing does.
	Failure string `json:"failure,omitempty"`
}

// Expectation is what to expect of the case from now on.
func (o Outcome) Expectation() *Expectation {
	return &Expectation{Hash: o.HashText(), Failure: o.Failure.Class}
}

// Compare says in one line whether it came as expected.
func (e Expectation) Compare(out Outcome) string {
	was := cmp.Or(e.Failure, "ok")
	switch same := e.Hash == out.HashText(); {
	case e.Failure != out.Failure.Class && same:
		return fmt.Sprintf("%s: the same events are judged otherwise", was)
	case e.Failure != out.Failure.Class:
		return fmt.Sprintf("%s, hash %s: another build, or the case was edited, and it shows something else now", was, e.Hash)
	case e.Hash == "":
		return was + ": as expected"
	case !same:
		return fmt.Sprintf("%s, hash %s: the same verdict, but other events: another build, or the case was edited", was, e.Hash)
	}
	return was + ", and the same events: as expected"
}

// Topic is the topic of every case.
const Topic = "log"

// String says what the case is about, in one line.
func (c Case) String() string {
	parts := []string{fmt.Sprintf("%s: acks=%s min.isr=%d", c.Name, c.Config.Acks, c.Config.MinISR)}
	if c.Config.UncleanElection {
		parts[0] += " unclean"
	}
	if c.Mutant != "" {
		parts[0] += " mutant=" + c.Mutant
	}
	parts = append(parts, fmt.Sprintf("%d replicas on %d brokers", c.Config.ReplicationFactor, c.Nodes()),
		counted(len(c.Schedule.Steps), "fault"))
	if c.Plan != nil {
		parts = append(parts, counted(len(c.Plan), "operation"))
	}
	return strings.Join(append(parts, fmt.Sprintf("seed %d", c.Seed)), ", ")
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Nodes is the number of brokers.
func (c Case) Nodes() int { return c.Schedule.Nodes }

// options are those of its simulation.
func (c Case) options() (sim.Options, error) {
	mutants, err := mutant.Parse(c.Mutant)
	return sim.Options{
		Nodes: c.Nodes(), Seed: c.Seed, Weather: c.Weather, Times: c.Times,
		Flush: broker.FlushPolicy(c.Config.Flush), Mutants: mutants, SnapshotEvery: c.SnapshotEvery,
		FetchBytes: int32(c.FetchBytes), Patience: sim.Patience{Retry: c.Clients.Retry, Delivery: c.Clients.Delivery},
	}, err
}

func (c Case) topic() client.Topic {
	configs := map[string]string{
		"min.insync.replicas":            fmt.Sprint(c.Config.MinISR),
		"unclean.leader.election.enable": fmt.Sprint(c.Config.UncleanElection),
	}
	if c.SegmentBytes > 0 {
		configs["segment.bytes"] = fmt.Sprint(c.SegmentBytes)
	}
	if c.Config.RetentionBytes > 0 {
		configs["retention.bytes"] = fmt.Sprint(c.Config.RetentionBytes)
	}
	return client.Topic{
		Name: Topic, Partitions: c.Partitions, ReplicationFactor: int16(c.Config.ReplicationFactor), Configs: configs,
	}
}

func (c Case) workload() workloads.LogOptions {
	o := workloads.LogDefaults(Topic, c.Partitions, c.Seed)
	o.Producers, o.Lanes, o.Consumers, o.Probers = c.Clients.Producers, c.Clients.Lanes, c.Clients.Consumers, c.Clients.Probers
	o.Rate, o.ReadEvery, o.Plan = c.Clients.Rate, c.Clients.ReadEvery.Duration(), c.Plan
	o.Tenancy = workloads.Tenancy{
		Tenants: c.Clients.Tenants, Brokers: c.Nodes(), Replicas: c.Config.ReplicationFactor, Configs: c.topic().Configs,
	}
	return o
}

// Validate names the first field that cannot be.
func (c Case) Validate() error {
	among := func(field, value string, allowed ...string) error {
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("config: %s is %q, allowed are %s", field, value, strings.Join(allowed, ", "))
		}
		return nil
	}
	if c.Format != Format || c.Version != Version {
		return fmt.Errorf("format %q version %d: allowed is %q version %d", c.Format, c.Version, Format, Version)
	}
	options, err := c.options()
	return cmp.Or(
		err,
		among("acks", c.Config.Acks, "all", "1", "0"),
		among("flush", c.Config.Flush, "never", "interval", "before-ack"),
		c.Schedule.Validate(),
		c.validateNumbers(), // before those who take them over, by other names
		options.Validate(),
		c.workload().Validate(),
	)
}

func (c Case) validateNumbers() error {
	switch rf := c.Config.ReplicationFactor; {
	case rf < 1 || rf > c.Nodes():
		return fmt.Errorf("config: replication_factor is %d, allowed are 1 to %d (nodes)", rf, c.Nodes())
	case c.SnapshotEvery != 0 && (c.SnapshotEvery < 5 || c.SnapshotEvery > math.MaxInt32):
		return fmt.Errorf("snapshot_every is %d, allowed are 0 and 5 to %d", c.SnapshotEvery, math.MaxInt32)
	case c.SegmentBytes != 0 && (c.SegmentBytes < 1024 || c.SegmentBytes > math.MaxInt32):
		return fmt.Errorf("segment_bytes is %d, allowed are 0 and 1024 to %d", c.SegmentBytes, math.MaxInt32)
	case c.Config.RetentionBytes < 0:
		return fmt.Errorf("config: retention_bytes is %d, allowed is 0 and above", c.Config.RetentionBytes)
	case c.FetchBytes < 0 || c.FetchBytes > math.MaxInt32:
		return fmt.Errorf("fetch_bytes is %d, allowed are 0 to %d", c.FetchBytes, math.MaxInt32)
	case c.Config.MinISR < 1:
		return fmt.Errorf("config: min_isr is %d, allowed is 1 and above", c.Config.MinISR)
	case c.Config.Idempotent && c.Config.Acks != "all":
		return fmt.Errorf("config: idempotent is true with acks %q, allowed is acks \"all\"", c.Config.Acks)
	}
	return nil
}
