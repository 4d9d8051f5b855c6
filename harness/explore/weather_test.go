package explore

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// TestWeatherMayLeaveNobodyElseInTheISR: late fetches take the followers out of the
// ISR, and then the leader's disk is lost. It was the last member and leads again,
// empty (KIP-966): nobody promises anything of that, though no other fault is near. In
// good weather a follower takes over, and all is kept and promised.
func TestWeatherMayLeaveNobodyElseInTheISR(t *testing.T) {
	c, err := Load("testdata/weather_empties_the_isr.json")
	require.NoError(t, err)
	out, err := Simulate(c, Look{SecondOpinion: true})
	require.NoError(t, err)
	require.Equal(t, "unseen", out.Failure.Class)
	require.False(t, out.Failure.Promised, out.Result.Promise.Reason)
	require.Contains(t, out.Result.Promise.Reason, "nobody was left to lead it")

	c.Weather.SlowFetch = 0
	out, err = Simulate(c, Look{SecondOpinion: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)
	require.True(t, out.Result.Promise.Durability, out.Result.Promise.Reason)
}

// TestISRsAreSeenWhereDataIsLost: before the loss and after it, of all partitions, those
// of topics that bear one name in turn included; and where nothing is lost, not at all.
func TestISRsAreSeenWhereDataIsLost(t *testing.T) {
	c := calm(1)
	c.Partitions, c.Clients.Tenants = 2, 1
	for _, kind := range []nemesis.Kind{nemesis.Kill, nemesis.Wipe} {
		c.Schedule.Steps = []nemesis.Step{{ID: 1, At: 1000, For: 1900, Fault: nemesis.Fault{Kind: kind, Target: nemesis.Leader}}}
		out, err := Simulate(c, Look{})
		require.NoError(t, err)
		require.Equal(t, Failure{}, out.Failure)
		require.True(t, out.Result.Promise.Durability, out.Result.Promise.Reason)
		before, after, applied := map[string]int{}, map[string]int{}, false
		for _, e := range out.History.Events {
			seen := before
			if applied = applied || e.Fault != nil; applied {
				seen = after
			}
			if e.F == history.ISR {
				topic, life, _ := strings.Cut(e.Topic, "#")
				seen[fmt.Sprintf("%s-%d %t", topic, e.Partition, life != "")]++
			}
		}
		if kind == nemesis.Kill {
			require.Empty(t, before)
			require.Empty(t, after)
			continue
		}
		for _, place := range []string{"log-0 false", "log-1 false"} {
			require.Equal(t, 1, before[place])
			require.Greater(t, after[place], 1)
		}
		require.Positive(t, after["log-tenant-0-0 true"])
	}
}
