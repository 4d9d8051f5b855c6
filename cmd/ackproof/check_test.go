package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

func TestAHistoryIsWrittenForJepsen(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "history.jsonl"), filepath.Join(dir, "history.edn")
	require.NoError(t, os.WriteFile(from, []byte(header+sent+acked), 0o644))
	exit, stdout, stderr := call("check", from, "--edn", to)
	require.Equal(t, exitUnknown, exit, stderr)
	require.Contains(t, stdout, "verdict   unknown", "the verdict does not hang on it")

	text, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Contains(t, string(text), `:type :ok, :f :send, :value [[:send "log-0" [0 1]]]`)
	edn, err := os.Open(to)
	require.NoError(t, err)
	defer edn.Close()
	back, err := history.ReadEDN(edn)
	require.NoError(t, err)
	want, err := history.Load(from)
	require.NoError(t, err)
	require.Equal(t, want.Events, back.Events)
}
