package sim

import "time"

// event is something that is going to happen.
type event struct {
	at  time.Duration // since the simulation's start
	seq uint64
	run func()
}

func (e event) before(other event) bool {
	if e.at != other.at {
		return e.at < other.at
	}
	return e.seq < other.seq
}

// events is a heap of what is going to happen, the next first. It is written out
// because it is the innermost loop of a simulation: container/heap would box
// every event.
type events struct {
	now  time.Duration
	seq  uint64
	heap []event
	done uint64 // how many events have happened
}

// after lets run happen d from now; never before now.
func (q *events) after(d time.Duration, run func()) {
	q.seq++
	e := event{at: q.now + max(d, 0), seq: q.seq, run: run}
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = e
}

// next lets the next event happen; false if there is none.
func (q *events) next() bool {
	if len(q.heap) == 0 {
		return false
	}
	first, last := q.heap[0], len(q.heap)-1
	moved := q.heap[last]
	q.heap[last] = event{} // frees what run holds
	q.heap = q.heap[:last]
	if last > 0 {
		q.sink(moved)
	}
	q.now = first.at
	q.done++
	first.run()
	return true
}

// sink puts an event in the place of the first, or of one below it.
func (q *events) sink(e event) {
	i := 0
	for {
		child := 2*i + 1
		if child >= len(q.heap) {
			break
		}
		if other := child + 1; other < len(q.heap) && q.heap[other].before(q.heap[child]) {
			child = other
		}
		if !q.heap[child].before(e) {
			break
		}
		q.heap[i] = q.heap[child]
		i = child
	}
	q.heap[i] = e
}
