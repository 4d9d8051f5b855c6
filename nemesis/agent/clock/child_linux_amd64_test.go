package clock

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A child is this test's own binary as another process. It is told what to do
// by roleVariable.
const (
	roleVariable = "ACKPROOF_TEST_CLOCK"
	roleReport   = "report" // answer each line with its clocks
	roleSpin     = "spin"   // read the time as fast as it can until stdin ends
	roleAnswer   = "answer" // what Probe needs
	roleExec     = "exec"   // become a report child when a line comes
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case roleReport:
		err = report(os.Stdin, os.Stdout)
	case roleSpin:
		err = spin(os.Stdin, os.Stdout)
	case roleAnswer:
		err = Answer(os.Stdin, os.Stdout)
	case roleExec:
		err = becomeReport(os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// clocks is one look at the clocks. The true ones are read by system calls,
// which nothing here touches.
type clocks struct {
	TrueBefore, Wall, TrueAfter             int64 // ns
	TrueMonotonicBefore, TrueMonotonicAfter int64
	Monotonic                               int64 // by Go, from the vDSO
}

var started, startedTrue = time.Now(), systemClock(unix.CLOCK_MONOTONIC)

func look() clocks {
	c := clocks{TrueBefore: systemClock(unix.CLOCK_REALTIME), TrueMonotonicBefore: systemClock(unix.CLOCK_MONOTONIC)}
	now := time.Now()
	c.Wall = now.UnixNano()
	c.Monotonic = startedTrue + int64(now.Sub(started))
	c.TrueAfter, c.TrueMonotonicAfter = systemClock(unix.CLOCK_REALTIME), systemClock(unix.CLOCK_MONOTONIC)
	return c
}

func systemClock(id int) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(id), &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// skew is the wall clock's offset, with the bounds that the look leaves open.
func (c clocks) skew() (from, to time.Duration) {
	return time.Duration(c.Wall - c.TrueAfter), time.Duration(c.Wall - c.TrueBefore)
}

func report(in io.Reader, out io.Writer) error {
	first := look() // before anybody can ask
	lines := bufio.NewScanner(in)
	answers := json.NewEncoder(out)
	if err := answers.Encode(first); err != nil {
		return err
	}
	for lines.Scan() {
		if err := answers.Encode(look()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// spinners is how many goroutines read at the same time.
const spinners = 16

// seen counts readings by their skew. Anything else than the two settings of
// the test is torn.
type seen struct{ None, Full, Torn int64 }

// fullSkew is what the two parts of the test's setting, offset and drift, make
// together; half of either would be 50 or 100 hours.
const fullSkew = 150 * time.Hour

func spin(in io.Reader, out io.Writer) error {
	if _, err := fmt.Fprintln(out, "spinning"); err != nil {
		return err
	}
	var none, full, torn atomic.Int64
	var stop atomic.Bool
	var wait sync.WaitGroup
	base, anchor := systemClock(unix.CLOCK_REALTIME), time.Now()
	for range spinners {
		wait.Go(func() {
			for !stop.Load() {
				now := time.Now()
				skew := time.Duration(now.UnixNano()-base) - now.Sub(anchor)
				switch {
				case skew.Abs() < time.Hour:
					none.Add(1)
				case (skew - fullSkew).Abs() < time.Hour:
					full.Add(1)
				default:
					torn.Add(1)
				}
			}
		})
	}
	_, err := io.Copy(io.Discard, in)
	stop.Store(true)
	wait.Wait()
	return errors.Join(err, json.NewEncoder(out).Encode(seen{none.Load(), full.Load(), torn.Load()}))
}

// becomeReport is another program in the same process, after a line. Several
// threads are there, as in a container runtime.
func becomeReport(in io.Reader) error {
	if _, err := fmt.Println("ready"); err != nil {
		return err
	}
	if _, err := in.Read(make([]byte, 1)); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Setenv(roleVariable, roleReport); err != nil {
		return err
	}
	return unix.Exec(self, []string{self}, os.Environ())
}

// child is such a process, from outside.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func childCommand(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// startChild skips the test where children may not be traced.
func startChild(t *testing.T, role string) *child {
	t.Helper()
	requireTracing(t)
	c := &child{t: t, cmd: childCommand(t, role)}
	c.start()
	return c
}

func (c *child) start() {
	t := c.t
	t.Helper()
	var err error
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewReader(out)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() {
		c.in.Close()
		c.cmd.Process.Kill()
		c.cmd.Wait()
	})
}

var tracing = sync.OnceValue(func() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+roleAnswer)
	return Probe(cmd)
})

func requireTracing(t *testing.T) {
	t.Helper()
	err := tracing()
	if !errors.Is(err, os.ErrPermission) {
		require.NoError(t, err)
		return
	}
	if os.Getenv("ACKPROOF_REQUIRE_DOCKER") == "1" {
		require.FailNow(t, "may not be skipped, ACKPROOF_REQUIRE_DOCKER=1: "+err.Error())
	}
	t.Skip("SKIPPED, nothing was tested: " + err.Error())
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) line() string {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(c.t, err)
	return line
}

func (c *child) read() clocks {
	c.t.Helper()
	var got clocks
	require.NoError(c.t, json.Unmarshal([]byte(c.line()), &got))
	return got
}

func (c *child) ask() clocks {
	c.t.Helper()
	_, err := fmt.Fprintln(c.in)
	require.NoError(c.t, err)
	return c.read()
}
