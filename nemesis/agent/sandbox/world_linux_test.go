package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// This test's own binary is also the agent, as PID 1 of namespaces of its own,
// and the broker, that joins them from outside as a container does.
const (
	roleVariable = "ACKPROOF_TEST_SANDBOX"
	roleAgent    = "agent"
	roleBroker   = "broker"
	// roleRuntime starts the broker as a container runtime does.
	roleRuntime = "runtime"

	namespaceVariable = "ACKPROOF_TEST_NAMESPACE"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case roleAgent:
		if os.Getpid() == 1 {
			err = errors.Join(
				unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
				unix.Mount("proc", "/proc", "proc", 0, ""))
		}
		if err == nil {
			os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		}
	case roleBroker:
		err = beBroker()
	case roleRuntime:
		err = beRuntime()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// times is one look at the wall clock: Wall is what Go reads, the others are
// the host's, by a system call.
type times struct{ Before, Wall, After int64 }

func look() (t times) {
	t.Before = hostClock()
	t.Wall = time.Now().UnixNano()
	t.After = hostClock()
	return t
}

func hostClock() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// beBroker tells the time at once and after every line.
func beBroker() error {
	answers, lines := json.NewEncoder(os.Stdout), bufio.NewScanner(os.Stdin)
	for {
		if err := answers.Encode(look()); err != nil || !lines.Scan() {
			return err
		}
	}
}

// beRuntime does as runc does: it enters the namespace with what it forks, which
// some time later becomes the broker.
func beRuntime() error {
	runtime.LockOSThread()
	if err := enter(os.Getenv(namespaceVariable)); err != nil {
		return err
	}
	if err := os.Setenv(roleVariable, roleBroker); err != nil {
		return err
	}
	script := `(echo ready; read go; exec "$0"); exit 0`
	return unix.Exec("/bin/sh", []string{"sh", "-c", script, os.Args[0]}, os.Environ())
}

// enter makes the children of this thread members of a pid namespace.
func enter(path string) error {
	namespace, err := os.Open(path)
	if err != nil {
		return err
	}
	defer namespace.Close()
	return unix.Setns(int(namespace.Fd()), unix.CLONE_NEWPID)
}

// world is a running agent with its namespaces.
type world struct {
	*agent.Client
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	gen   int64
}

// newWorld skips the test where namespaces may not be made.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, cmd: selfAs(roleAgent, "serve")}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
	}
	var err error
	w.stdin, err = w.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	if err = w.cmd.Start(); errors.Is(err, syscall.EPERM) {
		unpermitted(t, "making namespaces needs CAP_SYS_ADMIN: "+err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		w.stdin.Close()
		w.cmd.Process.Kill()
		w.cmd.Wait()
	})
	w.Client = agent.NewClient(w.stdin, stdout)
	return w
}

func unpermitted(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("ACKPROOF_REQUIRE_DOCKER") == "1" {
		require.FailNow(t, "may not be skipped, ACKPROOF_REQUIRE_DOCKER=1: "+reason)
	}
	t.Skip("SKIPPED, nothing was tested: " + reason)
}

func selfAs(role string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

// apply brings a state into force, with the next generation.
func (w *world) apply(state agent.State) agent.Applied {
	w.t.Helper()
	w.gen++
	state.Gen = w.gen
	applied, err := w.Apply(w.context(), state)
	require.NoError(w.t, err)
	require.Equal(w.t, w.gen, applied.Gen)
	return applied
}

func (w *world) stats() agent.Stats {
	w.t.Helper()
	stats, err := w.Stats(w.context())
	require.NoError(w.t, err)
	return stats
}

// member is a process in the world.
type member struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// join starts a command in the agent's pid namespace; its parent is outside.
func (w *world) join(cmd *exec.Cmd) *member {
	w.t.Helper()
	return w.start(cmd, func() error {
		if err := enter(w.namespace()); err != nil {
			return err
		}
		return cmd.Start()
	})
}

// runtime starts what becomes a broker after a line.
func (w *world) runtime() *member {
	w.t.Helper()
	cmd := selfAs(roleRuntime)
	cmd.Env = append(cmd.Env, namespaceVariable+"="+w.namespace())
	m := w.start(cmd, cmd.Start)
	require.Equal(w.t, "ready\n", m.line())
	return m
}

func (w *world) namespace() string { return fmt.Sprintf("/proc/%d/ns/pid", w.cmd.Process.Pid) }

func (w *world) start(cmd *exec.Cmd, start func() error) *member {
	w.t.Helper()
	m := &member{t: w.t, cmd: cmd}
	var err error
	m.in, err = cmd.StdinPipe()
	require.NoError(w.t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(w.t, err)
	m.out = bufio.NewReader(out)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: it may have entered a namespace
		started <- start()
	}()
	require.NoError(w.t, <-started)
	w.t.Cleanup(m.end)
	return m
}

// end lets the process end by itself first. Of a runtime that is killed the
// broker would be left to the host's init, and until that has reaped it, if it
// ever does, the namespace's PID 1 does not end.
func (m *member) end() {
	m.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { m.cmd.Process.Kill() })
	defer kill.Stop()
	m.cmd.Wait()
}

// broker starts one that answers.
func (w *world) broker() *member {
	w.t.Helper()
	m := w.join(selfAs(roleBroker))
	m.read()
	return m
}

func (m *member) line() string {
	m.t.Helper()
	line, err := m.out.ReadString('\n')
	require.NoError(m.t, err)
	return line
}

func (m *member) read() (t times) {
	m.t.Helper()
	require.NoError(m.t, json.Unmarshal([]byte(m.line()), &t))
	return t
}

func (m *member) say() {
	m.t.Helper()
	_, err := fmt.Fprintln(m.in)
	require.NoError(m.t, err)
}

func (m *member) ask() times {
	m.t.Helper()
	m.say()
	return m.read()
}

func requireSkew(t *testing.T, want time.Duration, got times) {
	t.Helper()
	require.LessOrEqual(t, time.Duration(got.Wall-got.After), want)
	require.GreaterOrEqual(t, time.Duration(got.Wall-got.Before), want)
}
