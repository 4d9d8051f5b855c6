package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// parentPipe is the environment variable that tells a broker which of its file
// descriptors ends when the harness does.
const parentPipe = "ACKBROKER_PARENT_PIPE"

// stateEvery is how often a change of a process's state is looked for: no
// system tells us.
const stateEvery = time.Millisecond

// process is one run of a broker's binary.
type process struct {
	cmd    *exec.Cmd
	log    *nodeLog
	exited chan struct{} // closed when it was waited for

	mu      sync.Mutex
	ordered bool // somebody wanted its end
	asked   bool // it was to end in order

	crashed atomic.Bool // it ended although nobody wanted that
}

// spawn starts a binary on the thread. It appends to the log and holds alive,
// whose other end is ours, as file descriptor 3. Exit is called once, when the
// process ended, with whether somebody wanted that.
func spawn(t *thread, binary string, args []string, log *nodeLog, alive *os.File, exit func(*process, bool)) (*process, error) {
	p := &process{cmd: exec.Command(binary, args...), log: log, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log.file, log.file
	p.cmd.ExtraFiles = []*os.File{alive} // the first extra file is number 3
	p.cmd.Env = append(os.Environ(), parentPipe+"=3")
	attributes, awaitEnd := childAttributes()
	p.cmd.SysProcAttr = attributes
	var err error
	t.do(func() { err = p.cmd.Start() })
	if err != nil {
		return nil, err
	}
	go func() {
		awaitEnd()
		_ = p.cmd.Wait() // how it ended stands in ProcessState
		p.mu.Lock()
		ordered := p.ordered && p.endedBy(syscall.SIGKILL) || p.asked && p.endedAsAsked()
		p.mu.Unlock()
		exit(p, ordered)
		close(p.exited)
	}()
	return p, nil
}

// endedBy tells whether the process, which has ended, did so by a signal: a crash
// just before our kill is still a crash.
func (p *process) endedBy(s syscall.Signal) bool {
	if p.cmd.ProcessState == nil {
		return false // somebody else waited for it
	}
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return status.Signaled() && status.Signal() == s
}

// succeeded tells whether the process, which has ended, did so without an error.
func (p *process) succeeded() bool { return p.cmd.ProcessState != nil && p.cmd.ProcessState.Success() }

// endedAsAsked tells whether the process, which has ended, did so without an error,
// or by SIGTERM itself: a broker that has only just started does not catch it yet.
func (p *process) endedAsAsked() bool { return p.succeeded() || p.endedBy(syscall.SIGTERM) }

// endedWell tells whether the process has ended, and without an error.
func (p *process) endedWell(ctx context.Context) (bool, error) {
	if state, err := p.state(); err != nil || state != nemesis.StateDead {
		return false, err
	}
	if err := p.awaitEnd(ctx); err != nil { // dead, and perhaps not yet waited for
		return false, err
	}
	return p.succeeded(), nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) incarnation() string { return "pid " + strconv.Itoa(p.pid()) }

// state is what the operating system says.
func (p *process) state() (string, error) {
	select {
	case <-p.exited:
		return nemesis.StateDead, nil // its pid may be another's by now
	default:
		return processState(p.pid())
	}
}

// kill ends the process as kill -9 does and waits until it is gone.
func (p *process) kill(ctx context.Context) error {
	p.mu.Lock()
	p.ordered = true
	p.mu.Unlock()
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	return p.awaitEnd(ctx)
}

// awaitEnd returns when the end of the process is on record.
func (p *process) awaitEnd(ctx context.Context) error {
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %s to end: %w", p.incarnation(), context.Cause(ctx))
	}
}

// terminate asks the process to end in order. It is asked once: a broker that is
// asked twice ends at once.
func (p *process) terminate() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked {
		return nil
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	p.asked = true // before anybody looks how it ended, who needs the lock
	return nil
}

// pause stops the process and waits until the kernel says that it is.
func (p *process) pause(ctx context.Context) error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return p.await(ctx, func(state string) bool { return state != nemesis.StateRunning })
}

// resume continues the process and waits until the kernel says that it runs.
func (p *process) resume(ctx context.Context) error {
	if err := p.signal(syscall.SIGCONT); err != nil {
		return err
	}
	return p.await(ctx, func(state string) bool { return state != nemesis.StateStopped })
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", s, p.incarnation(), err)
	}
	return nil
}

func (p *process) await(ctx context.Context, reached func(state string) bool) error {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	for {
		state, err := p.state()
		if err != nil || reached(state) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is still %s: %w", p.incarnation(), state, context.Cause(ctx))
		}
	}
}
