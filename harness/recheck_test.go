package harness

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
)

// storedSuite is the folder of a suite whose rows lie in folders below it.
func storedSuite(t *testing.T, name string, rows ...Row) string {
	t.Helper()
	dir := t.TempDir()
	s := Suite{Format: SuiteFormat, Version: Version, Name: name, Rows: rows}
	require.NoError(t, writeJSON(filepath.Join(dir, "suite.json"), s))
	return dir
}

func TestASuiteIsJudgedRowByRow(t *testing.T) {
	good := store(t, Record{Ended: "then"}, goodRun)
	killed := store(t, Record{}, goodRun)
	tests := []struct {
		name string
		rows []Row
		want []checker.Status
		exit int
	}{
		{"good", []Row{{Dir: good}}, []checker.Status{checker.OK}, 0},
		{"one killed", []Row{{Dir: good}, {Dir: killed}}, []checker.Status{checker.OK, checker.Unknown}, 2},
		{"a control that did not lose", []Row{{Dir: killed}, {Dir: good, Control: true}}, []checker.Status{checker.Unknown, checker.Violation}, 1},
		{"one not run", []Row{{Grade: checker.Unknown, Verdict: notRun}}, []checker.Status{checker.Unknown}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Suite{Name: "durability", Rows: tt.rows}
			judged, err := s.Judge()
			require.NoError(t, err)
			for i, want := range tt.want {
				require.Equal(t, want, judged.Rows[i].Grade)
			}
			require.Equal(t, tt.exit, Exit(judged.Rows))
			require.Equal(t, statusOf(judged.Rows), judged.Status)
		})
	}
}

func TestASuiteMayHaveBeenMoved(t *testing.T) {
	dir := storedSuite(t, "durability", Row{Dir: "elsewhere/01-x"}, Row{Verdict: notRun})
	s, err := ReadSuite(dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "01-x"), s.Rows[0].Dir)
	require.Empty(t, s.Rows[1].Dir)

	_, err = Replay{Dir: dir, Times: 1}.Plan(Batch{})
	require.EqualError(t, err, dir+" holds many runs, allowed is the folder of one, such as "+filepath.Join(dir, "01-x"))

	require.NoError(t, writeJSON(filepath.Join(dir, "suite.json"), Suite{Format: SuiteFormat, Version: 9}))
	_, err = ReadSuite(dir)
	require.ErrorContains(t, err, "suite.json: version is 9, allowed is 1")
}
