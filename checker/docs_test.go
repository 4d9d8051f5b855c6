package checker

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// The examples in docs are real: the history is one that can be read, and the
// verdict is what the checker says of it.
func TestDocs(t *testing.T) {
	h, err := history.Read(strings.NewReader(block(t, "../docs/history.md", "jsonl")))
	require.NoError(t, err)
	res := Check(h, Options{})

	verdictDoc, err := os.ReadFile("../docs/verdict.md")
	require.NoError(t, err)
	for _, v := range res.Verdicts {
		require.Contains(t, string(verdictDoc), "`"+v.Check+"`", "a check that the docs do not name")
	}
	unseen, ok := res.Verdict(CheckUnseen)
	require.True(t, ok)
	res.Verdicts = []Verdict{unseen}
	got, err := json.Marshal(res)
	require.NoError(t, err)
	require.JSONEq(t, block(t, "../docs/verdict.md", "json"), string(got))
}

// block returns the first fenced block of a kind.
func block(t *testing.T, path, kind string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```"+kind+"\n")
	require.True(t, found, "%s has no block of %s", path, kind)
	body, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return body
}
