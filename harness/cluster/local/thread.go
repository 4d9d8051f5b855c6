package local

import "runtime"

// thread is an OS thread that runs one call after the other. Linux sends the
// parent death signal when the thread that started a child ends, not when the
// process does: so children are started on a thread that lives as long as the
// cluster, not on whichever the Go scheduler happens to end next.
type thread struct {
	calls chan func()
	ended chan struct{}
}

func newThread() *thread {
	t := &thread{calls: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		runtime.LockOSThread() // and never unlock: the thread ends with us
		for call := range t.calls {
			call()
		}
	}()
	return t
}

// do runs the call on the thread and waits for it.
func (t *thread) do(call func()) {
	done := make(chan struct{})
	t.calls <- func() {
		defer close(done)
		call()
	}
	<-done
}

// stop ends the thread; what it started must have ended before.
func (t *thread) stop() {
	close(t.calls)
	<-t.ended
}
