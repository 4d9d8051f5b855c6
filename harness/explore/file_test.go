package explore

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

func TestACaseComesBackFromItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case.json")
	c := timed()
	c.Name = `quo"te: a, b \`
	c.Expect = &Expectation{Hash: "0123456789abcdef", Failure: "unseen"}
	require.NoError(t, c.Save(path))
	back, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, c, back)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), "\n    {\"at_ms\": 1200, \"worker\": \"producer 0/0\", \"f\": \"send\", \"partition\": 0},\n")

	// A plan in which nothing is left to do is not the same as none.
	c.Plan = []workloads.Op{}
	require.NoError(t, c.Save(path))
	back, err = Load(path)
	require.NoError(t, err)
	require.Equal(t, c, back)
}

func TestWhatIsWrongWithAFileIsNamed(t *testing.T) {
	good, err := timed().text()
	require.NoError(t, err)
	for name, tt := range map[string]struct{ old, new, want string }{
		"other format":    {`"ackproof-case"`, `"jepsen"`, `format "jepsen" version 1: allowed is "ackproof-case" version 1`},
		"other version":   {`"version": 1`, `"version": 9`, `format "ackproof-case" version 9`},
		"unknown field":   {`"partitions"`, `"parts"`, `line 7: field "parts": unknown, allowed are those of docs/case.md`},
		"field elsewhere": {`"producers"`, `"partitions"`, `line 8: field "partitions": unknown, allowed are those of docs/case.md`},
		"wrong type":      {`"partitions": 1`, `"partitions": "1"`, "line 7: field partitions: a JSON string does not fit, allowed is int32"},
		"torn":            {`"partitions": 1`, `"partitions" 1`, "line 7: not JSON: "},
		"acks":            {`"acks": "all"`, `"acks": "some"`, `config: acks is "some", allowed are `},
		"replicas":        {`"replication_factor": 3`, `"replication_factor": 4`, "config: replication_factor is 4, allowed are 1 to 3 (nodes)"},
		"fetch bytes":     {`"partitions": 1`, `"partitions": 1, "fetch_bytes": 3000000000`, "fetch_bytes is 3000000000, allowed are 0 to 2147483647"},
		"worker":          {`"producer 0/0"`, `"producer 9/0"`, `workload: plan: op 0: worker "producer 9/0", allowed are `},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "case.json")
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(good), tt.old, tt.new, 1)), 0o644))
			_, err := Load(path)
			require.ErrorContains(t, err, "load case "+path+": "+tt.want)
		})
	}
	_, err = Load("no/such/case.json")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, Case{}.Save("x.json"), "save case x.json: format")
	require.NoFileExists(t, "x.json")
}

// The document's example is a case that fails as it says, and its tables name
// every field.
func TestDocumentedFormat(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "case.md"))
	require.NoError(t, err)
	_, example, found := strings.Cut(string(text), "```json\n")
	require.True(t, found)
	example, _, found = strings.Cut(example, "```")
	require.True(t, found)
	c, err := parse([]byte(example))
	require.NoError(t, err)
	out, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.Equal(t, c.Expect.Failure, out.Failure.Class)

	fields := fieldNames(reflect.TypeFor[Case]())
	require.Contains(t, fields, "slow_isr_per_mille")
	for _, name := range fields {
		require.True(t, strings.Contains(string(text), "| `"+name+"` |"), "docs/case.md has no row for %s", name)
	}
}

// fieldNames lists the JSON names of a type's fields and of theirs, but for those
// of a schedule, which docs/schedule.md has.
func fieldNames(of reflect.Type) (names []string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[nemesis.Schedule]() {
		return nil
	}
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(append(names, name), fieldNames(of.Field(i).Type)...)
	}
	return names
}

func TestAnExpectationIsCompared(t *testing.T) {
	out, err := Simulate(calm(1), Look{})
	require.NoError(t, err)
	same := *out.Expectation()
	require.Equal(t, "ok, and the same events: as expected", same.Compare(out))
	edited := Expectation{Hash: "0"}
	require.Equal(t, "ok, hash 0: the same verdict, but other events: another build, or the case was edited", edited.Compare(out))
	other := Expectation{Hash: "0", Failure: "unseen"}
	require.Contains(t, other.Compare(out), "unseen, hash 0: another build, or the case was edited, and it shows something else now")
	judged := Expectation{Hash: same.Hash, Failure: "unseen"}
	require.Equal(t, "unseen: the same events are judged otherwise", judged.Compare(out))
	require.Equal(t, "ok: as expected", Expectation{}.Compare(out), "a case by hand expects no hash")
}
