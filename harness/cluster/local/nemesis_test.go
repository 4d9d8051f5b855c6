package local

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/nemesis"
)

type fixedView nemesis.Roles

func (v fixedView) Roles(context.Context) (nemesis.Roles, error) { return nemesis.Roles(v), nil }

func (fixedView) Lead(context.Context, int) error { return errors.New("nobody leads") }

// chatter sends to a node over and over, on a new connection each time.
func chatter(ctx context.Context, address string) {
	var dialer net.Dialer
	for ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		io.WriteString(conn, "hello")
		io.ReadFull(conn, make([]byte, 5)) // how it ends is the fault's business
		stop()
		conn.Close()
	}
}

func TestEveryFaultBitesRealProcesses(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 3})
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	require.NoError(t, c.Start(ctx))
	go chatter(ctx, c.Bootstrap()[1])

	leader := nemesis.Fault{Target: nemesis.Leader}
	with := func(id int, at nemesis.Millis, kind nemesis.Kind) nemesis.Step {
		fault := leader
		fault.Kind = kind
		if kind.OnLinks() {
			fault.Shape, fault.Clients = nemesis.Isolate, true
		}
		if kind == nemesis.Delay {
			fault.Delay, fault.Jitter = 20, 20
		}
		return nemesis.Step{ID: id, At: at, For: 300, Fault: fault}
	}
	schedule := nemesis.Schedule{
		Format: nemesis.Format, Version: nemesis.Version, Nodes: 3, Length: 4000,
		Steps: []nemesis.Step{
			with(1, 0, nemesis.Partition), with(2, 600, nemesis.Kill),
			with(3, 1200, nemesis.Pause), with(4, 1800, nemesis.Wipe),
			with(5, 2400, nemesis.Delay), with(6, 3000, nemesis.Reset),
		},
	}
	view := fixedView{Leader: 2, LeaderEpoch: 1, ISR: []int{1, 2, 3}, Replicas: []int{1, 2, 3}, Controller: 1}
	var healed []nemesis.Report
	require.NoError(t, nemesis.Run(ctx, timeline.Live, schedule, c, view, func(r nemesis.Report) {
		if !r.Begin {
			healed = append(healed, r)
		}
	}))
	require.Len(t, healed, len(schedule.Steps))
	for _, r := range healed {
		require.True(t, *r.Bit, "%s: %v", r.Describe, r.Evidence)
	}
	require.NoError(t, c.WaitHealthy(ctx))
	require.Empty(t, c.Unexpected())
}
