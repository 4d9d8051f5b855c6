package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/server"
	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// program is the path of the real binary, for tests that need a process of its
// own: to kill it, or to see all that it writes.
var program string

// TestMain builds the real binaries once, side by side as make build does, and
// lets the test binary be the broker, as the real one is.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == tellTime:
		if err := clock.Answer(os.Stdin, os.Stdout); err != nil {
			os.Exit(exitCrash)
		}
		os.Exit(exitValid)
	case filepath.Base(os.Args[0]) == brokerName:
		os.Exit(server.Main(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	case len(os.Args) == 2 && os.Args[1] == workerCommand:
		// A worker of a command under test is this binary: it must not run the tests
		// again, each of which would start workers.
		os.Exit(Main(os.Args[0], os.Args[1:], os.Stdout, os.Stderr))
	}
	dir, err := os.MkdirTemp("", "ackproof-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "ackproof")
	build := exec.Command("go", "build", "-o", dir, "../...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // containers take static ones only
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func call(args ...string) (exit int, stdout, stderr string) {
	var out, err bytes.Buffer
	exit = Main("ackproof", args, &out, &err)
	return exit, out.String(), err.String()
}

// Every mistake is one line that names what is wrong, and starts nothing.
func TestBadArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("history.jsonl", []byte(`{"format":"ackproof-history","version":2}`+"\n"), 0o644))
	require.NoError(t, os.WriteFile("schedule.json", []byte(`{"format":"ackproof-schedule","version":1,"name":"x","seed":1,"nodes":3,"length_ms":9000,
		"steps":[{"id":1,"at_ms":1000,"for_ms":2000,"fault":{"kind":"kill","target":"node:7"}}]}`), 0o644))
	require.NoError(t, os.WriteFile("good.json", []byte(schedule("leader")), 0o644))
	tests := []struct {
		args string
		want string
	}{
		{"rum", `ackproof: unknown command "rum" (did you mean run?), allowed are run, suite`},
		{"run --nemisis kill", "ackproof run: unknown flag --nemisis (did you mean --nemesis?); ackproof run --help lists the flags"},
		{"run --nemesis unclean-loss --nodes 3", "ackproof run: nodes is 3, allowed with schedule unclean-loss is 5"},
		{"help fly", `ackproof: unknown command "fly", allowed are run`},
		{"fly", `ackproof: unknown command "fly", allowed are run, suite, compare, check, replay, shrink, explore, mutants, cluster, `},
		{"explore --acks 2", `ackproof explore: acks is "2", allowed are`},
		{"explore --jobs 0", "ackproof explore: jobs is 0, allowed are 1 to 256"},
		{"explore --seeds -1", "ackproof explore: seeds is -1, allowed is 0 and above"},
		{"explore --for now", "allowed is a time such as 30s or 10m"},
		{"explore --length 1s", "ackproof explore: length in ms is 1000, allowed are 2000 to 600000"},
		{"explore --resume nowhere", "ackproof explore: nothing to resume: open nowhere/explore.json"},
		{"explore --resume x --mutant 14", "ackproof explore: mutant is given, allowed with an exploration without --resume only"},
		{"explore --from x --acks all", "ackproof explore: acks is given, allowed with an exploration without --from only"},
		{"explore --from nowhere", "ackproof explore: explore from: "},
		{"explore --hashes nowhere/x", "ackproof explore: hashes: open nowhere/x"},
		{"mutants --only 999", `ackproof mutants: mutant "999" is unknown: allowed are`},
		{"mutants --budget x", "allowed is a time such as 30s or 5m"},
		{"doctor now", `ackproof doctor: argument "now" is not expected`},
		{"run --fast", "ackproof run: unknown flag --fast; ackproof run --help lists the flags"},
		{"run extra", `ackproof run: argument "extra" is not expected`},
		{"run --acks 2", `ackproof run: acks is "2", allowed are all, 1, 0`},
		{"run --min-isr two", `ackproof run: invalid value "two" for flag --min-isr: allowed is a whole number`},
		{"run --min-isr 9", "ackproof run: min-isr is 9, allowed are 1 to 3"},
		{"run --for long", `ackproof run: invalid value "long" for flag --for: allowed is a time such as 60s or 2m`},
		{"run --for 1s", "ackproof run: for is 1s, allowed are 5s to 24h0m0s"},
		{"run --seed -1", `ackproof run: invalid value "-1" for flag --seed: allowed is a whole number from 0 up`},
		{"run --seed", "ackproof run: flag needs an argument: --seed"},
		{"run --unclean=maybe", `ackproof run: invalid boolean value "maybe" for --unclean: `},
		{"run --for 20s --nemesis acks1-loss", "ackproof run: for is 20s, allowed with schedule acks1-loss is none: it has its own, "},
		{"run --for 20s --schedule good.json", "ackproof run: for is 20s, allowed with schedule x is none: it has its own, 9s"},
		{"check history.jsonl --edn x", "ackproof check: history.jsonl:1: "},
		{"run --nemesis fire", `ackproof run: nemesis is "fire", allowed are partition,`},
		{"run --nemesis ,", `ackproof run: invalid value "," for flag --nemesis: allowed are words separated by commas`},
		{"run --mutant nonsense", `ackproof run: mutant "nonsense" is unknown: allowed are`},
		{"run --schedule nothing.json", "ackproof run: "},
		{"run --schedule schedule.json", "node:7"},
		{"run --flush sometimes", `ackproof run: flush is "sometimes", allowed are never, interval, before-ack`},
		{"run --broker /no/such/file", `ackproof run: broker is "/no/such/file", allowed is the path of an ackbroker binary`},
		{"run --cluster cloud", `ackproof run: cluster is "cloud", allowed are local, docker`},
		{"suite", `ackproof suite: suite is "", allowed is durability`},
		{"suite speed", `ackproof suite: suite is "speed", allowed is durability`},
		{"suite durability --parallel 0", "ackproof suite: parallel is 0, allowed are 1 to 16"},
		{"suite durability --only nonsense", `ackproof suite: only is "nonsense", allowed is a part of a row's name`},
		{"compare --min-isr x", `ackproof compare: min-isr is "x", allowed are whole numbers separated by commas`},
		{"compare --acks 3", `ackproof compare: acks is "3", allowed are all, 1, 0`},
		{"check", "ackproof check: allowed is one argument, a folder of a run or a suite, or a history file, not 0"},
		{"check nothing", "ackproof check: stat nothing: no such file or directory"},
		{"check .", "ackproof check: . has no run.json, allowed is a folder of a run or a suite, or a history file"},
		{"check history.jsonl", "ackproof check: history.jsonl:1: header: version is 2, allowed is 1"},
		{"replay", "ackproof replay: allowed is one argument, a run's folder or a case's file, not 0"},
		{"replay nothing", "ackproof replay: stat nothing: no such file or directory"},
		{"shrink nothing.json --jobs 0", "ackproof shrink: jobs is 0, allowed are 1 to 256"},
		{"bench --shrink --gallery nothing", `ackproof bench: gallery is "nothing", allowed is a folder with exhibits`},
		{"bench --shrink --jobs 0", "ackproof bench: jobs is 0, allowed are 1 to 256"},
		{"bench --shrink --faults", "ackproof bench: faults and shrink are given, allowed is one of them"},
		{"bench --faults --only x", "ackproof bench: only is given, allowed with --shrink only"},
		{"bench --keep x", "ackproof bench: keep is given, allowed with --shrink only"},
		{"bench --into x", "ackproof bench: into is given, allowed with --faults or --shrink only"},
		{"bench --shrink --into nothing.md", "ackproof bench: into: open nothing.md: no such file or directory"},
		{"replay nothing -n 0", "ackproof replay: n is 0, allowed is 1 and above"},
		{"cluster", `ackproof cluster: cluster is "", allowed are up, down, topic`},
		{"cluster up --nodes 0", "ackproof cluster: nodes is 0, allowed are 1 to 9"},
		{"cluster down --dir nothing", "ackproof cluster: no cluster is up in nothing"},
		{"nemesis", `ackproof nemesis: nemesis is "", allowed are apply KIND TARGET, heal [STEP], list`},
		{"nemesis apply kill", "ackproof nemesis: apply: allowed are a kind (partition, "},
		{"nemesis heal all", `ackproof nemesis: heal: step is "all", allowed is a number that list shows, or none for all`},
		{"nemesis list --rate 2", `ackproof nemesis: --rate: allowed with apply only, not with "list"`},
		{"nemesis apply clock leader --offset far", `ackproof nemesis: invalid value "far" for flag --offset: allowed is a time such as 60s or 2m`},
		{"nemesis list --dir nothing", "ackproof nemesis: no cluster is up in nothing"},
		{"bench --faults --into nothing.md", "ackproof bench: into: open nothing.md: no such file or directory"},
		{"cluster up --cluster cloud", `ackproof cluster: cluster is "cloud", allowed are local, docker`},
		{"version now", `ackproof version: argument "now" is not expected`},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			exit, stdout, stderr := call(strings.Fields(tt.args)...)
			require.Equal(t, exitBadInput, exit, stderr)
			require.Contains(t, stderr, tt.want)
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
			require.Empty(t, stdout)
		})
	}
	left, err := filepath.Glob("results/*")
	require.NoError(t, err)
	require.Empty(t, left, "a refused command left something behind")
}

func TestHelpIsAsked(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"run", "--help"}, {"help", "run"}, {"suite", "-h"}} {
		exit, stdout, stderr := call(args...)
		require.Equal(t, exitValid, exit)
		require.Contains(t, stdout, "ackproof")
		require.Empty(t, stderr)
	}
	exit, stdout, _ := call()
	require.Equal(t, exitBadInput, exit)
	require.Contains(t, stdout, "exit codes: 0 valid, 1 invalid, 2 unknown, 254 bad arguments, 255 ackproof failed")
}

func TestOnlyTheFirstFailuresSayWhatToType(t *testing.T) {
	var stdout bytes.Buffer
	a := &app{name: "ackproof", stdout: &stdout}
	rows := []harness.Row{{Dir: "good", Grade: "ok"}, {Grade: "unknown"}}
	for _, dir := range []string{"a", "b", "c", "d", "e"} {
		rows = append(rows, harness.Row{Dir: dir, Grade: "violation"})
	}
	a.next(rows)
	require.Equal(t, `next      ackproof check a
next      ackproof replay a -n 20
next      ackproof check b
next      ackproof replay b -n 20
next      ackproof check c
next      ackproof replay c -n 20
          and so for 2 more
`, stdout.String())
}

func TestVersionIsThatOfTheBroker(t *testing.T) {
	for _, word := range []string{"version", "--version"} {
		exit, stdout, _ := call(word)
		require.Equal(t, exitValid, exit)
		require.Regexp(t, `^ackproof, and with it ackbroker .+\n$`, stdout)
	}
}

// What came of an interruption is told as one, and is unknown.
func TestAnInterruptionIsNoFailure(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stdout: io.Discard, stderr: &stderr}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Equal(t, exitUnknown, a.main(ctx, []string{"bench", "--broker", program}))
	require.Equal(t, "ackproof bench: interrupted\n", stderr.String())
}

func TestRunsAreCounted(t *testing.T) {
	ran, not := harness.Row{Verdict: "ok"}, harness.Row{Verdict: "not run"}
	require.Equal(t, "1 run", runsOf([]harness.Row{ran}))
	require.Equal(t, "2 runs", runsOf([]harness.Row{ran, ran}))
	require.Equal(t, "1 of 3 runs", runsOf([]harness.Row{ran, not, not}))

	stored, simulated := harness.Row{Dir: "run"}, harness.Row{}
	require.Equal(t, "2 runs", storedOf([]harness.Row{stored, stored}))
	require.Equal(t, "1 of 2 rows (simulations are not stored)", storedOf([]harness.Row{stored, simulated}), "simulated rows have nothing to be judged again")
}

func TestFlagsMayFollowArguments(t *testing.T) {
	a := &app{}
	f := a.flags("x", "")
	n := 1
	f.whole(&n, "n", "how many")
	rest, err := f.parse([]string{"one", "-n", "20", "two", "--n=30"})
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two"}, rest)
	require.Equal(t, 30, n)
}

func TestACrashIsOneLineAndAFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	require.Equal(t, exitCrash, a.crashed("index out\nof range", []byte("goroutine 1")))
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	require.Contains(t, stderr.String(), "ackproof: crashed: index out; of range; its stack is in ")
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "ackproof-crash-*.log"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	stack, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Contains(t, string(stack), "goroutine 1")
}

func TestWhatMainSaysOfErrors(t *testing.T) {
	tests := []struct {
		err  error
		exit int
		want string
	}{
		{badInput("n is %d", 0), exitBadInput, "ackproof run: n is 0\n"},
		{os.ErrPermission, exitCrash, "ackproof run: permission denied\n"},
		{nil, exitUnknown, ""},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		a := &app{stderr: &stderr}
		require.Equal(t, tt.exit, a.exit(command{name: "run"}, exitUnknown, tt.err))
		require.Equal(t, tt.want, stderr.String())
	}
}

func TestProgressIsPlainWhereNobodyCanSeeItMove(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	p := a.progress()
	tellBatch(p, harness.BatchProgress{Done: 0, Total: 2, Running: []string{"acks=1 × crash: hurting"}})
	require.Empty(t, stderr.String())
	tellBatch(p, harness.BatchProgress{Done: 1, Total: 2, Finished: &harness.Row{
		Name: "acks=1", Fault: "crash", Verdict: "ok",
	}})
	require.Equal(t, "[1/2] acks=1                      crash          ok\n", stderr.String())

	stderr.Reset()
	terminal := report.NewProgress(&stderr, true, 80)
	tellRun(terminal, harness.Progress{Stage: "hurting", New: true, Acked: 7, Elapsed: 3e9, Expected: 10e9})
	require.Equal(t, "    3s  hurting\n    3s  hurting (7 acked, about 7s left)", stderr.String())
}
