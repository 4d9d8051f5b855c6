package explore

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/nemesis"
)

// explorer is one whose workers are this test binary. Its cases are short.
func explorer(t *testing.T, jobs int) Explorer {
	t.Setenv(workerVariable, "1")
	binary, err := os.Executable()
	require.NoError(t, err)
	return Explorer{
		Bounds: Bounds{Length: minLength}, Jobs: jobs, Worker: []string{binary}, Seeds: 12, First: 1,
	}
}

func TestThePlainBrokerIsNotAccused(t *testing.T) {
	e := explorer(t, 2)
	e.Fail = func(f Found) { t.Errorf("%s: %v", f.Case.Name, f.Failure) }
	s, err := e.Explore(t.Context(), NewState(1))
	require.NoError(t, err)
	require.Equal(t, uint64(12), s.Cases)
	require.Equal(t, uint64(13), s.Next)
	require.Greater(t, s.Acked, uint64(50))
	require.Greater(t, s.Elapsed, 12*minLength.Duration())
	require.Positive(t, s.Protocol()["role=leader"])
	require.Empty(t, s.Failures)
}

func TestAPlantedBugIsFoundAndItsCaseFailsAgain(t *testing.T) {
	e := explorer(t, 2)
	e.Seeds, e.Bounds.Mutant, e.BlackBox = 200, "ack-on-append", true
	var found []Found
	e.Fail = func(f Found) { found = append(found, f) }
	s, err := e.Explore(t.Context(), NewState(1))
	require.NoError(t, err)
	require.NotEmpty(t, found, "200 cases do not see that acks=all is answered too early")
	require.Less(t, s.Cases, uint64(200), "it stops at a failure")
	failures := 0
	for _, cases := range s.Failures {
		failures += cases
	}
	require.Len(t, found, failures)

	out, err := Simulate(found[0].Case, Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, found[0].Failure.Class, out.Failure.Class)
	require.Equal(t, found[0].Case.Expect, out.Expectation())
}

// Who works, and how many, changes nothing of a case.
func TestWorkersDoNotMatter(t *testing.T) {
	hashes := func(jobs int) map[uint64]uint64 {
		e := explorer(t, jobs)
		e.Unguided = true
		seen := map[uint64]uint64{}
		e.Hash = func(seed, hash uint64) { seen[seed] = hash }
		_, err := e.Explore(t.Context(), NewState(50))
		require.NoError(t, err)
		return seen
	}
	one, three := hashes(1), hashes(3)
	require.Len(t, one, 12)
	require.True(t, maps.Equal(one, three), "%v\n%v", one, three)
}

func TestAnExplorationGoesOnWhereItWas(t *testing.T) {
	folder, err := Open(filepath.Join(t.TempDir(), "x"))
	require.NoError(t, err)
	e := explorer(t, 1)
	e.Seeds = 3
	s, err := e.Explore(t.Context(), NewState(7))
	require.NoError(t, err)
	require.NoError(t, folder.Save(e.Bounds, true, s))

	bounds, blackBox, again, err := folder.Load()
	require.NoError(t, err)
	require.Equal(t, e.Bounds, bounds)
	require.True(t, blackBox)
	require.Equal(t, s, again)
	again, err = e.Explore(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, uint64(13), again.Next)
	require.Equal(t, uint64(6), again.Cases)
	require.Greater(t, again.Took, s.Took)
}

func TestAnInterruptionEndsItInGoodOrder(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	e := explorer(t, 2)
	e.Seeds = 0
	e.Hash = func(seed, _ uint64) {
		if seed == 4 {
			interrupt()
		}
	}
	s, err := e.Explore(ctx, NewState(1))
	require.NoError(t, err)
	require.Equal(t, s.Next-1, s.Cases, "what was begun is finished")
	require.Less(t, s.Cases, uint64(40))
}

func TestAWorkerThatEndsIsAnError(t *testing.T) {
	e := explorer(t, 1)
	e.Worker = []string{"false"}
	_, err := e.Explore(t.Context(), NewState(1))
	require.ErrorContains(t, err, "worker")
}

func TestNothingToResumeIsTold(t *testing.T) {
	_, _, _, err := Folder{Dir: t.TempDir()}.Load()
	require.ErrorContains(t, err, "nothing to resume")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestBoundsNameWhatIsWrong(t *testing.T) {
	for want, b := range map[string]Bounds{
		`acks is "2", allowed are all, 1, 0`:               {Acks: "2"},
		`flush is "now", allowed are`:                      {Flush: "now"},
		`min-isr is 4, allowed are 1 to 3`:                 {MinISR: 4},
		`nodes is 2, allowed are 3 to 5`:                   {Nodes: 2},
		`length in ms is 10, allowed are 2000 to 600000`:   {Length: 10},
		`mutant "x" is unknown: allowed are ack-on-append`: {Mutant: "x"},
	} {
		require.ErrorContains(t, b.Validate(), want)
	}
	require.NoError(t, Bounds{}.Validate())
}

// A control of the suite must lose, and be seen to; a bug must fail its row.
func TestSuiteRows(t *testing.T) {
	rows := SuiteRows()
	e := explorer(t, 2)
	e.Seeds = 40

	safe, err := rows[0].Run(t.Context(), e, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checker.OK, safe.Grade, safe.Verdict)

	control := rows[3]
	require.True(t, control.Control)
	control.Bounds.Length = DefaultLength
	lost, err := control.Run(t.Context(), e, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checker.OK, lost.Grade, lost.Verdict)
	require.Contains(t, lost.Verdict, "as it must")

	blind := control
	blind.Bounds.Acks, blind.Bounds.MinISR, blind.Bounds.Flush = "all", 2, "before-ack"
	e.Seeds = 4
	unseen, err := blind.Run(t.Context(), e, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checker.Violation, unseen.Grade)
	require.Contains(t, unseen.Verdict, "BLIND")

	planted := rows[0]
	planted.Bounds.Mutant = "ack-on-append"
	e.Seeds = 40
	failed, err := planted.Run(t.Context(), e, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checker.Violation, failed.Grade)
	require.FileExists(t, failed.Case)
}

// The guide keeps the profiles of rare things, and draws from them.
func TestTheGuideKeepsWhatIsRare(t *testing.T) {
	g := newGuide()
	for i := range uint64(100) {
		g.learn(finding{job: job{Profile: i}, Coverage: map[string]int{"role=leader": 3}})
	}
	g.learn(finding{job: job{Profile: 1000}, Coverage: map[string]int{"role=leader": 2, "unclean": 1}})
	require.Equal(t, uint64(1000), g.Kept[0].Profile)
	require.Equal(t, "unclean x1", g.Kept[0].Thing)
	require.Len(t, g.Kept, 2, "one for each thing that is rare still: the common one is kept from when it was")
	require.Equal(t, map[string]int{"role=leader": 101, "unclean": 1}, g.events())

	drawn := map[uint64]int{}
	r := newDice(1, "test")
	for seed := range uint64(400) {
		drawn[g.profile(r, 5000+seed)]++
	}
	require.Greater(t, drawn[1000], 50)
	require.Equal(t, uint64(7), (&guide{}).profile(r, 7), "with nothing kept a seed has its own")
}

func TestDrawingIsAFunctionOfTheSeeds(t *testing.T) {
	kinds := map[nemesis.Kind]int{}
	for seed := uint64(1); seed <= 200; seed++ {
		c := drawProfile(seed, Bounds{}).Draw(seed)
		require.NoError(t, c.Validate())
		require.Equal(t, c, drawProfile(seed, Bounds{}).Draw(seed))
		require.NotEqual(t, c.Schedule, drawProfile(seed, Bounds{}).Draw(seed+1).Schedule)
		for _, step := range c.Schedule.Steps {
			kinds[step.Fault.Kind]++
		}
	}
	for _, kind := range []nemesis.Kind{
		nemesis.Partition, nemesis.Kill, nemesis.Pause, nemesis.SkewClock, nemesis.Elect, nemesis.Wipe, nemesis.Power, nemesis.Disk,
		nemesis.Stop,
	} {
		require.Greater(t, kinds[kind], 20, "of %s", kind)
	}
}

func TestFromRunRefusesWhatIsNoFailure(t *testing.T) {
	_, _, err := FromRun(t.TempDir())
	require.ErrorContains(t, err, "explore from")
	require.False(t, errors.Is(err, context.Canceled))
}
