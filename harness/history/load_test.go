package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	goodHeader = `{"format":"ackproof-history","version":1,"run":"r","created":"","seed":1,"workload":"log","cluster":"local","nodes":3,"broker":"b","config":{"acks":"all","min_isr":2,"replication_factor":3,"unclean_election":false,"flush":"never","idempotent":true}}`
	goodEvent  = `{"i":0,"t":10,"p":0,"type":"invoke","f":"send","topic":"t","value":1}`
)

func TestLoadRefuses(t *testing.T) {
	event := func(change ...string) string { return strings.NewReplacer(change...).Replace(goodEvent) }
	header := func(change ...string) string { return strings.NewReplacer(change...).Replace(goodHeader) }
	for name, row := range map[string]struct {
		lines []string
		want  string
	}{
		"empty":             {nil, ":1: header: missing or torn"},
		"torn header":       {[]string{goodHeader[:40]}, ":1: header: missing or torn"},
		"no history":        {[]string{"hello"}, ":1: header: invalid character 'h'"},
		"other format":      {[]string{header("ackproof-history", "jepsen")}, `:1: header: format is "jepsen", allowed is "ackproof-history"`},
		"other version":     {[]string{header(`"version":1`, `"version":2`)}, ":1: header: version is 2, allowed is 1"},
		"unknown header":    {[]string{header(`"run"`, `"rum"`)}, `:1: header: unknown field "rum"`},
		"acks":              {[]string{header(`"all"`, `"some"`)}, `:1: header: config.acks is "some", allowed are "all", "1", "0"`},
		"min isr":           {[]string{header(`"min_isr":2`, `"min_isr":-2`)}, ":1: header: config.min_isr is -2, allowed is 0"},
		"replication":       {[]string{header(`factor":3`, `factor":-3`)}, ":1: header: config.replication_factor is -3, allowed is 0"},
		"header type":       {[]string{header(`"seed":1`, `"seed":"x"`)}, ":1: header: seed is a string, allowed is uint64"},
		"unknown field":     {[]string{goodHeader, goodEvent, event(`"topic"`, `"tropic"`)}, `:3: unknown field "tropic"`},
		"unknown type":      {[]string{goodHeader, event("invoke", "begin")}, `:2: type is "begin", allowed are invoke, ok, fail, info`},
		"unknown op":        {[]string{goodHeader, event("send", "fetch")}, `:2: f is "fetch", allowed are send, poll, end-offset, assign, drain, marker`},
		"wrong type":        {[]string{goodHeader, event(`"t":10`, `"t":"ten"`)}, ":2: t is a string, allowed is int64"},
		"process":           {[]string{goodHeader, event(`"p":0`, `"p":-2`)}, ":2: p is -2, allowed are -1 (the nemesis) and 0 and above"},
		"partition":         {[]string{goodHeader, event(`"value"`, `"part":-1,"value"`)}, ":2: part is -1, allowed is 0 and above"},
		"record":            {[]string{goodHeader, event(`"value"`, `"records":[{"o":-1,"v":1}],"value"`)}, ":2: records: offset is -1, allowed is 0 and above"},
		"isr type":          {[]string{goodHeader, event(`"p":0`, `"p":-1`, "send", "isr")}, `:2: type is "invoke", allowed for an isr is info`},
		"isr epoch":         {[]string{goodHeader, event(`"p":0`, `"p":-1`, "send", "isr", "invoke", "info")}, ":2: epoch is missing"},
		"isr members":       {[]string{goodHeader, event(`"p":0`, `"p":-1,"epoch":4`, "send", "isr", "invoke", "info")}, ":2: isr is missing"},
		"isr topic":         {[]string{goodHeader, event(`"p":0`, `"p":-1,"epoch":4,"isr":[1]`, "send", "isr", "invoke", "info", `"topic":"t"`, `"topic":""`)}, ":2: topic is missing"},
		"isr of a client":   {[]string{goodHeader, event("send", "isr")}, `:2: f is "isr"`},
		"fault missing":     {[]string{goodHeader, event(`"p":0`, `"p":-1`)}, ":2: fault is missing"},
		"fault kind":        {[]string{goodHeader, event(`"p":0`, `"p":-1,"fault":{"step":1,"kind":""}`)}, `:2: fault.kind is ""`},
		"fault type":        {[]string{goodHeader, event(`"p":0`, `"p":-1,"fault":{"step":1,"kind":"kill"}`, "invoke", "ok")}, `:2: type is "ok", allowed for a fault are invoke (applied) and info (healed)`},
		"torn in the midst": {[]string{goodHeader, goodEvent[:30], goodEvent, goodEvent}, ":2: invalid character"},
		"garbage":           {[]string{goodHeader, goodEvent, "}", goodEvent}, ":3: invalid character '}'"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "h.jsonl")
			require.NoError(t, os.WriteFile(path, []byte(strings.Join(row.lines, "\n")), 0o644))
			_, err := Load(path)
			require.ErrorContains(t, err, path+row.want)
			require.NotContains(t, err.Error(), "\n", "an error is one line")
		})
	}
	_, err := Load(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A harness that is killed tears the last line anywhere.
func TestTornLastLineIsTolerated(t *testing.T) {
	for cut := 1; cut < len(goodEvent); cut++ {
		h, err := Read(strings.NewReader(goodHeader + "\n" + goodEvent + "\n" + goodEvent[:cut]))
		require.NoError(t, err, "torn after %d bytes", cut)
		require.True(t, h.Truncated, "torn after %d bytes", cut)
		require.Len(t, h.Events, 1)
	}
	h, err := Read(strings.NewReader(goodHeader + "\n" + goodEvent))
	require.NoError(t, err)
	require.False(t, h.Truncated, "only the line's end is missing, the event is whole")
	require.Len(t, h.Events, 1)
}

func TestHeaderOnly(t *testing.T) {
	h, err := Read(strings.NewReader(goodHeader + "\n"))
	require.NoError(t, err)
	require.Empty(t, h.Events)
	require.EqualValues(t, 3, h.Header.Config.ReplicationFactor)
}

func FuzzRead(f *testing.F) {
	f.Add(goodHeader + "\n" + goodEvent)
	f.Add(goodHeader + "\n" + goodEvent + "\n" + goodEvent[:20])
	f.Fuzz(func(t *testing.T, content string) {
		h, err := Read(strings.NewReader(content))
		if err != nil {
			return
		}
		// What was read can be judged for its form, whatever it is.
		if err := h.Validate(); err != nil {
			require.IsType(t, &Malformed{}, err)
			require.NotEmpty(t, fmt.Sprint(err))
		}
	})
}
