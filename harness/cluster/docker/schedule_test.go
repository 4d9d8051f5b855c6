package docker

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/nemesis"
)

type fixedView nemesis.Roles

func (v fixedView) Roles(context.Context) (nemesis.Roles, error) { return nemesis.Roles(v), nil }

func (fixedView) Lead(context.Context, int) error { return errors.New("nobody leads") }

// Every fault of a schedule, as a run plays it, shows that it bit; those that
// the kernel cannot do are left out.
func testSchedule(t *testing.T, c *Cluster) {
	at := nemesis.Millis(0)
	step := func(id int, fault nemesis.Fault) nemesis.Step {
		s := nemesis.Step{ID: id, At: at, For: 600, Fault: fault}
		s.Fault.Target = nemesis.Leader
		if s.Fault.Kind.OnLinks() {
			s.Fault.Shape = nemesis.Isolate
		}
		at += 900
		return s
	}
	// Faults on links come first: who has just been restarted may have no
	// packets yet to be dropped.
	steps := []nemesis.Step{step(1, nemesis.Fault{Kind: nemesis.Partition, Clients: true})}
	if c.Capabilities().Reject.Supported {
		steps = append(steps, step(2, nemesis.Fault{Kind: nemesis.Reset}))
	}
	if c.Capabilities().NFQueue.Supported {
		steps = append(steps,
			step(3, nemesis.Fault{Kind: nemesis.Delay, Delay: 50}),
			step(4, nemesis.Fault{Kind: nemesis.Loss, Loss: 50, Clients: true}),
			step(5, nemesis.Fault{Kind: nemesis.Reorder, Jitter: 200}))
	}
	stop := step(9, nemesis.Fault{Kind: nemesis.Stop})
	stop.For = 8000 // a broker may take its time to end in order
	steps = append(steps,
		step(6, nemesis.Fault{Kind: nemesis.Kill}),
		step(7, nemesis.Fault{Kind: nemesis.Pause}),
		step(8, nemesis.Fault{Kind: nemesis.Wipe}),
		stop)
	schedule := nemesis.Schedule{
		Format: nemesis.Format, Version: nemesis.Version, Nodes: 3, Length: 20000, Steps: steps,
	}
	view := fixedView{Leader: 2, LeaderEpoch: 1, ISR: []int{1, 2, 3}, Replicas: []int{1, 2, 3}, Controller: 1}
	var healed []nemesis.Report
	require.NoError(t, nemesis.Run(limited(t), timeline.Live, schedule, c, view, func(r nemesis.Report) {
		if !r.Begin {
			healed = append(healed, r)
		}
	}))
	require.Len(t, healed, len(schedule.Steps))
	for _, r := range healed {
		require.True(t, *r.Bit, "%s: %v", r.Describe, r.Evidence)
		t.Logf("%s: %v", r.Describe, r.Evidence)
	}
	require.Empty(t, c.Unexpected())
}
