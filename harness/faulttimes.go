package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/nemesis"
)

// FaultTime is one fault, measured on one cluster.
type FaultTime struct {
	Fault string
	// Evidence is what was read back in the last round.
	Evidence string
	// Apply and Heal are medians: from asking until the fault was in force, or
	// over, and that was read back.
	Apply, Heal time.Duration
	// Cannot says why the machine cannot have it; nothing was measured then.
	Cannot string
}

// measuredFaults are those of which the times are told, each with the names of
// its evidence. They hit a follower, so that the cluster works on.
var measuredFaults = []struct {
	name     string
	fault    nemesis.Fault
	evidence []string
}{
	{"partition, isolate", nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Isolate}, []string{"held_bytes"}},
	{"partition, one-way-in", nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.OneWayIn}, []string{"held_bytes"}},
	{"delay, 100 ms", nemesis.Fault{Kind: nemesis.Delay, Shape: nemesis.Isolate, Delay: 100}, []string{"delayed_bytes"}},
	{"loss, half of the packets", nemesis.Fault{Kind: nemesis.Loss, Shape: nemesis.Isolate, Loss: 50}, []string{"lost_packets"}},
	{"reset", nemesis.Fault{Kind: nemesis.Reset, Shape: nemesis.Isolate}, []string{"resets"}},
	{"reorder, by 200 ms", nemesis.Fault{Kind: nemesis.Reorder, Shape: nemesis.Isolate, Jitter: 200}, []string{"reordered_packets"}},
	{"pause", nemesis.Fault{Kind: nemesis.Pause}, []string{"state"}},
	{"kill", nemesis.Fault{Kind: nemesis.Kill}, []string{"state", "restarted"}},
	{"stop", nemesis.Fault{Kind: nemesis.Stop}, []string{"stopped", "restarted"}},
	{"wipe", nemesis.Fault{Kind: nemesis.Wipe}, []string{"state", "data_bytes"}},
	{"elect", nemesis.Fault{Kind: nemesis.Elect}, []string{"leader"}},
	{"clock, one step", nemesis.Fault{Kind: nemesis.SkewClock, Clock: nemesis.Clock{Offset: 3_600_000}}, []string{"clock", "host_clock_moved"}},
	{"clock, at rate 2", nemesis.Fault{Kind: nemesis.SkewClock, Clock: nemesis.Clock{Rate: 2}}, []string{"clock", "host_clock_moved"}},
	{"clock, strobe", nemesis.Fault{Kind: nemesis.SkewClock, Clock: nemesis.Clock{Offset: 3_600_000, StrobePeriod: 20}}, []string{"clock", "host_clock_moved"}},
}

// inForceFor is long enough for a follower to miss some answers, and too short
// for its session to end.
const inForceFor = 400 * time.Millisecond

// wholeLimit bounds the recovery from one fault, endLimit the end of a broker that was
// asked to stop, and endEvery is how often that is looked for.
const (
	wholeLimit = 30 * time.Second
	endLimit   = 30 * time.Second
	endEvery   = time.Millisecond
)

// MeasureFaults makes a cluster as c says, in the folder dir, and measures each
// fault that rounds times. tell, if set, hears of every measurement.
func MeasureFaults(ctx context.Context, c Config, dir string, rounds int, tell func(FaultTime)) (times []FaultTime, err error) {
	brokers, err := making{
		kind: c.Cluster, dir: dir, nodes: c.Nodes, broker: c.Broker, agent: c.Agent, properties: c.brokerProperties(),
	}.make(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, brokers.Stop()) }()
	if err := brokers.Start(ctx); err != nil {
		return nil, err
	}
	admin, err := client.NewAdmin(client.Settings{Bootstrap: brokers.Bootstrap(), Name: "ackproof"})
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	if err := admin.MakeTopic(ctx, c.topic()); err != nil {
		return nil, err
	}
	hand := nemesis.NewHand(brokers, client.View{Admin: admin, Topic: Topic, Partition: 0})
	for _, m := range measuredFaults {
		one := FaultTime{Fault: m.name, Cannot: c.Machine.Cannot[m.fault.Kind]}
		var apply, heal []time.Duration
		for round := 0; round < rounds && one.Cannot == ""; round++ {
			m.fault.Target = nemesis.Follower
			one.Evidence, one.Apply, one.Heal, err = measureFault(ctx, brokers, hand, m.fault, m.evidence)
			if err == nil {
				err = awaitWhole(ctx, admin, c.topic())
			}
			if err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", m.name, round+1, err)
			}
			apply, heal = append(apply, one.Apply), append(heal, one.Heal)
		}
		one.Apply, one.Heal = median(apply), median(heal)
		times = append(times, one)
		if tell != nil {
			tell(one)
		}
	}
	return times, nil
}

func awaitWhole(ctx context.Context, admin *client.Admin, topic client.Topic) error {
	ctx, cancel := context.WithTimeout(ctx, wholeLimit)
	defer cancel()
	return admin.AwaitWhole(ctx, topic)
}

// measureFault applies a fault and heals it. One that shows no effect is an
// error: its times would be those of nothing.
func measureFault(ctx context.Context, brokers nemesis.Cluster, hand *nemesis.Hand, f nemesis.Fault, names []string) (evidence string, apply, heal time.Duration, err error) {
	began := time.Now()
	begun, err := hand.Apply(ctx, f)
	if err != nil {
		return "", 0, 0, err
	}
	if f.Kind == nemesis.Stop { // which is asked for, and in force when the broker has ended
		if err := awaitEnds(ctx, brokers, begun.Nodes); err != nil {
			return "", 0, 0, err
		}
	}
	apply = time.Since(began)
	timeline.Live.Sleep(ctx, inForceFor)
	began = time.Now()
	healed, err := hand.Heal(ctx, begun.Step)
	if err != nil {
		return "", 0, 0, err
	}
	heal = time.Since(began)
	report := healed[0]
	if !*report.Bit {
		return "", 0, 0, fmt.Errorf("%s had no effect: %v", report.Describe, report.Evidence)
	}
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %s", name, report.Evidence[name]))
	}
	return strings.Join(parts, "; "), apply, heal, nil
}

// awaitEnds returns when none of the nodes' processes runs any more.
func awaitEnds(ctx context.Context, brokers nemesis.Cluster, nodes []int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, endLimit, fmt.Errorf("not ended within %v", endLimit))
	defer cancel()
	for _, node := range nodes {
		for {
			state, err := brokers.Running(node)
			if err != nil {
				return err
			}
			if state == nemesis.StateDead {
				break
			}
			if !timeline.Live.Sleep(ctx, endEvery) {
				return fmt.Errorf("node %d: %w", node, context.Cause(ctx))
			}
		}
	}
	return nil
}

// median is the middle one, or 0 of none.
func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(of))[len(of)/2]
}
