package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// wires is a network and what has arrived, with the time.
type wires struct {
	*network
	time    tasks
	arrived []int
	at      []time.Duration
}

func newWires(seed uint64, w Weather) *wires {
	n := &wires{}
	n.network = newNetwork(&n.time, 3, seed, w)
	return n
}

// note is a message's delivery.
func (n *wires) note(number int) func() {
	return func() {
		n.arrived = append(n.arrived, number)
		n.at = append(n.at, n.time.now)
	}
}

func (n *wires) everything() {
	for n.time.next() {
	}
}

func upTo(count int) []int {
	numbers := make([]int, count)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

var oneToTwo = nemesis.Link{From: 1, To: 2}

func (n *wires) cut(links ...nemesis.Link) {
	state := nemesis.Links{}
	for _, l := range links {
		state[l] = nemesis.LinkState{Cut: true}
	}
	n.set(state)
}

// TestAPipeKeepsItsOrder: whatever its messages go through, jitter, loss, cuts,
// and healing while some are on their way.
func TestAPipeKeepsItsOrder(t *testing.T) {
	for seed := range uint64(40) {
		n := newWires(seed, Weather{Jitter: 20_000, Lost: 5})
		draw := newDice(seed, "test")
		p := &pipe{from: 1, to: 2}
		for i := range 200 {
			n.send(p, 1, 0, n.note(i))
			n.time.happen(draw.upTo(20 * time.Millisecond))
			switch draw.IntN(10) {
			case 0:
				n.cut(oneToTwo)
			case 1, 2:
				n.set(nil)
			case 3:
				n.set(nemesis.Links{oneToTwo: {Jitter: 50, Loss: 10}})
			}
		}
		n.set(nil)
		n.everything()
		require.Equal(t, upTo(200), n.arrived, "seed %d", seed)
		stats := n.stats()[oneToTwo]
		require.Equal(t, int64(200), stats.Bytes)
		require.Positive(t, stats.Held)
		require.Positive(t, stats.Delayed)
		require.Positive(t, stats.Lost)
	}
}

func TestWhatIsSlowIsOvertaken(t *testing.T) {
	n := newWires(1, Weather{Hop: 1000})
	p := &pipe{from: 1, to: 2}
	n.send(p, 1, time.Second, n.note(0))
	n.send(p, 1, 0, n.note(1))
	n.everything()
	require.Equal(t, []int{1, 0}, n.arrived)
	require.Equal(t, []time.Duration{time.Millisecond, time.Second + time.Millisecond}, n.at)
}

func TestACutHoldsWhatArrives(t *testing.T) {
	n := newWires(1, Weather{Hop: 1000})
	there, back := &pipe{from: 1, to: 2}, &pipe{from: 2, to: 1}
	n.send(there, 10, 0, n.note(0)) // on its way when the cut comes
	n.cut(oneToTwo)
	n.send(there, 5, 0, n.note(1))
	n.send(back, 7, 0, n.note(2))
	n.time.happen(time.Minute)
	require.Equal(t, []int{2}, n.arrived, "a cut has a direction")
	require.Equal(t, nemesis.LinkStats{Held: 15}, n.stats()[oneToTwo])
	require.Equal(t, nemesis.LinkStats{Bytes: 7}, n.stats()[nemesis.Link{From: 2, To: 1}])

	n.cut(oneToTwo, nemesis.Link{From: 1, To: 3})
	n.everything()
	require.Len(t, n.arrived, 1, "another fault does not heal the first")

	n.set(nil)
	n.everything()
	require.Equal(t, []int{2, 0, 1}, n.arrived)
	require.Equal(t, nemesis.LinkStats{Held: 15, Bytes: 15}, n.stats()[oneToTwo])
}

// TestACutThatComesBackHoldsStill what the one before has held.
func TestACutThatComesBackHoldsStill(t *testing.T) {
	n := newWires(1, Weather{Hop: 1000})
	n.cut(oneToTwo)
	p := &pipe{from: 1, to: 2}
	n.send(p, 1, 0, n.note(0))
	n.everything()
	n.set(nil)
	n.cut(oneToTwo)
	n.everything()
	require.Empty(t, n.arrived)
	n.set(nil)
	n.everything()
	require.Equal(t, []int{0}, n.arrived)
}

// TestNothingOvertakesWhatWasHeld: neither what is on its way when the link heals
// nor what is sent then.
func TestNothingOvertakesWhatWasHeld(t *testing.T) {
	n := newWires(1, Weather{Hop: 1000})
	p := &pipe{from: 1, to: 2}
	n.cut(oneToTwo)
	n.send(p, 1, 0, n.note(0))
	n.time.happen(10 * time.Millisecond)
	n.send(p, 1, 0, n.note(1))
	n.time.happen(500 * time.Microsecond)
	n.set(nil)
	n.send(p, 1, 0, n.note(2))
	n.everything()
	require.Equal(t, upTo(3), n.arrived)
}

func TestLinkStates(t *testing.T) {
	const hop = time.Millisecond
	for _, c := range []struct {
		name        string
		state       nemesis.LinkState
		least, most time.Duration // of a message's way
		stats       nemesis.LinkStats
	}{
		{"healthy", nemesis.LinkState{}, hop, hop, nemesis.LinkStats{Bytes: 300}},
		{"delay", nemesis.LinkState{Delay: 30}, 31 * hop, 31 * hop, nemesis.LinkStats{Bytes: 300, Delayed: 300}},
		{"jitter", nemesis.LinkState{Jitter: 30}, hop, 31 * hop, nemesis.LinkStats{Bytes: 300, Delayed: 300}},
		{"loss", nemesis.LinkState{Loss: 100}, resendAfter + hop, resendAfter + hop, nemesis.LinkStats{Bytes: 300, Lost: 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newWires(1, Weather{Hop: hop.Microseconds()})
			n.set(nemesis.Links{oneToTwo: c.state})
			for i := range 100 {
				n.send(&pipe{from: 1, to: 2}, 3, 0, n.note(i))
			}
			n.send(&pipe{from: 2, to: 3}, 3, 0, func() { require.Equal(t, hop, n.time.now, "another link is healthy") })
			n.everything()
			require.Len(t, n.at, 100)
			require.GreaterOrEqual(t, n.at[0], c.least)
			require.LessOrEqual(t, n.at[99], c.most)
			require.Equal(t, c.least != c.most, n.at[99] > n.at[0])
			require.Equal(t, c.stats, n.stats()[oneToTwo])
		})
	}
}

func TestDatagrams(t *testing.T) {
	for _, c := range []struct {
		name    string
		weather Weather
		state   nemesis.LinkState
		want    int // how many times each comes
	}{
		{"as they are", Weather{}, nemesis.LinkState{}, 1},
		{"lost by the weather", Weather{Lost: 1000}, nemesis.LinkState{}, 0},
		{"lost by the link", Weather{}, nemesis.LinkState{Loss: 100}, 0},
		{"twice", Weather{Twice: 1000, SlowFor: 10}, nemesis.LinkState{}, 2},
		{"the second one alone", Weather{Twice: 1000, Lost: 1000}, nemesis.LinkState{}, 1},
		{"held by a cut", Weather{}, nemesis.LinkState{Cut: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newWires(1, c.weather)
			n.set(nemesis.Links{oneToTwo: c.state})
			count := make([]int, 50)
			for i := range count {
				n.datagram(1, 2, 1, func() { count[i]++ })
			}
			n.everything()
			for _, times := range count {
				require.Equal(t, c.want, times)
			}
			if c.state.Loss > 0 {
				require.Equal(t, int64(50), n.stats()[oneToTwo].Lost)
			}
		})
	}
}

func TestDatagramsOvertake(t *testing.T) {
	n := newWires(1, Weather{SlowRaft: 500, SlowFor: 100})
	for i := range 50 {
		n.datagram(1, 2, 1, n.note(i))
	}
	n.everything()
	require.Len(t, n.arrived, 50)
	require.False(t, slices.IsSorted(n.arrived))
	require.LessOrEqual(t, n.at[49], 100*time.Millisecond+defaultHop)
}
