package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEventsHappenInOrder: by time, then in the order in which they were put
// there, also by other events; and none before it was put there.
func TestEventsHappenInOrder(t *testing.T) {
	for seed := range uint64(50) {
		draw := newDice(seed, "test")
		var (
			q             events
			put, happened []event
			add           func()
		)
		add = func() {
			d := time.Duration(draw.IntN(25) - 5)
			e := event{at: max(q.now, q.now+d), seq: uint64(len(put) + 1)}
			put = append(put, e)
			q.after(d, func() {
				require.Equal(t, e.at, q.now)
				happened = append(happened, e)
				for len(put) < 300 && draw.IntN(3) > 0 {
					add()
				}
			})
		}
		for range 100 {
			add()
		}
		for q.next() {
			require.Equal(t, uint64(len(happened)), q.done)
		}
		slices.SortFunc(put, func(a, b event) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		require.Equal(t, put, happened)
		require.Greater(t, len(put), 150)
		require.False(t, q.next(), "nothing is left")
	}
}
