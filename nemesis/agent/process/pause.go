package process

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Pauser holds processes stopped. It continues only what it stopped. Not for
// concurrent use.
type Pauser struct {
	table   Table
	stopped map[ID]bool
}

// NewPauser holds nothing yet.
func NewPauser(table Table) *Pauser { return &Pauser{table: table, stopped: map[ID]bool{}} }

// Holds tells whether any process is held stopped.
func (h *Pauser) Holds() bool { return len(h.stopped) > 0 }

// Apply stops all that any of the matches picks and continues the rest of what
// it holds. It reports whether there was anything to do, and returns when every
// thread is in its state. Calling it again stops what was started since, and
// what somebody else continued.
func (h *Pauser) Apply(matches []agent.Match) (changed bool, err error) {
	for { // again, for what was forked between the look and the signal
		wanted, err := h.wanted(matches)
		if err != nil {
			return changed, err
		}
		continued, err := h.resumeExcept(wanted)
		changed = changed || continued
		if err != nil {
			return changed, err
		}
		stopped, err := h.stop(wanted)
		changed = changed || stopped
		if err != nil || !stopped {
			return changed, err
		}
	}
}

func (h *Pauser) wanted(matches []agent.Match) (map[ID]Process, error) {
	wanted := map[ID]Process{}
	if len(matches) == 0 {
		return wanted, nil
	}
	all, err := h.table.List()
	if err != nil {
		return nil, err
	}
	for _, match := range matches {
		for _, p := range Pick(all, match) {
			// A container runtime that is stopped hangs the engine; it becomes what is to
			// be stopped soon enough.
			if !p.Ended() && !p.Starting() {
				wanted[p.ID] = p
			}
		}
	}
	return wanted, nil
}

func (h *Pauser) stop(wanted map[ID]Process) (changed bool, err error) {
	var stopping []Process
	for id, p := range wanted {
		if !onlyStopped([]byte{p.State}) {
			stopping = append(stopping, p)
		}
		h.stopped[id] = true
	}
	if err := signalAll(stopping, syscall.SIGSTOP); err != nil {
		return true, err
	}
	for _, p := range stopping {
		if err := h.table.await(p, "SIGSTOP", onlyStopped); err != nil {
			return true, err
		}
	}
	return len(stopping) > 0, nil
}

func (h *Pauser) resumeExcept(wanted map[ID]Process) (changed bool, err error) {
	for id := range h.stopped {
		if _, held := wanted[id]; held {
			continue
		}
		changed = true
		if err := h.resume(id); err != nil {
			return changed, err
		}
		delete(h.stopped, id)
	}
	return changed, nil
}

func (h *Pauser) resume(id ID) error {
	p, err := h.table.Read(id.PID)
	if gone(err) || err == nil && p.ID != id {
		return nil
	}
	if err != nil {
		return err
	}
	if err := syscall.Kill(id.PID, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("SIGCONT to %d (%s): %w", p.PID, p.Name, err)
	}
	return h.table.await(p, "SIGCONT", noneStopped)
}
