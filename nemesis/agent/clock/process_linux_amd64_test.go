package clock

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// install starts a child that reports its clocks, and takes its clock over.
func installed(t *testing.T) (*child, *Process) {
	t.Helper()
	c := startChild(t, roleReport)
	c.read()
	p, err := Install(c.pid())
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return c, p
}

// requireSkew checks a reading, and that the other clocks are right.
func requireSkew(t *testing.T, want time.Duration, got clocks) {
	t.Helper()
	from, to := got.skew()
	require.LessOrEqual(t, from, want)
	require.GreaterOrEqual(t, to, want)
	requireMonotonic(t, got)
}

// requireMonotonic allows for what passed between the child's two anchors.
func requireMonotonic(t *testing.T, got clocks) {
	t.Helper()
	const slack = int64(time.Second)
	require.GreaterOrEqual(t, got.Monotonic, got.TrueMonotonicBefore-slack, "monotonic is untouched")
	require.LessOrEqual(t, got.Monotonic, got.TrueMonotonicAfter+slack, "monotonic is untouched")
}

func TestInstallChangesNothingYet(t *testing.T) {
	c, _ := installed(t)
	requireSkew(t, 0, c.ask())
}

func TestSetStepsTheClock(t *testing.T) {
	c, p := installed(t)
	for _, offset := range []time.Duration{time.Hour, -24 * time.Hour, time.Nanosecond, -time.Nanosecond, maxOffset, -maxOffset, 0} {
		require.NoError(t, p.Set(offset, 1), offset)
		requireSkew(t, offset, c.ask())
		requireHostUntouched(t)
	}
}

// requireHostUntouched compares this process's clock with a system call's.
func requireHostUntouched(t *testing.T) {
	t.Helper()
	requireSkew(t, 0, look())
}

func TestSetRunsTheClockAtAnotherRate(t *testing.T) {
	c, p := installed(t)
	for _, rate := range []float64{2, 0.5, 0.01, 100, 1} {
		since := time.Now().Add(-time.Hour)
		s := Setting{Offset: time.Minute, Rate: rate, Since: since}
		require.NoError(t, p.Apply(s))
		got := c.ask()
		// Rounded to 2^-32 an hour is wrong by less than a microsecond.
		const rounding = int64(time.Microsecond)
		at := func(host int64) int64 {
			return host + int64(time.Minute) + int64(float64(host-since.UnixNano())*(rate-1))
		}
		require.GreaterOrEqual(t, got.Wall, at(got.TrueBefore)-rounding, rate)
		require.LessOrEqual(t, got.Wall, at(got.TrueAfter)+rounding, rate)
		requireMonotonic(t, got)
	}
}

func TestReadIsWhatTheProcessReads(t *testing.T) {
	c, p := installed(t)
	require.NoError(t, p.Apply(Setting{Offset: -time.Hour, Rate: 1.5, Since: time.Now().Add(-time.Hour)}))
	before, err := p.Read()
	require.NoError(t, err)
	told := c.ask().Wall
	after, err := p.Read()
	require.NoError(t, err)
	require.Equal(t, c.pid(), before.PID)
	require.LessOrEqual(t, before.Process.UnixNano(), told)
	require.GreaterOrEqual(t, after.Process.UnixNano(), told)
	require.False(t, after.Host.Before(before.Host))
}

func TestReadTellsADamagedPatch(t *testing.T) {
	_, p := installed(t)
	at := p.vdso.functions[entries[0].function]
	require.NoError(t, writeMemory(p.vdso.memory, []byte{0xe9, 0, 0, 0, 1}, p.vdso.start+int64(at)))
	_, err := p.Read()
	require.ErrorContains(t, err, "patched, but __vdso_clock_gettime is not redirected")
}

func TestInstallAdoptsWhatIsPatched(t *testing.T) {
	c, p := installed(t)
	require.NoError(t, p.Set(time.Hour, 1))
	require.NoError(t, p.Close())
	second, err := Install(c.pid())
	require.NoError(t, err)
	defer second.Close()
	requireSkew(t, time.Hour, c.ask())
	require.NoError(t, second.Set(-time.Hour, 1))
	requireSkew(t, -time.Hour, c.ask())
}

// On kernels whose clock_gettime cannot be moved a system call reads the clocks.
func TestTheSystemCallTakesTheOriginalsPlace(t *testing.T) {
	c, p := installed(t)
	require.NoError(t, whileStopped(c.pid(), func([]uint64) error {
		room := p.base + int64(program().labels[labelOriginal])
		return writeMemory(p.vdso.memory, systemCall, room)
	}))
	requireSkew(t, 0, c.ask())
	require.NoError(t, p.Set(-time.Hour, 1))
	requireSkew(t, -time.Hour, c.ask())
}

func TestSixteenSpinnersSeeNoTornClock(t *testing.T) {
	c := startChild(t, roleSpin)
	require.Equal(t, "spinning\n", c.line())
	p, err := Install(c.pid())
	require.NoError(t, err)
	defer p.Close()
	// Offset and drift change together: half a change reads 50 or 100 hours.
	wrong := Setting{Offset: 100 * time.Hour, Rate: 2, Since: time.Now().Add(-50 * time.Hour)}
	for range 2000 {
		require.NoError(t, p.Apply(wrong))
		require.NoError(t, p.Apply(Setting{}))
	}
	require.NoError(t, p.Apply(wrong))
	_, err = p.Read()
	require.NoError(t, err)
	c.in.Close()
	var got seen
	require.NoError(t, json.Unmarshal([]byte(c.line()), &got))
	require.Zero(t, got.Torn)
	require.Positive(t, got.None)
	require.Positive(t, got.Full)
}

func TestInstallLeavesWhatIsPausedPaused(t *testing.T) {
	c := startChild(t, roleReport)
	c.read()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGSTOP))
	var status syscall.WaitStatus
	_, err := syscall.Wait4(c.pid(), &status, syscall.WUNTRACED, nil)
	require.NoError(t, err)
	require.True(t, status.Stopped())
	p, err := Install(c.pid())
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, p.Set(time.Hour, 1))
	require.Equal(t, "T", string(letter(t, c.pid())))
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGCONT))
	requireSkew(t, time.Hour, c.ask())
}

func letter(t *testing.T, pid int) byte {
	t.Helper()
	stat, err := os.ReadFile(procPath(pid, "stat"))
	require.NoError(t, err)
	var id int
	var name, state string
	_, err = fmt.Sscan(string(stat), &id, &name, &state)
	require.NoError(t, err)
	return state[0]
}

func TestAProcessThatEndedIsGone(t *testing.T) {
	c, p := installed(t)
	require.False(t, p.Gone())
	require.NoError(t, c.cmd.Process.Kill())
	c.cmd.Wait()
	require.True(t, p.Gone())
	require.ErrorIs(t, p.Set(time.Hour, 1), ErrGone)
	_, err := p.Read()
	require.ErrorIs(t, err, ErrGone)
	_, err = Install(c.pid())
	require.ErrorIs(t, err, ErrGone)
}

func TestInstallAtExecComesBeforeTheFirstInstruction(t *testing.T) {
	for range 5 {
		c := startChild(t, roleExec)
		require.Equal(t, "ready\n", c.line())
		type result struct {
			p   *Process
			err error
		}
		done := make(chan result, 1)
		go func() {
			p, err := InstallAtExec(t.Context(), c.pid(), func() Setting { return Setting{Offset: time.Hour} })
			done <- result{p, err}
		}()
		awaitTracer(t, c.pid())
		_, err := fmt.Fprintln(c.in)
		require.NoError(t, err)
		r := <-done
		require.NoError(t, r.err)
		defer r.p.Close()
		first := c.read()
		from, to := first.skew()
		require.LessOrEqual(t, from, time.Hour)
		require.GreaterOrEqual(t, to, time.Hour)
		require.NoError(t, r.p.Set(0, 1))
		requireSkew(t, 0, c.ask())
	}
}

// awaitTracer waits until all threads of a process are traced.
func awaitTracer(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		statuses, err := filepath.Glob(procPath(pid, "task/*/status"))
		require.NoError(t, err)
		for _, path := range statuses {
			status, err := os.ReadFile(path)
			require.NoError(t, err)
			var tracer int
			_, behind, _ := strings.Cut(string(status), "TracerPid:")
			if _, err := fmt.Sscan(behind, &tracer); err != nil || tracer == 0 {
				return false
			}
		}
		return true
	}, 10*time.Second, time.Millisecond)
}

func TestInstallAtExecLetsGoWhenCancelled(t *testing.T) {
	c := startChild(t, roleExec)
	require.Equal(t, "ready\n", c.line())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := InstallAtExec(ctx, c.pid(), func() Setting { return Setting{} })
		done <- err
	}()
	awaitTracer(t, c.pid())
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	_, err := fmt.Fprintln(c.in)
	require.NoError(t, err)
	requireSkew(t, 0, c.read())
}

func TestInstallAtExecEndsWithTheProcess(t *testing.T) {
	c := startChild(t, roleExec)
	require.Equal(t, "ready\n", c.line())
	done := make(chan error, 1)
	go func() {
		_, err := InstallAtExec(t.Context(), c.pid(), func() Setting { return Setting{} })
		done <- err
	}()
	awaitTracer(t, c.pid())
	require.NoError(t, c.cmd.Process.Kill())
	require.ErrorIs(t, <-done, ErrGone)
}

// What libc's callers read; Go programs use clock_gettime alone.
func TestAllWallClocksOfCAreSkewedAlike(t *testing.T) {
	requireTracing(t)
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("SKIPPED, gettimeofday, time and the coarse clock: there is no C compiler: " + err.Error())
	}
	binary := filepath.Join(t.TempDir(), "clocks")
	out, err := exec.Command(compiler, "-o", binary, filepath.Join("testdata", "clocks.c")).CombinedOutput()
	require.NoError(t, err, string(out))
	c := &child{t: t, cmd: exec.Command(binary)}
	c.start()
	type cClocks struct{ Realtime, Coarse, Timeofday, Time, TimeTold, TAI, True int64 }
	ask := func() (got cClocks) {
		_, err := fmt.Fprintln(c.in)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(c.line()), &got))
		return got
	}
	ask()
	p, err := Install(c.pid())
	require.NoError(t, err)
	defer p.Close()
	for _, offset := range []time.Duration{time.Hour, -24 * time.Hour} {
		require.NoError(t, p.Set(offset, 1))
		got := ask()
		for name, clock := range map[string]int64{"realtime": got.Realtime, "coarse": got.Coarse,
			"gettimeofday": got.Timeofday, "time": got.Time, "time(&t)": got.TimeTold} {
			require.InDelta(t, got.True+int64(offset), clock, float64(time.Minute), name)
		}
		require.InDelta(t, got.True, got.TAI, float64(time.Minute), "TAI is not skewed")
	}
}
