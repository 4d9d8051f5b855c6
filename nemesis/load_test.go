package nemesis

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// good is a valid schedule that tests damage in one place.
const good = `{
  "format": "ackproof-schedule",
  "version": 1,
  "name": "test",
  "seed": 18446744073709551615,
  "nodes": 3,
  "length_ms": 10000,
  "steps": [
    {"id": 1, "at_ms": 2000, "for_ms": 1000, "fault": {"kind": "partition", "target": "leader", "shape": "isolate"}},
    {"id": 2, "at_ms": 4000, "for_ms": 1000, "fault": {"kind": "kill", "target": "node:3"}}
  ]
}`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schedule.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestLoadReadsWhatSaveWrote(t *testing.T) {
	s, err := Load(write(t, good))
	require.NoError(t, err)
	require.Equal(t, uint64(1<<64-1), s.Seed)
	require.Equal(t, Fault{Kind: Kill, Target: Node(3)}, s.Steps[1].Fault)
	path := filepath.Join(t.TempDir(), "copy.json")
	require.NoError(t, s.Save(path))
	again, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, s, again)
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"other format":       {"ackproof-schedule", "ackproof-history", `format "ackproof-history": allowed is "ackproof-schedule"`},
		"other version":      {`"version": 1`, `"version": 2, "shiny": true`, "version 2: this build reads version 1 only"},
		"unknown field":      {`"name"`, `"title"`, `line 4: field "title": unknown, allowed are those of docs/schedule.md`},
		"field elsewhere":    {`"kind": "kill"`, `"seed": 0, "kind": "kill"`, `line 10: field "seed": unknown, allowed are those of docs/schedule.md`},
		"wrong type":         {"4000", `"soon"`, "line 10: field steps.at_ms: a JSON string does not fit, allowed is int64"},
		"not JSON":           {`"version": 1,`, `"version": 1`, "line 4: not JSON: invalid character"},
		"cut off":            {"]\n}", "", "line 11: not JSON: unexpected end of JSON input"},
		"more behind":        {"]\n}", "]\n}{}", "line 12: not JSON: invalid character"},
		"no nodes":           {`"nodes": 3`, `"nodes": 0`, "nodes 0: allowed are 1 to 99"},
		"no length":          {`"length_ms": 10000`, `"length_ms": 0`, "length_ms 0: allowed is 1 or more"},
		"negative time":      {"2000", "-5", "steps[0] (id 1): at_ms -5: allowed are 0 to length_ms (10000)"},
		"negative span":      {`"at_ms": 4000, "for_ms": 1000`, `"at_ms": 4000, "for_ms": -1`, "steps[1] (id 2): for_ms -1: allowed are 1 to 6000"},
		"beyond the end":     {"4000", "9500", "steps[1] (id 2): for_ms 1000: allowed are 1 to 500, so that the step heals within length_ms (10000)"},
		"beyond any end":     {`"at_ms": 4000, "for_ms": 1000`, `"at_ms": 4000, "for_ms": 9223372036854775807`, "for_ms 9223372036854775807: allowed are 1 to 6000"},
		"out of order":       {"2000", "7000", "steps[1] (id 2): at_ms 4000: the step before begins at 7000, allowed is 7000 or more"},
		"same id":            {`"id": 2`, `"id": 1`, "steps[1]: id 1: already used"},
		"no id":              {`"id": 2`, `"id": 0`, "steps[1] (id 0): id 0: allowed is 1 or more"},
		"unknown node":       {"node:3", "node:7", `steps[1] (id 2): fault: target "node:7": allowed nodes are node:1 to node:3`},
		"node by a nickname": {"node:3", "node:03", `target "node:03": allowed nodes are node:1 to node:3`},
		"unknown target":     {"node:3", "king", `target "king": allowed are leader, controller, follower, replica, followers, laggard, last-isr, majority, all, node:N`},
		"unknown kind":       {`"kind": "kill"`, `"kind": "meteor"`, `kind "meteor": allowed are partition, kill, stop, pause, wipe, clock, elect, power, disk, delay, loss, reset, reorder`},
		"unknown shape":      {"isolate", "star", `shape "star": allowed are isolate, pair, halves, one-way-in, one-way-out, ring, bridge`},
		"no shape":           {`, "shape": "isolate"`, "", `shape "": allowed are isolate`},
		"small ring":         {"isolate", "ring", `shape "ring": allowed with 5 nodes or more, the schedule has 3`},
		"small bridge":       {"isolate", "bridge", `shape "bridge": allowed with 5 nodes or more, the schedule has 3`},
		"kill with a shape":  {`"target": "node:3"`, `"target": "node:3", "shape": "ring"`, `shape "ring": allowed in faults of links only, not in a kill`},
		"kill with a clock":  {`"target": "node:3"`, `"target": "node:3", "clock": {"rate": 2}`, "clock x2: allowed in a clock fault only, not in a kill"},
		"no clock":           {`"kind": "kill"`, `"kind": "clock"`, "clock: offset_ms 0 with rate 0: nothing is wrong with that clock"},
		"clock at its rate":  {`"kind": "kill"`, `"kind": "clock", "clock": {"rate": 1}`, "clock: offset_ms 0 with rate 1: nothing is wrong with that clock"},
		"clock far off":      {`"kind": "kill"`, `"kind": "clock", "clock": {"offset_ms": 400000000000}`, "clock: offset_ms 400000000000: allowed are -315360000000 to 315360000000 (ten years)"},
		"clock too fast":     {`"kind": "kill"`, `"kind": "clock", "clock": {"rate": 101}`, "clock: rate 101: allowed are 0.01 to 100"},
		"slow strobe":        {`"kind": "kill"`, `"kind": "clock", "clock": {"offset_ms": 1, "strobe_period_ms": 3600001}`, "clock: strobe_period_ms 3600001: allowed are 0 to 3600000 (an hour)"},
		"strobe of nothing":  {`"kind": "kill"`, `"kind": "clock", "clock": {"rate": 2, "strobe_period_ms": 5}`, "clock: strobe_period_ms 5: allowed is 0 without an offset_ms that comes and goes"},
		"kill with a delay":  {`"target": "node:3"`, `"target": "node:3", "delay_ms": 5`, "delay_ms 5: allowed in a delay or a reorder only, not in a kill"},
		"cut with a jitter":  {`"isolate"`, `"isolate", "jitter_ms": 5`, "jitter_ms 5: allowed in a delay or a reorder only, not in a partition"},
		"cut with a loss":    {`"isolate"`, `"isolate", "loss_percent": 5`, "loss_percent 5: allowed in a loss only, not in a partition"},
		"delay of nothing":   {`"partition"`, `"delay"`, "delay_ms 0: allowed in a delay are 1 to 60000"},
		"long delay":         {`"partition"`, `"delay", "delay_ms": 60001`, "delay_ms 60001: allowed are 0 to 60000"},
		"negative jitter":    {`"partition"`, `"delay", "delay_ms": 5, "jitter_ms": -1`, "jitter_ms -1: allowed are 0 to 60000"},
		"loss of nothing":    {`"partition"`, `"loss"`, "loss_percent 0: allowed in a loss is more, up to 100"},
		"loss of too much":   {`"partition"`, `"loss", "loss_percent": 101`, "loss_percent 101: allowed are 0 to 100"},
		"reorder in step":    {`"partition"`, `"reorder", "delay_ms": 5`, "jitter_ms 0: allowed is 1 or more where packets overtake"},
		"slow replies":       {`"partition", "target": "leader", "shape": "isolate"`, `"reset", "target": "leader", "shape": "one-way-out", "clients": true`, "clients true: what goes to clients can only be cut, allowed with one-way-out in a reset is false"},
		"kill with a disk":   {`"target": "node:3"`, `"target": "node:3", "disk": "eio"`, `disk "eio": allowed in a disk fault only, not in a kill`},
		"no disk":            {`"kind": "kill"`, `"kind": "disk"`, `disk "": allowed are eio, full, stall`},
		"a strange disk":     {`"kind": "kill"`, `"kind": "disk", "disk": "slow"`, `disk "slow": allowed are eio, full, stall`},
		"torn kill":          {`"target": "node:3"`, `"target": "node:3", "torn": true`, "torn true: allowed in a power fault only, not in a kill"},
		"powered-off kill":   {`"target": "node:3"`, `"target": "node:3", "power_off": true`, "power_off true: allowed in a stop only, not in a kill"},
		"power in mid-step":  {`"kind": "kill"`, `"kind": "power", "mid_step": true`, "mid_step true: allowed in a kill only, not in a power"},
		"two leaders":        {`"kind": "kill", "target": "node:3"`, `"kind": "elect", "target": "all"`, `target "all": an elect makes one node the leader, allowed are leader, controller, follower, replica, laggard, last-isr, node:N`},
		"elect followers":    {`"kind": "kill", "target": "node:3"`, `"kind": "elect", "target": "followers"`, `target "followers": an elect makes one node the leader`},
		"kill with clients":  {`"target": "node:3"`, `"target": "node:3", "clients": true`, "clients true: allowed in faults of links only, not in a kill"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, test.old)
			path := write(t, strings.Replace(good, test.old, test.new, 1))
			_, err := Load(path)
			require.ErrorContains(t, err, "load schedule "+path+": ")
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestValidateShapesAgainstClusterSize(t *testing.T) {
	fault := Fault{Kind: Partition, Target: Leader, Shape: Ring, Clients: true}
	require.EqualError(t, fault.validate(5), "clients true: a ring has no side that clients could be on the other of, allowed is false")
	fault = Fault{Kind: Partition, Target: Leader, Shape: Isolate}
	require.EqualError(t, fault.validate(1), `kind "partition": allowed with 2 nodes or more, the schedule has 1`)
}

func TestLoadAndSaveNameTheFile(t *testing.T) {
	_, err := Load("no/such/schedule.json")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "no/such/schedule.json")
	s, err := Load(write(t, good))
	require.NoError(t, err)
	require.ErrorIs(t, s.Save("no/such/schedule.json"), os.ErrNotExist)
	s.Nodes = 0
	path := filepath.Join(t.TempDir(), "schedule.json")
	require.EqualError(t, s.Save(path), "save schedule "+path+": nodes 0: allowed are 1 to 99")
	require.NoFileExists(t, path)
}

// The document's example is a schedule, and its tables name every field.
func TestDocumentedFormat(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "schedule.md"))
	require.NoError(t, err)
	_, example, found := strings.Cut(string(text), "```json\n")
	require.True(t, found)
	example, _, found = strings.Cut(example, "```")
	require.True(t, found)
	s, err := parse([]byte(example))
	require.NoError(t, err)

	full := s.Steps[0]
	full.Fault.Clients = true
	full.Fault.Delay, full.Fault.Jitter, full.Fault.Loss = 1, 2, 3
	full.Fault.Torn, full.Fault.MidStep, full.Fault.Disk = true, true, DiskFull
	full.Fault.Clock = Clock{Offset: 1, Rate: 2, StrobePeriod: 3}
	data, err := json.Marshal(Schedule{Steps: []Step{full}})
	require.NoError(t, err)
	for _, field := range fieldNames(t, data) {
		require.Contains(t, string(text), "| `"+field+"` |", "docs/schedule.md has a row for every field")
	}
	for _, word := range strings.Split(words(allKinds)+", "+words(allShapes)+", "+words(roleTargets)+", "+words(diskModes), ", ") {
		require.Contains(t, string(text), "| `"+word+"` |", "docs/schedule.md has a row for every value")
	}
	for _, name := range DirectedNames() {
		require.Contains(t, string(text), "| `"+name+"` |")
	}
}

// fieldNames lists all keys in a JSON text.
func fieldNames(t *testing.T, data []byte) []string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(data, &value))
	var names []string
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, inner := range v {
				names = append(names, key)
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(value)
	return names
}
