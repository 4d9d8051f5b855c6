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
	q.heap = append(q.heap, event{at: q.now + max(d, 0), seq: q.seq, run: run})
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.heap[i].before(q.heap[parent]) {
			break
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

// next lets the next event happen; false if there is none.
func (q *events) next() bool {
	if len(q.heap) == 0 {
		return false
	}
	e := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap[last] = event{} // frees what run holds
	q.heap = q.heap[:last]
	q.sink()
	q.now = e.at
	q.done++
	e.run()
	return true
}

// sink moves the first event down to its place.
func (q *events) sink() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q.heap); child++ {
			if q.heap[child].before(q.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
