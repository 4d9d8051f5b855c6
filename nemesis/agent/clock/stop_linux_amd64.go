package clock

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stopLimit is how long a thread may take to stop: one in an uninterruptible
	// disk wait stops after it.
	stopLimit = time.Second
	stopPoll  = 20 * time.Microsecond
	// pausedLimit is how long one may take back to where it was.
	pausedLimit = 100 * time.Millisecond
	// stopRounds bounds how often threads are looked for: those already stopped
	// start no others.
	stopRounds = 20
)

// whileStopped stops all threads of a process, calls do with where each of them
// is, and lets them go on. It traces rather than sends SIGSTOP: that would be
// seen by the process's parent, would start what somebody else has stopped, and
// is ignored by PID 1 of our own namespace.
func whileStopped(pid int, do func(at []uint64) error) (err error) {
	// The kernel knows a thread, not a process, as tracer.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := stopped{pid: pid, threads: map[int]stop{}}
	defer func() { err = errors.Join(err, s.release()) }()
	if err := s.stopAll(); err != nil {
		return err
	}
	at, err := s.positions()
	if err != nil {
		return err
	}
	return do(at)
}

// stopped is the threads that are.
type stopped struct {
	pid     int
	threads map[int]stop
}

// stop is how a thread was met.
type stop struct {
	signal int  // on its way to it; 0 for none
	paused bool // it was stopped already
}

func (s *stopped) stopAll() error {
	for range stopRounds {
		threads, err := s.list()
		if err != nil {
			return err
		}
		fresh := false
		for _, thread := range threads {
			if _, done := s.threads[thread]; done {
				continue
			}
			fresh = true
			if err := s.stop(thread); err != nil {
				return fmt.Errorf("stop thread %d: %w", thread, err)
			}
		}
		if !fresh {
			if len(s.threads) == 0 {
				return ErrGone
			}
			return nil
		}
	}
	return fmt.Errorf("new threads appear faster than they can be stopped")
}

func (s *stopped) list() ([]int, error) {
	entries, err := os.ReadDir(procPath(s.pid, "task"))
	if err != nil {
		return nil, openError(err)
	}
	threads := make([]int, 0, len(entries))
	for _, entry := range entries {
		thread, err := strconv.Atoi(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("thread %q: %w", entry.Name(), err)
		}
		threads = append(threads, thread)
	}
	return threads, nil
}

func (s *stopped) stop(thread int) error {
	err := unix.PtraceSeize(thread)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EPERM) && s.ended(thread) {
		return nil
	}
	if err != nil {
		return traceError(err)
	}
	s.threads[thread] = stop{}
	if err := unix.PtraceInterrupt(thread); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	status, ended, err := waitStop(thread, stopLimit)
	if err != nil {
		return err
	}
	if ended {
		delete(s.threads, thread)
		return nil
	}
	s.threads[thread] = stop{signal: onItsWay(status), paused: isPause(status)}
	return nil
}

// ended tells whether a thread is but waiting to be reaped: a process's first
// thread may end long before the others.
func (s *stopped) ended(thread int) bool {
	state := s.state(thread)
	return state == 'Z' || state == 'X'
}

// state is the thread's, as in proc(5); X if it is gone.
func (s *stopped) state(thread int) byte {
	stat, err := os.ReadFile(procPath(s.pid, "task/"+strconv.Itoa(thread)+"/stat"))
	behindName := bytes.LastIndexByte(stat, ')') + 2
	if err != nil || behindName >= len(stat) {
		return 'X'
	}
	return stat[behindName]
}

func traceError(err error) error {
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("tracing needs CAP_SYS_PTRACE, and nobody else tracing it: %w", err)
	}
	return err
}

// waitStop waits until a thread stops or ends. Somebody else, who reaps for PID
// 1, may have taken its end.
func waitStop(thread int, limit time.Duration) (status unix.WaitStatus, ended bool, err error) {
	for deadline := time.Now().Add(limit); ; time.Sleep(stopPoll) {
		got, err := unix.Wait4(thread, &status, unix.WALL|unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			return 0, true, nil
		case err != nil:
			return 0, false, fmt.Errorf("wait: %w", err)
		case got == thread:
			return status, status.Exited() || status.Signaled(), nil
		case time.Now().After(deadline):
			return 0, false, fmt.Errorf("still running after %v", limit)
		}
	}
}

// onItsWay is the signal whose delivery a stop has interrupted, to be delivered
// on release. Stops of the tracing itself carry an event in the upper bits.
func onItsWay(status unix.WaitStatus) int {
	if event := uint32(status) >> 16; event != 0 {
		return 0
	}
	return int(status.StopSignal())
}

// positions are the threads' program counters.
func (s *stopped) positions() ([]uint64, error) {
	at := make([]uint64, 0, len(s.threads))
	for thread := range s.threads {
		var registers unix.PtraceRegs
		err := unix.PtraceGetRegs(thread, &registers)
		if errors.Is(err, unix.ESRCH) { // killed meanwhile
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("registers of thread %d: %w", thread, err)
		}
		at = append(at, registers.Rip)
	}
	return at, nil
}

// release lets go on what runs, and leaves stopped what a SIGSTOP stopped.
func (s *stopped) release() error {
	var errs []error
	for thread, met := range s.threads {
		if err := detach(thread, met.signal); err != nil {
			errs = append(errs, fmt.Errorf("release thread %d: %w", thread, err))
		}
	}
	s.awaitPaused()
	return errors.Join(errs...)
}

// awaitPaused waits until threads that were stopped are again: on their way
// back they run for a moment, which nobody should take for the end of a pause.
// Somebody may have continued them meanwhile, so it does not insist.
func (s *stopped) awaitPaused() {
	deadline := time.Now().Add(pausedLimit)
	for thread, met := range s.threads {
		for met.paused && s.state(thread) != 'T' && time.Now().Before(deadline) {
			time.Sleep(stopPoll)
		}
	}
}

// detach ends the tracing of a stopped thread and delivers a signal, if any.
func detach(thread, signal int) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(thread), 0, uintptr(signal), 0, 0)
	if errno != 0 && errno != unix.ESRCH { // ESRCH: killed meanwhile
		return errno
	}
	return nil
}
