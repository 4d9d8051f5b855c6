package explore

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// gallery holds known failures, a folder each; its fixed/ holds those of our own
// broker.
const gallery = "../../results/gallery"

// TestGallery makes every exhibit of the gallery happen again: the same events, to
// the byte of the history, and the same verdict. A change of the broker or of the
// simulator may change the events: if it still fails in the same way, make gallery
// writes down how, and the stories say what has changed.
func TestGallery(t *testing.T) {
	exhibits := exhibitsIn(t, gallery)
	require.GreaterOrEqual(t, len(exhibits), 12)
	for _, e := range exhibits {
		t.Run(filepath.Base(e.folder), func(t *testing.T) {
			c := e.load(t)
			out := e.showAgain(t, c)
			require.NotEmpty(t, out.Failure.Class)
			require.Equal(t, c.Mutant != "", out.Failure.Promised, "a correct broker breaks no promise, a broken one does: %v", out.Failure)
			require.NotNil(t, c.Plan, "its clients do what is written down")
			require.LessOrEqual(t, len(c.Schedule.Steps), 10, "faults")
			require.LessOrEqual(t, len(c.Plan), 20, "operations")
			e.failsInTheStoredHistory(t, out.Failure)
			e.isPreventedByTheCorrectBroker(t, c)
		})
	}
}

// TestGalleryOfFixedBugs: what went wrong in this broker once goes wrong no more,
// and still does with the mutant, where there is one that brings the bug back.
func TestGalleryOfFixedBugs(t *testing.T) {
	exhibits := exhibitsIn(t, filepath.Join(gallery, "fixed"))
	require.NotEmpty(t, exhibits)
	for _, e := range exhibits {
		t.Run(filepath.Base(e.folder), func(t *testing.T) {
			c := e.load(t)
			out := e.showAgain(t, c)
			require.Equal(t, c.Mutant != "", out.Failure.Class != "", "%v", out.Failure)
			e.isPreventedByTheCorrectBroker(t, c)
		})
	}
}

// exhibit is a failure that is kept: a case, its history, its story, and what
// there is to say about it.
type exhibit struct{ folder string }

// exhibitsIn lists those of a folder; the gallery's README must list them, too.
func exhibitsIn(t *testing.T, folder string) []exhibit {
	cases, err := filepath.Glob(filepath.Join(folder, "*", "case.json"))
	require.NoError(t, err)
	index := exhibit{gallery}.read(t, "README.md")
	var found []exhibit
	for _, path := range cases {
		e := exhibit{filepath.Dir(path)}
		link, err := filepath.Rel(gallery, e.folder)
		require.NoError(t, err)
		require.Contains(t, index, "]("+filepath.ToSlash(link)+"/)")
		found = append(found, e)
	}
	return found
}

func (e exhibit) path(name string) string { return filepath.Join(e.folder, name) }

func (e exhibit) read(t *testing.T, name string) string {
	text, err := os.ReadFile(e.path(name))
	require.NoError(t, err)
	return string(text)
}

func (e exhibit) load(t *testing.T) Case {
	c, err := Load(e.path("case.json"))
	require.NoError(t, err)
	require.NotNil(t, c.Expect, "it says what to expect")
	readme := e.read(t, "README.md")
	require.Regexp(t, `(?m)^Source: .*https?://\S+`, readme)
	path := strings.TrimPrefix(filepath.ToSlash(e.path("case.json")), "../../")
	require.Contains(t, readme, "bin/ackproof replay "+path+" --trace")
	return c
}

// showAgain simulates the case: all of it must come as it is stored.
func (e exhibit) showAgain(t *testing.T, c Case) Outcome {
	out, err := Simulate(c, Look{SecondOpinion: true})
	require.NoError(t, err)
	require.Equal(t, c.Expect.Failure, out.Failure.Class, "%v", out.Failure)
	if rewrites() {
		e.rewrite(t, c, out)
		return out
	}
	require.Equal(t, c.Expect.Hash, out.HashText(), "other events: see make gallery")
	var again bytes.Buffer
	require.NoError(t, out.History.Write(&again))
	require.Equal(t, e.read(t, "history.jsonl"), again.String())
	story, err := c.Script(false)
	require.NoError(t, err)
	require.Equal(t, e.read(t, "story.script"), story)
	return out
}

// rewrites tells whether the tests are run with -rewrite, which is datadriven's.
func rewrites() bool { return flag.Lookup("rewrite").Value.String() == "true" }

func (e exhibit) rewrite(t *testing.T, c Case, out Outcome) {
	c.Expect = out.Expectation()
	require.NoError(t, c.Save(e.path("case.json")))
	require.NoError(t, out.History.Save(e.path("history.jsonl")))
	story, err := c.Script(false)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(e.path("story.script"), []byte(story), 0o644))
}

// failsInTheStoredHistory: clients have seen it, and their word alone is enough to
// find it.
func (e exhibit) failsInTheStoredHistory(t *testing.T, want Failure) {
	stored, err := history.Load(e.path("history.jsonl"))
	require.NoError(t, err)
	require.Equal(t, want, classify(Look{}.judge(stored), nil, nil, nil))
}

// isPreventedByTheCorrectBroker: what fails with a mutant does not fail without.
func (e exhibit) isPreventedByTheCorrectBroker(t *testing.T, c Case) {
	if c.Mutant == "" {
		return
	}
	c.Mutant = ""
	out, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)
}
