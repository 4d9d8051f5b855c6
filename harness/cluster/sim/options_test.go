package sim

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestTimesNameWhatCannotBe(t *testing.T) {
	require.NoError(t, DefaultTimes().Validate())
	for _, c := range []struct {
		name  string
		field func(*Times) *nemesis.Millis
	}{
		{"session_ms", func(t *Times) *nemesis.Millis { return &t.Session }},
		{"heartbeat_ms", func(t *Times) *nemesis.Millis { return &t.Heartbeat }},
		{"lag_ms", func(t *Times) *nemesis.Millis { return &t.Lag }},
		{"fetch_wait_ms", func(t *Times) *nemesis.Millis { return &t.FetchWait }},
		{"fetch_backoff_ms", func(t *Times) *nemesis.Millis { return &t.FetchBackoff }},
		{"request_ms", func(t *Times) *nemesis.Millis { return &t.Request }},
		{"raft_tick_ms", func(t *Times) *nemesis.Millis { return &t.RaftTick }},
		{"checkpoint_ms", func(t *Times) *nemesis.Millis { return &t.Checkpoint }},
	} {
		t.Run(c.name, func(t *testing.T) {
			times := DefaultTimes()
			times.Lag, times.FetchWait = 600_000, 1
			for _, good := range []nemesis.Millis{1, 600_000} {
				*c.field(&times) = good
				require.NoError(t, times.Validate())
			}
			for _, bad := range []nemesis.Millis{-1, 0, 600_001} {
				*c.field(&times) = bad
				require.EqualError(t, times.Validate(), fmt.Sprintf("times: %s is %d, allowed are 1 to 600000", c.name, bad))
			}
		})
	}
}

func TestOptionsNameWhatCannotBe(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.Nodes = 0 }, "sim: nodes is 0, allowed are 1 to 9"},
		{func(o *Options) { o.Nodes = 10 }, "sim: nodes is 10, allowed are 1 to 9"},
		{func(o *Options) { o.SnapshotEvery = -1 }, "sim: snapshot_every is -1, allowed are 0 or more"},
		{func(o *Options) { o.Weather.Lost = -1 }, "weather: lost_per_mille is -1, allowed are 0 to 500"},
		{func(o *Options) { o.Times.Lag = 0 }, "times: lag_ms is 0, allowed are 1 to 600000"},
		{func(o *Options) { o.Times.Lag, o.Times.FetchWait = 159, 300 }, "times: lag_ms is 159, allowed are 300 (fetch_wait_ms) or more"},
		{func(o *Options) { o.Times.Retention = -1 }, "times: retention_ms is -1, allowed are 0 to 600000"},
		{func(o *Options) { o.Times.Recovery = 600_001 }, "times: recovery_checkpoint_ms is 600001, allowed are 0 to 600000"},
		{func(o *Options) { o.Weather.Lost, o.Times = -1, Times{} }, "weather: lost_per_mille is -1, allowed are 0 to 500"},
	} {
		o := options(3, 1)
		require.NoError(t, o.Validate())
		c.change(&o)
		_, err := New(o)
		require.EqualError(t, err, c.want)
	}
}
