package harness

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/nemesis"
)

func durability() Durability {
	return Durability{Base: Defaults(), Length: 7500}
}

func TestTheSuiteIsEveryConfigurationUnderEveryFault(t *testing.T) {
	jobs, err := durability().jobs()
	require.NoError(t, err)
	require.Len(t, jobs, 27)

	controls := map[string]int{}
	names := map[string]bool{}
	for _, j := range jobs {
		names[j.name()] = true
		require.Equal(t, j.schedule.Nodes, j.config.Nodes)
		if j.expect == mustLose {
			controls[j.config.Short()]++
			continue
		}
		for _, step := range j.schedule.Steps {
			require.NotEqual(t, nemesis.Wipe, step.Fault.Kind, "no drawn schedule takes a disk")
		}
	}
	require.Len(t, names, 27, "rows share a name")
	// Each unsafe configuration must be seen to lose; the safe one has nothing to lose.
	require.Equal(t, map[string]int{
		"acks=all min.isr=1": 1, "acks=all min.isr=1 unclean": 1, "acks=1": 1, "acks=0": 1,
	}, controls)
}

func TestARowDealsTheSameAlone(t *testing.T) {
	all, err := durability().jobs()
	require.NoError(t, err)
	d := durability()
	d.Only = "acks=1 × crash"
	alone, err := d.jobs()
	require.NoError(t, err)
	require.Len(t, alone, 1)
	for _, j := range all {
		if j.name() == d.Only {
			require.Equal(t, j.schedule, alone[0].schedule)
			require.Equal(t, j.config.Seed, alone[0].config.Seed)
		}
	}
	typed := durability()
	typed.Only = "acks=1 crash"
	same, err := typed.jobs()
	require.NoError(t, err)
	require.Equal(t, alone, same)
	d.Base.Seed++
	other, err := d.jobs()
	require.NoError(t, err)
	require.NotEqual(t, alone[0].config.Seed, other[0].config.Seed)
}

func TestAQuickSuiteStillHasControls(t *testing.T) {
	d := durability()
	d.Quick = true
	jobs, err := d.jobs()
	require.NoError(t, err)
	require.Len(t, jobs, len(quickRows))
	controls := 0
	for _, j := range jobs {
		if j.expect == mustLose {
			controls++
		}
	}
	require.Equal(t, 2, controls)
}

// What a machine cannot do is told in the table; it fails nobody and passes
// nobody.
func TestRowsThatTheMachineCannotRunAreTold(t *testing.T) {
	d := durability()
	d.Base.Machine.Cannot = map[nemesis.Kind]string{nemesis.SkewClock: "no amd64"}
	d.Only = "acks=all min.isr=2"
	jobs, err := d.jobs()
	require.NoError(t, err)
	cannot := map[string]string{}
	for _, j := range jobs {
		cannot[j.fault] = j.cannot
	}
	require.Equal(t, map[string]string{
		"partition": "", "crash": "", "pause": "", "mixed": "", "clock": "no amd64", "clock-sessions": "no amd64",
	}, cannot)
	runs, _, err := d.Plan(Batch{Parallel: 1})
	require.NoError(t, err)
	require.Equal(t, 4, runs)

	d.Only = "clock"
	jobs, err = d.jobs()
	require.NoError(t, err)
	rows, crash := Batch{Parallel: 1}.run(t.Context(), jobs, "build")
	require.NoError(t, crash)
	require.Equal(t, "not run: no amd64", rows[0].Verdict)
	require.Equal(t, checker.Skipped, rows[0].Grade)
	require.Equal(t, 2, Exit(rows), "nothing was run")
	require.Equal(t, 0, Exit(append(rows, Row{Grade: checker.OK})))
	require.Equal(t, 1, Exit(append(rows, Row{Grade: checker.Violation})))
}

func TestSuitesThatCannotBeAreRefused(t *testing.T) {
	d := durability()
	d.Only = "acks=7"
	_, _, err := d.Plan(Batch{Parallel: 1})
	var bad *InputError
	require.ErrorAs(t, err, &bad)
	require.EqualError(t, err, `only is "acks=7", allowed is a part of a row's name, such as "acks=all min.isr=2 partition", "acks=0 acks0-loss" or "crash"`)

	d = durability()
	d.Base.Rate = 1
	_, err = d.Run(context.Background(), Batch{Parallel: 1})
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, "rate is 1, allowed are 20 to 20000")

	d = durability()
	d.Base.Broker = "/no/such/broker"
	_, err = d.Run(context.Background(), Batch{Parallel: 1})
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, `broker is "/no/such/broker", allowed is the path of an ackbroker binary`)
}

func TestComparedConfigurationsSufferTheSame(t *testing.T) {
	c := Compare{Base: Defaults(), Acks: []string{"0", "1", "all"}, MinISRs: []int{1, 2}}
	jobs, err := c.jobs()
	require.NoError(t, err)
	require.Len(t, jobs, 6)
	labels := map[string]bool{}
	for _, j := range jobs {
		labels[j.label] = true
		require.Equal(t, jobs[0].schedule, j.schedule)
		require.Equal(t, jobs[0].config.Seed, j.config.Seed)
	}
	require.Len(t, labels, 6, "rows share a name")
	require.True(t, labels["acks=0 min.isr=2"])
	c.MinISRs = []int{9}
	_, err = c.Run(context.Background(), Batch{})
	require.EqualError(t, err, "min-isr is 9, allowed are 1 to 3")
}

func TestTimeExpectedIsSharedByParallelRuns(t *testing.T) {
	_, one, err := durability().Plan(Batch{Parallel: 1})
	require.NoError(t, err)
	_, two, err := durability().Plan(Batch{Parallel: 2})
	require.NoError(t, err)
	require.Equal(t, one/2, two)
}
