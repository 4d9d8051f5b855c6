package process

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/nemesis/agent"
)

const (
	// settleLimit is how long a signal may take to show: a thread in an
	// uninterruptible disk wait stops or dies when that wait ends.
	settleLimit = 5 * time.Second
	settlePoll  = 100 * time.Microsecond
)

// Kill ends what the match picks and returns the pids when all of them have
// ended. Picking nothing is not an error.
func (t Table) Kill(match agent.Match) ([]int, error) {
	var pids []int
	for { // again, for what was forked between the look and the signal
		victims, err := t.alive(match)
		if err != nil || len(victims) == 0 {
			return pids, err
		}
		if err := signalAll(victims, syscall.SIGKILL); err != nil {
			return pids, err
		}
		for _, victim := range victims {
			if err := t.await(victim, "SIGKILL", onlyEnded); err != nil {
				return pids, err
			}
			pids = append(pids, victim.PID)
		}
	}
}

func (t Table) alive(match agent.Match) ([]Process, error) {
	all, err := t.List()
	if err != nil {
		return nil, err
	}
	var alive []Process
	for _, p := range Pick(all, match) {
		states, err := t.threadStates(p.PID)
		if err != nil {
			return nil, err
		}
		if !onlyEnded(states) {
			alive = append(alive, p)
		}
	}
	return alive, nil
}

func signalAll(processes []Process, signal syscall.Signal) error {
	for _, p := range processes {
		if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%v to %d (%s): %w", signal, p.PID, p.Name, err)
		}
	}
	return nil
}

// await returns when the states of the process's threads are the wanted ones,
// or the process is gone.
func (t Table) await(p Process, cause string, wanted func([]byte) bool) error {
	for deadline := time.Now().Add(settleLimit); ; time.Sleep(settlePoll) {
		states, err := t.threadStates(p.PID)
		if err != nil {
			return err
		}
		if onlyEnded(states) || wanted(states) || t.replaced(p) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d (%s): threads in states %s %v after %s", p.PID, p.Name, states, settleLimit, cause)
		}
	}
}

// replaced tells whether the pid belongs to another process by now.
func (t Table) replaced(p Process) bool {
	now, err := t.Read(p.PID)
	return err == nil && now.ID != p.ID
}

// onlyEnded looks at all threads: a leader that left its other threads behind
// is a zombie as well.
func onlyEnded(states []byte) bool { return only(states, "ZX") }

// onlyStopped counts a stop by a tracer too: who traces stops first.
func onlyStopped(states []byte) bool { return only(states, "TtZX") }

func noneStopped(states []byte) bool { return bytes.IndexByte(states, 'T') < 0 }

func only(states []byte, allowed string) bool {
	for _, state := range states {
		if strings.IndexByte(allowed, state) < 0 {
			return false
		}
	}
	return true
}
