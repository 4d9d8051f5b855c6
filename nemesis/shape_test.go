package nemesis

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// pairs turns "from, to" pairs into cut links.
func pairs(ends ...Endpoint) Links {
	links := Links{}
	for i := 0; i < len(ends); i += 2 {
		links[Link{From: ends[i], To: ends[i+1]}] = LinkState{Cut: true}
	}
	return links
}

func TestPartitionsCutLinks(t *testing.T) {
	tests := map[string]struct {
		shape     Shape
		clients   bool
		target, n int
		want      Links
	}{
		"isolate":                  {Isolate, false, 2, 3, pairs(2, 1, 1, 2, 2, 3, 3, 2)},
		"isolate from clients too": {Isolate, true, 2, 3, pairs(2, 1, 1, 2, 2, 3, 3, 2, 0, 2, 2, 0)},
		"pair":                     {Pair, false, 2, 3, pairs(2, 3, 3, 2)},
		"pair, the last":           {Pair, true, 3, 3, pairs(3, 1, 1, 3, 0, 3, 3, 0)},
		"one way in":               {OneWayIn, false, 2, 3, pairs(1, 2, 3, 2)},
		"one way in, clients":      {OneWayIn, true, 2, 3, pairs(1, 2, 3, 2, 0, 2)},
		"one way out":              {OneWayOut, false, 2, 3, pairs(2, 1, 2, 3)},
		"one way out, clients":     {OneWayOut, true, 2, 3, pairs(2, 1, 2, 3, 2, 0)},
		"halves of two":            {Halves, false, 1, 2, pairs(1, 2, 2, 1)},
		"halves of three":          {Halves, false, 3, 3, pairs(3, 1, 1, 3, 3, 2, 2, 3)},
		"halves of five": {Halves, false, 5, 5, pairs( // 5, 1 | 2, 3, 4
			5, 2, 2, 5, 5, 3, 3, 5, 5, 4, 4, 5, 1, 2, 2, 1, 1, 3, 3, 1, 1, 4, 4, 1)},
		"halves of five, clients": {Halves, true, 5, 5, pairs(
			5, 2, 2, 5, 5, 3, 3, 5, 5, 4, 4, 5, 1, 2, 2, 1, 1, 3, 3, 1, 1, 4, 4, 1,
			0, 5, 5, 0, 0, 1, 1, 0)},
		"ring": {Ring, false, 1, 5, pairs( // 1-2-3-4-5-1
			1, 3, 3, 1, 1, 4, 4, 1, 2, 4, 4, 2, 2, 5, 5, 2, 3, 5, 5, 3)},
		"bridge": {Bridge, false, 3, 5, pairs( // 4, 5 | 3 | 1, 2
			4, 1, 1, 4, 4, 2, 2, 4, 5, 1, 1, 5, 5, 2, 2, 5)},
		"bridge, clients": {Bridge, true, 3, 5, pairs(
			4, 1, 1, 4, 4, 2, 2, 4, 5, 1, 1, 5, 5, 2, 2, 5, 0, 3, 3, 0)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := Fault{Kind: Partition, Shape: test.shape, Target: Node(test.target), Clients: test.clients}
			require.NoError(t, f.validate(test.n))
			require.Equal(t, test.want, badLinks(f, test.target, test.n))
		})
	}
}

// Faults that cut nothing act on the same links, but for what goes to clients.
func TestBadLinks(t *testing.T) {
	slow := Fault{Kind: Delay, Target: Node(2), Shape: OneWayIn, Delay: 100, Jitter: 50}
	state := LinkState{Delay: 100, Jitter: 50}
	require.Equal(t, Links{{From: 1, To: 2}: state, {From: 3, To: 2}: state}, badLinks(slow, 2, 3))
	slow.Clients, slow.Shape = true, Isolate
	require.Equal(t, Links{
		{From: 1, To: 2}: state, {From: 3, To: 2}: state, {From: 2, To: 1}: state, {From: 2, To: 3}: state,
		{From: Clients, To: 2}: state,
	}, badLinks(slow, 2, 3))
	for want, f := range map[LinkState]Fault{
		{Loss: 30}:                  {Kind: Loss, Loss: 30},
		{Reset: true}:               {Kind: Reset},
		{Reorder: true, Jitter: 20}: {Kind: Reorder, Jitter: 20},
	} {
		f.Shape = OneWayOut
		require.Equal(t, Links{{From: 1, To: 2}: want}, badLinks(f, 1, 2))
	}
}

func TestLinksOfSeveralFaults(t *testing.T) {
	link := Link{From: 1, To: 2}
	links := Links{link: {Delay: 100, Loss: 5}}
	merge(links, Links{link: {Delay: 50, Jitter: 10, Loss: 20, Reset: true}})
	merge(links, Links{link: {Cut: true, Jitter: 5, Reorder: true}})
	require.Equal(t, Links{link: {Cut: true, Reset: true, Delay: 100, Jitter: 10, Reorder: true, Loss: 20}}, links)
}

// A fault with a peer acts on the links between the two, whichever shape it has.
func TestAPeerHasBadLinksAlone(t *testing.T) {
	for shape, want := range map[Shape]string{Isolate: "2s links 2 cut", OneWayIn: "2s links 1 cut"} {
		synctest.Test(t, func(t *testing.T) {
			c := newFakeCluster(3)
			reports := play(t, c, steady(threeNodes), schedule(t, 3,
				step(1, 2, 1, Fault{Kind: Partition, Shape: shape, Target: Node(1), Peer: Leader})))
			require.Equal(t, want, c.did()[0])
			require.Equal(t, string(shape)+" node:1 (1) with leader", reports[0].Describe)
		})
	}
}

func TestNobodyIsItsOwnPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		requireBit(t, play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 2, 1, Fault{Kind: Partition, Shape: Isolate, Target: Leader, Peer: Leader}))), false)
		require.Equal(t, "2s links 0 cut", c.did()[0])
	})
}

func TestWhoHasAPeer(t *testing.T) {
	for want, f := range map[string]Fault{
		`peer "leader": allowed in faults of links only, not in a kill`:                                        {Kind: Kill, Target: Node(1), Peer: Leader},
		`peer "leader": allowed with the shapes isolate, one-way-in, one-way-out only, not with pair`:          {Kind: Partition, Target: Node(1), Shape: Pair, Peer: Leader},
		`clients true: a peer's links are no client's, allowed with a peer is false`:                           {Kind: Partition, Target: Node(1), Shape: Isolate, Peer: Leader, Clients: true},
		`peer: target "king": allowed are leader, controller, follower, replica, followers, laggard, last-isr`: {Kind: Partition, Target: Node(1), Shape: Isolate, Peer: "king"},
	} {
		require.ErrorContains(t, f.validate(3), want)
	}
}
