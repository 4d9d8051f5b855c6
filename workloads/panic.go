package workloads

import (
	"fmt"
	"runtime/debug"
)

// Panic is a worker's panic as an error. Nobody above a goroutine can catch
// one that ends it, and a process that dies of it stops no brokers.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("workload: panic: %v", p.Value) }

// Guard runs work and returns its panic, if it panics.
func Guard(work func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	work()
	return nil
}
