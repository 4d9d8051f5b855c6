package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Lines of a history, for files that are spoilt.
const (
	header = `{"format":"ackproof-history","version":1,"run":"x","created":"2026-01-01T00:00:00Z","seed":1,"workload":"log",` +
		`"cluster":"local","nodes":3,"broker":"x","config":{"acks":"all","min_isr":2,"replication_factor":3,` +
		`"unclean_election":false,"flush":"never","idempotent":true}}` + "\n"
	sent  = `{"i":0,"t":1,"p":0,"type":"invoke","f":"send","topic":"log","value":1}` + "\n"
	acked = `{"i":1,"t":2,"p":0,"type":"ok","f":"send","topic":"log","value":1,"offset":0}` + "\n"
)

// schedule is one kill of a target.
func schedule(target string) string {
	return `{"format":"ackproof-schedule","version":1,"name":"x","seed":1,"nodes":3,"length_ms":9000,
		"steps":[{"id":1,"at_ms":1000,"for_ms":2000,"fault":{"kind":"kill","target":"` + target + `"}}]}`
}

// aCase is a case in which nothing happens, under the given acks.
func aCase(acks string) string {
	return `{"format":"ackproof-case","version":1,"name":"x","seed":1,"config":{"acks":"` + acks + `","min_isr":1,
		"replication_factor":1,"unclean_election":false,"flush":"never","idempotent":false},"partitions":1,
		"clients":{"producers":1,"lanes":1,"consumers":0,"probers":0,"rate":10,"read_every_ms":100},
		"times":{"session_ms":1000,"heartbeat_ms":250,"lag_ms":1000,"fetch_wait_ms":200,"fetch_backoff_ms":100,
		"request_ms":1000,"raft_tick_ms":100,"checkpoint_ms":1000},"weather":{},
		"schedule":{"format":"ackproof-schedule","version":1,"name":"none","seed":0,"nodes":1,"length_ms":500,"steps":[]}}`
}

// execute runs the real binary in dir to its end.
func execute(t *testing.T, dir string, as *syscall.Credential, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &err
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if failed := cmd.Run(); failed != nil {
		var exited *exec.ExitError
		require.True(t, errors.As(failed, &exited), failed)
	}
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

// Whatever is wrong with what the user gives, the program says so in one line
// and leaves everything as it is.
func TestBadInputIsOneLine(t *testing.T) {
	files := map[string]string{
		"middle.jsonl":  header + sent + acked[:30] + "\n" + sent,
		"version.jsonl": strings.Replace(header, `"version":1`, `"version":9`, 1),
		"format.jsonl":  strings.Replace(header, "ackproof-history", "jepsen", 1),
		"empty.jsonl":   "",
		"node.json":     schedule("node:7"),
		"role.json":     schedule("king"),
		"version.json":  strings.Replace(schedule("leader"), `"version":1`, `"version":9`, 1),
		"torn.json":     schedule("leader")[:90],
		"file":          "",
		"case.json":     aCase("all"),
		"badcase.json":  aCase("some"),
		"oldcase.json":  strings.Replace(aCase("all"), `"version":1`, `"version":9`, 1),
		"run/run.json":  `{"format":"ackproof-run","version":9}`,

		"gallery/fails/case.json":    strings.Replace(aCase("all"), `"weather"`, `"expect":{"failure":"unseen"},"weather"`, 1),
		"gallery/silent/case.json":   aCase("all"),
		"gallery/expected/case.json": strings.Replace(aCase("all"), `"weather"`, `"expect":{"failure":""},"weather"`, 1),
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"chekc", "x"}, `ackproof: unknown command "chekc" (did you mean check?), allowed are run, `},
		{"unknown flag", []string{"run", "--aks", "all"}, "ackproof run: unknown flag --aks (did you mean --acks?); "},
		{"value of a flag", []string{"run", "--acks", "some"}, `ackproof run: acks is "some", allowed are all, 1, 0`},
		{"history torn in the middle", []string{"check", "middle.jsonl"}, "ackproof check: middle.jsonl:3: "},
		{"history of another version", []string{"check", "version.jsonl"}, "ackproof check: version.jsonl:1: header: version is 9, allowed is 1"},
		{"history of another format", []string{"check", "format.jsonl"}, `ackproof check: format.jsonl:1: header: format is "jepsen", allowed is "ackproof-history"`},
		{"history without a header", []string{"check", "empty.jsonl"}, "ackproof check: empty.jsonl:1: header: missing"},
		{"run of another version", []string{"check", "run"}, "ackproof check: run/run.json: version is 9, allowed is 1"},
		{"schedule with a node that is not", []string{"run", "--schedule", "node.json"}, "node:7"},
		{"schedule with a role that is not", []string{"run", "--schedule", "role.json"}, `"king"`},
		{"schedule of another version", []string{"run", "--schedule", "version.json"}, "version.json: version 9: "},
		{"schedule that is torn", []string{"run", "--schedule", "torn.json"}, "torn.json: line 2: not JSON: "},
		{"schedule of other nodes", []string{"run", "--schedule", "role.json", "--nodes", "5"}, "role.json"},
		{"results are a file", []string{"run", "--results", "file"}, `ackproof run: results is "file", allowed is a folder that can be written to: `},
		{"results below a file", []string{"suite", "durability", "--cluster", "local", "--results", "file/x"}, `ackproof suite: results is "file/x", allowed is a folder that can be written to: `},
		{"cluster below a file", []string{"cluster", "up", "--dir", "file/x"}, "ackproof cluster: dir: mkdir file: not a directory"},
		{"case with a value that is not", []string{"replay", "badcase.json"}, `ackproof replay: load case badcase.json: config: acks is "some", allowed are `},
		{"case of another version", []string{"shrink", "oldcase.json"}, `ackproof shrink: load case oldcase.json: format "ackproof-case" version 9: allowed is "ackproof-case" version 1`},
		{"schedule as a case", []string{"shrink", "role.json"}, `ackproof shrink: load case role.json: format "ackproof-schedule" version 1: allowed is "ackproof-case"`},
		{"case that is not there", []string{"shrink", "no.json"}, "ackproof shrink: load case: open no.json: no such file or directory"},
		{"no case", []string{"shrink"}, "ackproof shrink: allowed is one argument, the file of a case, not 0"},
		{"case that does not fail", []string{"shrink", "case.json"}, "ackproof shrink: case.json: nothing fails in it"},
		{"result into a folder that is not", []string{"shrink", "case.json", "-o", "no/such.json"}, `ackproof shrink: o is "no/such.json", allowed is a file that can be written to: `},
		{"time to shrink", []string{"shrink", "case.json", "--for", "0s"}, `ackproof shrink: invalid value "0s" for flag --for: allowed is a time such as 60s or 2m`},
		{"node of a trace", []string{"replay", "case.json", "--trace", "--node", "2"}, "ackproof replay: node is 2, allowed are 1 to 1, and 0 for all"},
		{"partition of a trace", []string{"replay", "case.json", "--trace", "--partition", "1"}, "ackproof replay: partition is 1, allowed are 0 to 0"},
		{"event of a trace", []string{"replay", "case.json", "--until", "0"}, `ackproof replay: invalid value "0" for flag --until: allowed is the number of an event, from 1 up, or a time such as 4s`},
		{"folder without a run", []string{"replay", "gallery"}, "ackproof replay: gallery has no run.json, allowed is a folder of a run, or the file of a case"},
		{"folder as a case", []string{"shrink", "run"}, "ackproof shrink: run is a folder, allowed is the file of a case; "},
		{"partition of another topic", []string{"replay", "case.json", "--partition", "demo-0"}, `ackproof replay: invalid value "demo-0" for flag --partition: allowed is a partition such as log-0, or its number, from 0 up`},
		{"loads in a bench of faults", []string{"bench", "--faults", "--each", "1s"}, "ackproof bench: each is given, allowed with loads (no --faults, no --shrink) only"},
		{"broker in a bench of faults", []string{"bench", "--faults", "--broker", "x"}, "ackproof bench: broker is given, allowed with loads (no --faults, no --shrink) only"},
		{"flush in a bench of shrinking", []string{"bench", "--shrink", "--flush", "never"}, "ackproof bench: flush is given, allowed with loads (no --faults, no --shrink) only"},
		{"rounds of a bench of shrinking", []string{"bench", "--shrink", "--rounds", "2"}, "ackproof bench: rounds is given, allowed with loads or --faults only"},
		{"steps without a terminal", []string{"replay", "case.json", "--step"}, "ackproof replay: step is true, allowed with a terminal to read from only; "},
		{"flag of runs with a case", []string{"replay", "case.json", "-n", "3"}, "ackproof replay: n is given, allowed with a run's folder only"},
		{"flag of cases with a run", []string{"replay", "run", "--trace"}, "ackproof replay: trace is given, allowed with a case's file only"},
		{"exhibit that expects nothing", []string{"bench", "--shrink", "--gallery", "gallery", "--only", "silent"}, `ackproof bench: gallery/silent/case.json: expect.failure is "", allowed is the class of what fails`},
		{"exhibit that expects no failure", []string{"bench", "--shrink", "--gallery", "gallery", "--only", "expected"}, `ackproof bench: gallery/expected/case.json: expect.failure is "", allowed is the class of what fails`},
		{"folder to keep that is a file", []string{"bench", "--shrink", "--gallery", "gallery", "--only", "fails", "--keep", "file"}, `ackproof bench: keep is "file", allowed is a folder that can be written to: `},
		{"EDN into a folder that is not", []string{"check", "end.jsonl", "--edn", "no/such.edn"}, `ackproof check: edn is "no/such.edn", allowed is a file that can be written to: `},
	}
	files["end.jsonl"] = header + sent + acked
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exit, stdout, stderr := execute(t, dir, nil, tt.args...)
			require.Equal(t, exitBadInput, exit, stderr)
			require.Contains(t, stderr, tt.want)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			require.NotContains(t, stdout, "verdict")
		})
	}
	for name, text := range files {
		now, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, text, string(now), name)
	}
	require.NoDirExists(t, filepath.Join(dir, "results"))
}

// A history whose last line is torn is that of a killed harness: it is judged,
// and the tear is told.
func TestATornLastLineIsTold(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "torn.jsonl"), []byte(header+sent+acked[:30]), 0o644))
	exit, stdout, stderr := execute(t, dir, nil, "check", "torn.jsonl")
	require.Equal(t, exitUnknown, exit)
	require.Contains(t, stdout, "the last line of the history is torn")
	require.Empty(t, stderr)
}

func TestAFolderWithoutWritePermissionIsOneLine(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can become somebody who may not write here")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "ackproof-readonly-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, open := range []string{dir, filepath.Dir(program)} {
		require.NoError(t, os.Chmod(open, 0o755))
	}
	exit, _, stderr := execute(t, dir, &syscall.Credential{Uid: nobody, Gid: nobody}, "run", "--for", "5s")
	require.Equal(t, exitBadInput, exit)
	require.Equal(t, `ackproof run: results is "results", allowed is a folder that can be written to: mkdir results: permission denied`+"\n", stderr)
}
