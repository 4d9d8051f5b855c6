package history

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testHeader() Header {
	return Header{Run: "r1", Seed: 7, Workload: "log", Cluster: "local", Nodes: 3,
		Config: Config{Acks: "all", MinISR: 2, ReplicationFactor: 3, Flush: "never", Idempotent: true}}
}

func TestRecordAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	rec, err := Create(path, testHeader())
	require.NoError(t, err)
	var want []Event
	for _, e := range sample() {
		if e.Fault != nil && e.Fault.Healing != nil {
			healing := int64(rec.At(time.Now()))
			e.Fault.Healing = &healing
		}
		want = append(want, rec.Record(e))
	}
	require.NoError(t, rec.Close())
	require.NoError(t, rec.Close(), "a second Close is harmless")

	h, err := Load(path)
	require.NoError(t, err)
	require.NoError(t, h.Validate())
	require.False(t, h.Truncated)
	header := testHeader()
	header.Format, header.Version = Format, Version
	require.Equal(t, header, h.Header)
	require.Equal(t, want, h.Events)
}

// The file is what a killed harness leaves: every event is in it as soon as
// Record returns, without Close.
func TestEventsAreWrittenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	rec, err := Create(path, testHeader())
	require.NoError(t, err)
	defer rec.Close()
	for i, e := range sample() {
		rec.Record(e)
		h, err := Load(path)
		require.NoError(t, err)
		require.Len(t, h.Events, i+1)
	}
}

func TestOrderOfLinesIsOrderOfTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	rec, err := Create(path, testHeader())
	require.NoError(t, err)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 100 {
				p := rec.NextProcess()
				before := rec.Since()
				e := rec.Record(Event{Process: p, Type: Invoke, F: Poll, Topic: "t"})
				if e.Time < int64(before) || e.Time > int64(rec.Since()) {
					t.Errorf("event %d has time %d, outside its call", e.Index, e.Time)
				}
			}
		})
	}
	clients.Wait()
	require.NoError(t, rec.Close())
	h, err := Load(path)
	require.NoError(t, err)
	require.NoError(t, h.Validate(), "process ids are not fresh, or times go back")
	require.Len(t, h.Events, 800)
	for i, e := range h.Events {
		require.EqualValues(t, i, e.Index)
	}
}

func TestCreateRefusesAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("evidence"), 0o644))
	_, err := Create(path, testHeader())
	require.ErrorIs(t, err, os.ErrExist)
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "evidence", string(kept))
}

func TestIOErrorSticks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	rec, err := Create(path, testHeader())
	require.NoError(t, err)
	rec.Record(Event{Type: Invoke, F: Poll, Topic: "t"})
	require.NoError(t, rec.Err())
	require.NoError(t, rec.file.Close()) // the disk is gone
	e := rec.Record(Event{Type: OK, F: Poll, Topic: "t"})
	require.EqualValues(t, 1, e.Index, "the event is returned even so")
	first := rec.Err()
	require.ErrorIs(t, first, os.ErrClosed)
	rec.Record(Event{Type: Invoke, F: Poll, Topic: "t"})
	require.Equal(t, first, rec.Err(), "the first error is the one that is told")
	require.Equal(t, first, rec.Close())
}

func TestRecordAfterCloseIsAnError(t *testing.T) {
	rec, err := Create(filepath.Join(t.TempDir(), "history.jsonl"), testHeader())
	require.NoError(t, err)
	require.NoError(t, rec.Close())
	rec.Record(Event{Type: Invoke, F: Poll, Topic: "t"})
	require.ErrorContains(t, rec.Err(), "recorded after Close")
}

func BenchmarkRecord(b *testing.B) {
	rec, err := Create(filepath.Join(b.TempDir(), "history.jsonl"), testHeader())
	require.NoError(b, err)
	offset := int64(123456)
	e := Event{Process: 3, Type: OK, F: Send, Topic: "log", Partition: 2, Value: 123456, Offset: &offset}
	for b.Loop() {
		rec.Record(e)
	}
	require.NoError(b, rec.Close())
}

func BenchmarkLoad1M(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.jsonl")
	rec, err := Create(path, testHeader())
	require.NoError(b, err)
	offset := int64(123456)
	for i := range 1_000_000 {
		e := Event{Process: i % 10, Type: Invoke, F: Send, Topic: "log", Value: int64(i/2 + 1)}
		if i%2 == 1 {
			e.Type, e.Offset = OK, &offset
		}
		rec.Record(e)
	}
	require.NoError(b, rec.Close())
	content, err := os.ReadFile(path)
	require.NoError(b, err)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		h, err := Read(bytes.NewReader(content))
		require.NoError(b, err)
		require.Len(b, h.Events, 1_000_000)
	}
}
