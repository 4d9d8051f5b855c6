package network

import (
	"cmp"
	"container/heap"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// packet is one packet that waits for its verdict.
type packet struct {
	id     uint32 // the kernel's
	source netip.Addr
	bytes  int
	peer   string
	due    time.Time
	order  uint64 // of arrival
}

// line holds packets back until they are due. verdict tells the kernel about a
// packet; it must not block for long, and is called by one goroutine at a time.
type line struct {
	verdict func(id uint32, accept bool)

	mu      sync.Mutex
	shapes  map[netip.Addr]*shape
	peers   map[netip.Addr]string
	waiting waiting
	arrived uint64
	counts  map[string]agent.PeerStats
	wake    chan struct{} // something earlier than expected is due
	stop    chan struct{}
	stopped chan struct{}
}

func newLine(verdict func(id uint32, accept bool)) *line {
	l := &line{
		verdict: verdict,
		shapes:  map[netip.Addr]*shape{},
		peers:   map[netip.Addr]string{},
		counts:  map[string]agent.PeerStats{},
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go l.run()
	return l
}

// shape takes over the links of a state. A link that stays as it was keeps its
// random stream; packets of a link that is healthy again are let go at once.
func (l *line) shape(state agent.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shapes, peers := map[netip.Addr]*shape{}, map[netip.Addr]string{}
	for peer, link := range state.Links {
		if !link.Shaped() || link.Cut {
			continue
		}
		source := netip.MustParseAddr(state.Peers[peer])
		peers[source] = peer
		if old := l.shapes[source]; old != nil && old.link == link {
			shapes[source] = old
			continue
		}
		shapes[source] = newShape(link, state.Seed, peer)
		if old := l.shapes[source]; old != nil {
			shapes[source].latest = old.latest
		}
	}
	l.shapes, l.peers = shapes, peers
	l.releaseHealed()
}

// releaseHealed lets go, as they came, the packets of links that are not shaped
// any more.
func (l *line) releaseHealed() {
	var healed, still waiting
	for _, p := range l.waiting {
		if _, shaped := l.shapes[p.source]; shaped {
			still = append(still, p)
		} else {
			healed = append(healed, p)
		}
	}
	slices.SortFunc(healed, func(a, b packet) int { return cmp.Compare(a.order, b.order) })
	for _, p := range healed {
		l.deliver(p)
	}
	l.waiting = still
	heap.Init(&l.waiting)
}

// arrive decides a packet's fate. One from nobody that is shaped passes: it was
// queued by the rules of a state that has just ended.
func (l *line) arrive(id uint32, source netip.Addr, bytes int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shape := l.shapes[source]
	if shape == nil {
		l.verdict(id, true)
		return
	}
	peer := l.peers[source]
	fate := shape.decide(now)
	counts := l.counts[peer]
	if fate.lost {
		add(&counts.Lost, bytes)
		l.verdict(id, false)
	} else if !fate.due.After(now) {
		l.verdict(id, true)
	} else {
		if fate.overtakes {
			add(&counts.Reordered, bytes)
		}
		l.arrived++
		heap.Push(&l.waiting, packet{id, source, bytes, peer, fate.due, l.arrived})
		if l.waiting[0].id == id {
			l.poke()
		}
	}
	l.counts[peer] = counts
}

func (l *line) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run releases what is due.
func (l *line) run() {
	defer close(l.stopped)
	timer := time.NewTimer(0)
	for {
		if next, any := l.release(time.Now()); any {
			timer.Reset(time.Until(next))
		}
		select {
		case <-timer.C:
		case <-l.wake:
		case <-l.stop:
			return
		}
	}
}

// release lets go what is due and tells when the next packet is.
func (l *line) release(now time.Time) (next time.Time, any bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 {
		if l.waiting[0].due.After(now) {
			return l.waiting[0].due, true
		}
		l.deliver(heap.Pop(&l.waiting).(packet))
	}
	return time.Time{}, false
}

// deliver lets a packet go that was held back.
func (l *line) deliver(p packet) {
	l.verdict(p.id, true)
	counts := l.counts[p.peer]
	add(&counts.Delayed, p.bytes)
	l.counts[p.peer] = counts
}

// stats returns the counts so far, by peer.
func (l *line) stats() map[string]agent.PeerStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := make(map[string]agent.PeerStats, len(l.counts))
	for peer, count := range l.counts {
		counts[peer] = count
	}
	return counts
}

// close lets everything go, also what arrives from now on, and returns when
// nothing waits any more.
func (l *line) close() {
	l.shape(agent.State{})
	close(l.stop)
	<-l.stopped
}

func add(count *agent.Count, bytes int) {
	count.Packets++
	count.Bytes += uint64(bytes)
}

// waiting is a heap by due time; packets due together leave as they came.
type waiting []packet

func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	if w[i].due.Equal(w[j].due) {
		return w[i].order < w[j].order
	}
	return w[i].due.Before(w[j].due)
}
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(p any)   { *w = append(*w, p.(packet)) }
func (w *waiting) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
