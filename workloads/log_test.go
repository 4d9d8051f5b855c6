package workloads

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/stream"
	"github.com/ackproof/ackproof/harness/timeline"
)

const topic = "log"

// play runs the workload on l until at least acks were acked, drains as the
// harness does, and returns the history and the verdict.
func play(t *testing.T, l *fakeLog, acks int64, spoil func(part int32, drained []history.Record) []history.Record) (*history.History, checker.Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	rec, err := history.Create(path, history.Header{Workload: "log", Nodes: 1, Config: history.Config{
		Acks: "all", MinISR: 1, ReplicationFactor: 1, Idempotent: true,
	}})
	require.NoError(t, err)
	options := LogDefaults(topic, 2, 7)
	options.Rate = 2000
	dialer := &fakeDialer{log: l}
	w, err := NewLog(options, timeline.Live, dialer, rec)
	require.NoError(t, err)

	done := make(chan error, 1)
	go func() { done <- w.Run(context.Background()) }()
	require.Eventually(t, func() bool { return w.Acked() >= acks }, time.Minute, time.Millisecond)
	w.Stop()
	require.NoError(t, <-done)
	require.Zero(t, dialer.open, "connections left open")

	l.onSend, l.onRead = nil, nil
	for part := range int32(2) {
		drain(rec, l, part, w.NextValue(), spoil)
	}
	require.NoError(t, rec.Close())
	h, err := history.Load(path)
	require.NoError(t, err)
	return h, checker.Check(h, checker.Options{})
}

func drain(rec *history.Recorder, l *fakeLog, part int32, marker int64, spoil func(int32, []history.Record) []history.Record) {
	p := newProcess(rec)
	complete := p.invoke(history.Event{F: history.Marker, Topic: topic, Partition: part, Value: marker})
	offset, failed := l.append(part, marker)
	complete(history.Event{Offset: &offset}, failed)
	node, end := 1, l.end(part)
	complete = p.invoke(history.Event{F: history.Drain, Topic: topic, Partition: part, Node: &node})
	records := l.read(part, 0)
	if spoil != nil {
		records = spoil(part, records)
	}
	complete(history.Event{Records: records, End: &end, Node: &node}, nil)
}

func TestACorrectLogIsOK(t *testing.T) {
	h, result := play(t, newFakeLog(), 600, nil)
	require.Equal(t, checker.OK, result.Status, result.Reason)
	seen := map[string]int{}
	for _, e := range h.Events {
		if e.Type == history.OK {
			seen[e.F]++
		}
	}
	for _, f := range []string{history.Send, history.Poll, history.EndOffset, history.Assign, history.Marker, history.Drain} {
		require.Positive(t, seen[f], "the workload did no %s", f)
	}
}

func TestPlantedBugsAreViolations(t *testing.T) {
	uncertain := &OpError{Class: history.Info, Name: "TIMEOUT"}
	tests := []struct {
		name  string
		plant func(*fakeLog)
		spoil func(int32, []history.Record) []history.Record
		check string
	}{
		{
			name: "an ack for what was not stored",
			plant: func(l *fakeLog) {
				l.onSend = func(n int, offset int64) (int64, *OpError, bool) { return offset, nil, n != 300 }
			},
			check: checker.CheckUnseen,
		},
		{
			name: "an ack with another's offset",
			plant: func(l *fakeLog) {
				l.onSend = func(n int, offset int64) (int64, *OpError, bool) {
					if n == 300 {
						return 0, nil, true
					}
					return offset, nil, true
				}
			},
			check: checker.CheckAgreement,
		},
		{
			name: "a read of what nobody sent",
			plant: func(l *fakeLog) {
				l.onRead = func(records []history.Record) []history.Record {
					for i := range records {
						if records[i].Offset == 50 {
							records[i].Value = -17
						}
					}
					return records
				}
			},
			check: checker.CheckPhantom,
		},
		{
			name: "a send said to have failed that is there",
			plant: func(l *fakeLog) {
				l.onSend = func(n int, offset int64) (int64, *OpError, bool) {
					if n == 300 {
						return 0, &OpError{Class: history.Fail, Name: "NOT_ENOUGH_REPLICAS"}, true
					}
					return offset, nil, true
				}
			},
			check: checker.CheckAborted,
		},
		{
			name: "an acked offset dropped from the drain",
			spoil: func(part int32, drained []history.Record) []history.Record {
				if part == 0 {
					return append(drained[:100:100], drained[101:]...)
				}
				return drained
			},
			check: checker.CheckUnseen,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newFakeLog()
			if tt.plant != nil {
				tt.plant(l)
			}
			_, result := play(t, l, 600, tt.spoil)
			require.Equal(t, checker.Violation, result.Status, result.Reason)
			v, ok := result.Verdict(tt.check)
			require.True(t, ok)
			require.Equal(t, checker.Violation, v.Status, "%s: %s", v.Check, result.Reason)
		})
	}
	t.Run("an unknown outcome is none, stored or not", func(t *testing.T) {
		l := newFakeLog()
		l.onSend = func(n int, offset int64) (int64, *OpError, bool) {
			if n%10 == 0 {
				return 0, uncertain, n%20 == 0
			}
			return offset, nil, true
		}
		_, result := play(t, l, 600, nil)
		require.Equal(t, checker.OK, result.Status, result.Reason)
		require.Positive(t, result.Metrics.Unknown)
		require.Positive(t, result.Metrics.Recovered)
	})
}

func TestAnInfoRetiresItsProcess(t *testing.T) {
	l := newFakeLog()
	l.onSend = func(n int, offset int64) (int64, *OpError, bool) {
		return offset, &OpError{Class: history.Info, Name: "TIMEOUT"}, true
	}
	rec := &memory{}
	options := LogDefaults(topic, 1, 1)
	options.Producers, options.Lanes, options.Consumers, options.Probers, options.Rate = 1, 1, 0, 0, 1000
	w, err := NewLog(options, timeline.Live, &fakeDialer{log: l}, rec)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- w.Run(context.Background()) }()
	require.Eventually(t, func() bool { return l.end(0) >= 3 }, time.Minute, time.Millisecond)
	w.Stop()
	require.NoError(t, <-done)
	invoked := map[int]bool{}
	for _, e := range rec.events {
		if e.Type == history.Invoke {
			require.False(t, invoked[e.Process], "process %d goes on after an info", e.Process)
			invoked[e.Process] = true
		}
	}
}

// memory is a Recorder that keeps events.
type memory struct {
	mu     sync.Mutex
	events []history.Event
	next   int
}

func (m *memory) Record(e history.Event) history.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	return e
}

func (m *memory) NextProcess() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next++
	return m.next
}

func TestStreamsHangOnSeedAndLabelAlone(t *testing.T) {
	deal := func(seed uint64, label string) [4]uint64 {
		draw := stream.New(seed, label)
		return [4]uint64{draw.Uint64(), draw.Uint64(), draw.Uint64(), draw.Uint64()}
	}
	first := deal(9, "workload/producer/0/0")
	require.Equal(t, first, deal(9, "workload/producer/0/0"))
	require.NotEqual(t, first, deal(9, "workload/producer/0/1"))
	require.NotEqual(t, first, deal(10, "workload/producer/0/0"))
}

func TestAClientThatCannotConnectIsAnError(t *testing.T) {
	refused := errors.New("refused")
	w, err := NewLog(LogDefaults(topic, 1, 1), timeline.Live, &fakeDialer{log: newFakeLog(), refuse: refused}, &memory{})
	require.NoError(t, err)
	err = w.Run(context.Background())
	require.ErrorIs(t, err, refused)
	require.ErrorContains(t, err, "producer 0")
}

func TestAPanicOfAWorkerStopsTheOthersAndComesOut(t *testing.T) {
	l := newFakeLog()
	l.onSend = func(n int, offset int64) (int64, *OpError, bool) {
		if n == 5 {
			panic("bug in a client")
		}
		return offset, nil, true
	}
	// The fake's lock is held by the panicking send, so only producers run.
	options := LogDefaults(topic, 1, 1)
	options.Producers, options.Lanes, options.Consumers, options.Probers, options.Rate = 1, 1, 0, 0, 1000
	w, err := NewLog(options, timeline.Live, &fakeDialer{log: l}, &memory{})
	require.NoError(t, err)
	err = w.Run(context.Background())
	var panicked *Panic
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "bug in a client", panicked.Value)
	require.Contains(t, string(panicked.Stack), "fake_test.go")
}

func TestOptionsAreCheckedByName(t *testing.T) {
	ok := LogDefaults(topic, 1, 1)
	require.NoError(t, ok.Validate())
	tests := []struct {
		spoil func(*LogOptions)
		want  string
	}{
		{func(o *LogOptions) { o.Topic = "" }, `workload: topic is "", allowed is a topic's name`},
		{func(o *LogOptions) { o.Partitions = 0 }, "workload: partitions is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.Producers = 0 }, "workload: producers is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.Consumers = -1 }, "workload: consumers is -1, allowed is 0 and above"},
		{func(o *LogOptions) { o.Probers = -1 }, "workload: probers is -1, allowed is 0 and above"},
		{func(o *LogOptions) { o.Lanes = 0 }, "workload: lanes is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.Rate = 0 }, "workload: rate is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.SendTimeout = 0 }, "workload: send timeout in ms is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.ReadTimeout = 0 }, "workload: read timeout in ms is 0, allowed is 1 and above"},
		{func(o *LogOptions) { o.ReadEvery = 0 }, "workload: read every in ms is 0, allowed is 1 and above"},
	}
	for _, tt := range tests {
		o := ok
		tt.spoil(&o)
		require.EqualError(t, o.Validate(), tt.want)
	}
}

func TestClientsAreShared(t *testing.T) {
	tests := []struct{ clients, producers, consumers, probers int }{
		{10, 5, 3, 2}, {2, 1, 0, 1}, {3, 1, 0, 2}, {20, 10, 6, 4},
	}
	for _, tt := range tests {
		o := LogDefaults(topic, 1, 1).Share(tt.clients)
		require.Equal(t, [3]int{tt.producers, tt.consumers, tt.probers}, [3]int{o.Producers, o.Consumers, o.Probers}, "%d clients", tt.clients)
	}
}
