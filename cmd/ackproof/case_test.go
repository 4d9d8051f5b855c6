package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/explore"
	"github.com/ackproof/ackproof/harness/explore/trace"
)

// planted writes a case into dir in which mutant 14 loses a value: that of the
// document, so that what it says is what happens.
func planted(t *testing.T, dir string) (path string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "case.md"))
	require.NoError(t, err)
	_, example, _ := strings.Cut(string(text), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	path = filepath.Join(dir, "case.json")
	require.NoError(t, os.WriteFile(path, []byte(example), 0o644))
	return path
}

func TestACaseIsReplayedToTheByte(t *testing.T) {
	path := planted(t, t.TempDir())
	exit, stdout, stderr := call("replay", path)
	require.Equal(t, exitInvalid, exit, stderr)
	require.Contains(t, stdout, "case      mutant 14: acks=all min.isr=2 mutant=ack-on-append, 3 replicas on 3 brokers, 1 fault, 1 operation, seed 1\n")
	require.Contains(t, stdout, "verdict   unseen: value 1, acked at offset 0 of log-0, is not on node 1")
	require.Contains(t, stdout, "expected  unseen: as expected\nexit      1: it is the verdict, whatever was expected\n")
	require.Contains(t, stdout, "ackproof replay "+path+" --trace\n")
	require.Contains(t, stdout, "ackproof shrink "+path+"\n")
	hash := regexp.MustCompile(`hash [0-9a-f]{16}\n`).FindString(stdout)
	require.NotEmpty(t, hash)

	exit, stdout, _ = call("replay", path, "--write")
	require.Equal(t, exitInvalid, exit)
	require.Contains(t, stdout, "written   "+path)
	exit, stdout, _ = call("replay", path)
	require.Equal(t, exitInvalid, exit)
	require.Contains(t, stdout, "expected  unseen, and the same events: as expected\n")
	require.Contains(t, stdout, hash)
}

func TestAnotherHashIsTold(t *testing.T) {
	path := planted(t, t.TempDir())
	c, err := explore.Load(path)
	require.NoError(t, err)
	c.Expect.Hash = "0123456789abcdef"
	require.NoError(t, c.Save(path))
	exit, stdout, _ := call("replay", path)
	require.Equal(t, exitInvalid, exit, "the exit code is the verdict")
	require.Contains(t, stdout, "expected  unseen, hash 0123456789abcdef: the same verdict, but other events: another build, or the case was edited\n")

	c.Mutant = ""
	require.NoError(t, c.Save(path))
	exit, stdout, _ = call("replay", path)
	require.NotEqual(t, exitInvalid, exit)
	require.Contains(t, stdout, "and it shows something else now\n")
	require.NotContains(t, stdout, "next")
}

func TestATraceIsPrinted(t *testing.T) {
	path := planted(t, t.TempDir())
	_, whole, _ := call("replay", path, "--trace")
	require.Regexp(t, `\n +\d+ +\d\.\d{4}s  node 1   produce log-0 acks=all values=\[1\]: appended at 0, epoch 0\n`, whole)
	require.Regexp(t, `\n +\d+ +\d\.\d{4}s  node 1   truncate partition=log-0 epoch=1 from=1 to=0 hw=0\n`, whole)
	_, some, _ := call("replay", path, "--trace", "--until", "300", "--node", "1", "--partition", "0")
	_, same, _ := call("replay", path, "--trace", "--until", "300", "--node", "1", "--partition", "log-0")
	require.Equal(t, some, same)
	require.Less(t, strings.Count(some, "\n"), strings.Count(whole, "\n"))
	require.NotContains(t, some, "truncate")
	require.Contains(t, some, "verdict   unseen", "the case goes on to its end all the same")
}

func TestATraceIsWalked(t *testing.T) {
	line := func(text string) trace.Line { return trace.Line{Text: text} }
	var told []string
	tell := func(l trace.Line) { told = append(told, l.Text) }
	walk := (&app{}).walk(context.Background(), strings.NewReader("\n\nq\n"), tell)
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		walk(line(text))
	}
	require.Equal(t, []string{"a", "b", "c"}, told, "q after the third")

	told = nil
	walk = (&app{}).walk(context.Background(), strings.NewReader("\n"), tell)
	for _, text := range []string{"a", "b", "c", "d"} {
		walk(line(text))
	}
	require.Equal(t, []string{"a", "b"}, told, "the input has ended")

	told = nil
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	walk = (&app{}).walk(ctx, new(never), tell)
	walk(line("a"))
	walk(line("b"))
	require.Equal(t, []string{"a"}, told, "interrupted")
}

// never is input that does not come.
type never struct{}

func (*never) Read([]byte) (int, error) { select {} }

func TestACaseIsShrunk(t *testing.T) {
	dir := t.TempDir()
	path := planted(t, dir)
	exit, stdout, stderr := call("shrink", path)
	require.Equal(t, exitInvalid, exit, stderr)
	require.Contains(t, stdout, "            before     after\nfaults              1         1\noperations          1         1\n")
	require.Contains(t, stdout, "next      ackproof replay "+filepath.Join(dir, "case.min.json")+" --trace\n")
	c, err := explore.Load(filepath.Join(dir, "case.min.json"))
	require.NoError(t, err)
	require.Equal(t, "mutant 14, shrunk", c.Name)
	require.NotEmpty(t, c.Expect.Hash)
	script, err := os.ReadFile(filepath.Join(dir, "case.min.script"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(script, []byte("# mutant 14, shrunk.\nsimulate\n{\n")))
	require.Contains(t, string(script), "\n----\n")
	require.Contains(t, string(script), "\nverdict: unseen: ")

	exit, stdout, stderr = call("shrink", filepath.Join(dir, "case.min.json"))
	require.Equal(t, exitInvalid, exit, stderr)
	require.Contains(t, stdout, "written   "+filepath.Join(dir, "case.min.json")+", ", "shrunk again, it keeps its name")

	exit, _, stderr = call("shrink", path, "-o", filepath.Join(dir, "other.json"), "--for", "1ms", "--black-box")
	require.Equal(t, exitInvalid, exit, stderr)
	require.FileExists(t, filepath.Join(dir, "other.json"))
	require.FileExists(t, filepath.Join(dir, "other.script"))
}

func TestHelpSaysWhatShrinksExitCodeIs(t *testing.T) {
	exit, stdout, _ := call("shrink", "--help")
	require.Equal(t, exitValid, exit)
	require.Contains(t, stdout, "\nexit codes are verdicts: 1 if the shrunk case fails, as it should, ")
}
