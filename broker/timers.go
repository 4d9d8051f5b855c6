package broker

import (
	"container/heap"
	"time"
)

// timers runs functions at their times, in the order of (time, scheduling).
type timers struct {
	queue timerQueue
	count uint64
}

type timer struct {
	at    time.Duration
	seq   uint64
	run   func()
	index int // in the queue; -1 once it is out of it
}

func (t *timers) schedule(at time.Duration, run func()) *timer {
	t.count++
	entry := &timer{at: at, seq: t.count, run: run}
	heap.Push(&t.queue, entry)
	return entry
}

// cancel takes a timer back; it may have fired, or be nil.
func (t *timers) cancel(entry *timer) {
	if entry != nil && entry.index >= 0 {
		heap.Remove(&t.queue, entry.index)
	}
}

func (t *timers) next() (time.Duration, bool) {
	if len(t.queue) == 0 {
		return 0, false
	}
	return t.queue[0].at, true
}

// fire runs what is due. What it schedules for now waits for the next call, so
// that a timer which renews itself cannot spin.
func (t *timers) fire(now time.Duration) {
	last := t.count
	for len(t.queue) > 0 && t.queue[0].at <= now && t.queue[0].seq <= last {
		heap.Pop(&t.queue).(*timer).run()
	}
}

type timerQueue []*timer

func (q timerQueue) Len() int { return len(q) }
func (q timerQueue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *timerQueue) Push(x any) {
	entry := x.(*timer)
	entry.index = len(*q)
	*q = append(*q, entry)
}
func (q *timerQueue) Pop() any {
	last := len(*q) - 1
	entry := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	entry.index = -1
	return entry
}
