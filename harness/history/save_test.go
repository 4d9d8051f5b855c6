package history

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// whole has every field that an event can have.
func whole() *History {
	offset, epoch, node, end, bit, healing := int64(7), int32(2), 3, int64(9), true, int64(50)
	return &History{
		Header: Header{
			Format: Format, Version: Version, Run: "r", Seed: 1<<64 - 1, Workload: "log", Cluster: "sim", Nodes: 3, Broker: "b",
			Config: Config{Acks: "all", MinISR: 2, ReplicationFactor: 3, Flush: "never", Idempotent: true},
			Labels: map[string]string{Weather: Rough},
		},
		Events: []Event{
			{Index: 0, Time: 10, Process: 0, Type: Invoke, F: Send, Topic: "t", Partition: 1, Value: 5},
			{Index: 1, Time: 20, Process: 0, Type: OK, F: Send, Topic: "t", Partition: 1, Value: 5, Offset: &offset, LeaderEpoch: &epoch},
			{Index: 2, Time: 30, Process: NemesisProcess, Type: Info, F: "kill", Fault: &Fault{
				Step: 1, Kind: "kill", Nodes: []int{1, 2}, Describe: "kill <all>",
				Evidence: map[string]string{"b": "2", "a": "1"}, Bit: &bit, Healing: &healing,
			}},
			{
				Index: 3, Time: 40, Process: 1, Type: Info, F: Drain, Topic: "t", Partition: 1, Node: &node, End: &end,
				Records: []Record{{Offset: 7, Value: 5}}, Error: "timeout: \"late\"",
			},
		},
	}
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("what was there\n"), 1000), 0o644))
	require.NoError(t, whole().Save(path))
	loaded, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, whole(), loaded)

	var again bytes.Buffer
	require.NoError(t, loaded.Write(&again))
	bytesOf, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(bytesOf), again.String())
}

// TestSavedAsRecorded: whoever reads a history cannot tell who wrote it.
func TestSavedAsRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	h := whole()
	recorder, err := Create(path, h.Header)
	require.NoError(t, err)
	for i, e := range h.Events {
		h.Events[i] = recorder.Record(e)
	}
	require.NoError(t, recorder.Close())
	recorded, err := os.ReadFile(path)
	require.NoError(t, err)
	var written bytes.Buffer
	require.NoError(t, h.Write(&written))
	require.Equal(t, string(recorded), written.String())
}

func TestFormatAndVersionAreFilledIn(t *testing.T) {
	h := whole()
	h.Header.Format, h.Header.Version = "", 0
	var written bytes.Buffer
	require.NoError(t, h.Write(&written))
	read, err := Read(&written)
	require.NoError(t, err)
	require.Equal(t, whole(), read)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestSaveRefuses(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent", "history.jsonl")
	require.ErrorIs(t, whole().Save(absent), os.ErrNotExist)
	require.ErrorContains(t, whole().Write(fullDisk{}), "no space left")
}
