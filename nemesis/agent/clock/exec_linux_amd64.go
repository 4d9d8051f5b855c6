package clock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// catchPoll is how long a traced thread may wait to be let go on.
const catchPoll = 50 * time.Microsecond

// InstallAtExec waits until a process, such as a container runtime's init,
// becomes another program, and takes that program's clock over before its first
// instruction, so that it never reads another time than the setting's. It ends
// with the context, and with the process.
func InstallAtExec(ctx context.Context, pid int, setting func() Setting) (*Process, error) {
	type result struct {
		process *Process
		err     error
	}
	caught := make(chan result, 1)
	onThrowAwayThread(func() {
		process, err := catch(ctx, pid, setting)
		caught <- result{process, err}
	})
	r := <-caught
	if r.err != nil {
		return nil, fmt.Errorf("clock of process %d at its exec: %w", pid, r.err)
	}
	return r.process, nil
}

// onThrowAwayThread runs do beside, on a thread that ends with it. The kernel
// then releases whatever the thread still traces: there is no way out of do that
// leaves a process stopped. The runtime never ends the first thread of a
// process, so that one is kept busy while another is found.
func onThrowAwayThread(do func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			do()
			return
		}
		done := make(chan struct{})
		onThrowAwayThread(func() {
			defer close(done)
			do()
		})
		<-done
		runtime.UnlockOSThread()
	}()
}

func catch(ctx context.Context, pid int, setting func() Setting) (*Process, error) {
	entries, err := os.ReadDir(procPath(pid, "task"))
	if err != nil {
		return nil, openError(err)
	}
	for _, entry := range entries {
		thread, err := strconv.Atoi(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("thread %q: %w", entry.Name(), err)
		}
		// New threads are traced with the old ones (TRACECLONE): any may call exec.
		if err := seize(thread, unix.PTRACE_O_TRACEEXEC|unix.PTRACE_O_TRACECLONE); err != nil && !errors.Is(err, unix.ESRCH) {
			return nil, traceError(err)
		}
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		var status unix.WaitStatus
		thread, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOHANG|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			return nil, ErrGone
		case err != nil:
			return nil, fmt.Errorf("wait: %w", err)
		case thread == 0:
			time.Sleep(catchPoll)
		case !status.Stopped(): // it ended
		case uint32(status)>>16 == unix.PTRACE_EVENT_EXEC:
			return installStopped(thread, setting())
		default:
			if err := resume(thread, status); err != nil {
				return nil, fmt.Errorf("resume thread %d: %w", thread, err)
			}
		}
	}
}

// installStopped patches a program whose only thread stands before its first
// instruction.
func installStopped(pid int, s Setting) (p *Process, err error) {
	defer func() { err = errors.Join(err, detach(pid, 0)) }()
	p, err = install(pid, func(write func([]uint64) error) error { return write(nil) })
	if err != nil {
		return nil, err
	}
	return p, p.Apply(s)
}

func seize(thread int, options uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(thread), 0, options, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// resume lets a stopped thread do what it would have done untraced: stay
// stopped if all of its process is, else go on, with its signal.
func resume(thread int, status unix.WaitStatus) error {
	request := unix.PTRACE_CONT
	if isPause(status) {
		request = unix.PTRACE_LISTEN
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(thread), 0, uintptr(onItsWay(status)), 0, 0)
	if errno != 0 && errno != unix.ESRCH {
		return errno
	}
	return nil
}

// isPause tells that a thread has stopped with its process, as by SIGSTOP.
func isPause(status unix.WaitStatus) bool {
	if uint32(status)>>16 != unix.PTRACE_EVENT_STOP {
		return false
	}
	switch status.StopSignal() {
	case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return true
	}
	return false
}
