package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// TestProfilesAreFair: nothing is drawn together of which the broker cannot help
// the outcome.
func TestProfilesAreFair(t *testing.T) {
	slow, tenants := 0, 0
	for seed := range uint64(600) {
		p := drawProfile(seed, Bounds{})
		w := p.weather
		require.GreaterOrEqual(t, p.times.Lag, p.times.FetchWait+soon)
		if p.liveness {
			require.GreaterOrEqual(t, p.times.Lag, 2*p.times.Request+p.times.Session+fencing)
			require.Zero(t, p.fetch)
			require.Less(t, p.times.Lag*3/2, nemesis.Millis(settles.Milliseconds()), "a follower that is gone leaves the ISR within that time")
		}
		if w.Sync > quickSync {
			slow++
			require.GreaterOrEqual(t, p.times.Lag, easyLag)
			require.Zero(t, p.fetch)
		}
		if p.clients.Tenants > 0 {
			tenants++
			require.Zero(t, w.StalledSend+w.BrokenSend)
		}
	}
	require.Greater(t, min(slow, tenants), 10)
}
