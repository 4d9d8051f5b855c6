package workloads

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/timeline"
)

// heard collects what a workload performed.
type heard struct {
	mu  sync.Mutex
	ops []Op
}

func (h *heard) hear(op Op) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}

// of are the operations of one worker, or of all that do f.
func (h *heard) of(workerOrF string) []Op {
	var ops []Op
	for _, op := range h.ops {
		if op.Worker == workerOrF || op.F == workerOrF {
			ops = append(ops, op)
		}
	}
	return ops
}

// perform runs a workload for a while, or until its plan has run out, in time
// that synctest keeps.
func perform(t *testing.T, o LogOptions, l *fakeLog, length time.Duration) (*heard, []history.Event, *fakeDialer) {
	t.Helper()
	h, rec, dialer := &heard{}, &memory{}, &fakeDialer{log: l}
	o.Performed = h.hear
	w, err := NewLog(o, timeline.Live, dialer, rec)
	require.NoError(t, err)
	defer time.AfterFunc(length, w.Stop).Stop()
	require.NoError(t, w.Run(t.Context()))
	require.Zero(t, dialer.open)
	return h, rec.events, dialer
}

func TestAPlanIsPerformedAsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := LogDefaults(topic, 3, 1)
		o.Plan = []Op{
			{At: 10, Worker: "producer 1/2", F: Send, Partition: 2},
			{At: 20, Worker: "producer 1/2", F: Send, Partition: 2},
			{At: 25, Worker: "producer 4/0", F: Send, Partition: 2},
			{At: 30, Worker: "consumer 0", F: Poll, Partition: 2},
			{At: 40, Worker: "consumer 0", F: Move, Partition: 2, Back: 2},
			{At: 50, Worker: "consumer 0", F: Poll, Partition: 2},
			{At: 60, Worker: "consumer 0", F: Poll, Partition: 1},
			{At: 70, Worker: "prober 1", F: EndOffset, Partition: 2},
			{At: 80, Worker: "prober 1", F: Read, Partition: 2, Back: 1},
			{At: 500, Worker: "producer 1/2", F: Send, Partition: 0},
		}
		began := time.Now()
		done, events, dialer := perform(t, o, newFakeLog(), time.Hour)
		require.Equal(t, 500*time.Millisecond, time.Since(began), "it ends when the plan has run out")
		require.Equal(t, o.Plan, done.ops)
		require.Equal(t, []string{"producer 1", "producer 4", "consumer 0", "prober 1"}, dialer.ever)
		var did []string
		for _, e := range events {
			if e.Type == history.OK {
				did = append(did, fmt.Sprintf("%s %d@%d: %d read", e.F, e.Partition, *e.Offset, len(e.Records)))
			}
		}
		require.Equal(t, []string{
			"send 2@0: 0 read", "send 2@1: 0 read", "send 2@2: 0 read",
			"assign 2@0: 0 read", "poll 2@0: 3 read", // it begins where the log does
			"assign 2@1: 0 read", "poll 2@1: 2 read", // two back of three
			"assign 1@0: 0 read", "poll 1@0: 0 read", // nobody moved it, it was told to poll there
			"end-offset 2@3: 0 read", "assign 2@2: 0 read", "poll 2@2: 1 read",
			"send 0@0: 0 read",
		}, did)
	})
}

// A worker that is held up does not catch up on what is drawn, and leaves out
// nothing of what was given.
func TestAWorkerThatIsHeldUp(t *testing.T) {
	o := LogDefaults(topic, 1, 1)
	o.Producers, o.Lanes, o.Consumers, o.Probers, o.Rate = 1, 1, 0, 0, 10
	slow := func(n int, _ int32) time.Duration {
		if n == 1 {
			return time.Second
		}
		return 0
	}
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		l.slow = slow
		done, _, _ := perform(t, o, l, 3*time.Second)
		expected := upTo(o.drawSends("producer 0/0"), 3*time.Second)
		require.Equal(t, expected[0], done.ops[0])
		require.InDelta(t, 20, len(done.ops), 2, "a second's sends of three are left out")
		require.Equal(t, (expected[0].At.Duration() + time.Second).Milliseconds(), int64(done.ops[1].At),
			"one whose time has just passed is performed at once")
	})
	synctest.Test(t, func(t *testing.T) {
		l := newFakeLog()
		l.slow = slow
		given := o
		given.Plan = upTo(o.drawSends("producer 0/0"), 3*time.Second)
		done, _, _ := perform(t, given, l, time.Hour)
		require.Len(t, done.ops, len(given.Plan))
		free := given.Plan[0].At + 1000
		for i, op := range done.ops[1:] {
			require.Equal(t, max(free, given.Plan[i+1].At), op.At)
		}
	})
}

// What a run did, written down and given to another, is done again, slow answers
// or not.
func TestWhatWasHeardIsAPlan(t *testing.T) {
	options := LogDefaults(topic, 3, 8)
	// Between two milliseconds nothing begins: the end has no rival.
	const halfway = 5*time.Second + time.Millisecond/2
	run := func(o LogOptions) (done *heard) {
		synctest.Test(t, func(t *testing.T) {
			l := newFakeLog()
			l.slow = func(_ int, partition int32) time.Duration { return time.Duration(partition) * 47 * time.Millisecond }
			done, _, _ = perform(t, o, l, halfway)
		})
		return done
	}
	drawn := run(options)
	written, err := json.Marshal(drawn.ops)
	require.NoError(t, err)
	again := options
	again.Seed = 99
	require.NoError(t, json.Unmarshal(written, &again.Plan))
	replayed := run(again)
	require.Greater(t, len(drawn.of(Send)), 500)
	for worker := range options.functions() {
		require.NotEmpty(t, drawn.of(worker), worker)
		require.Equal(t, drawn.of(worker), replayed.of(worker), worker)
	}
}

func TestAPlanWithoutOpsConnectsNobody(t *testing.T) {
	o := LogDefaults(topic, 1, 1)
	o.Plan = []Op{}
	done, events, dialer := perform(t, o, newFakeLog(), time.Hour)
	require.Empty(t, done.ops)
	require.Empty(t, events)
	require.Empty(t, dialer.ever)
}

func TestAPlanIsJSON(t *testing.T) {
	text, err := json.Marshal([]Op{
		{At: 120, Worker: "producer 0/1", F: Send}, {At: 5, Worker: "consumer 2", F: Move, Partition: 1, Back: 3},
	})
	require.NoError(t, err)
	require.JSONEq(t, `[{"at_ms":120,"worker":"producer 0/1","f":"send","partition":0},
		{"at_ms":5,"worker":"consumer 2","f":"move","partition":1,"back":3}]`, string(text))
}

func TestAPlanIsChecked(t *testing.T) {
	const names = "allowed are producer 0/0 to 4/3, consumer 0 to 2, prober 0 to 1"
	for want, op := range map[string]Op{
		`worker "producer 9/0", ` + names:                         {Worker: "producer 9/0", F: Send},
		`worker "consumer 3", ` + names:                           {Worker: "consumer 3", F: Poll},
		`worker "", ` + names:                                     {F: Send},
		`f "poll", allowed for producer 0/0 is send`:              {Worker: "producer 0/0", F: Poll},
		`f "assign", allowed for consumer 0 is poll or move`:      {Worker: "consumer 0", F: history.Assign},
		`f "", allowed for prober 1 is end-offset or read`:        {Worker: "prober 1"},
		`partition 2, allowed are 0 to 1`:                         {Worker: "prober 1", F: Read, Partition: 2},
		`partition -1, allowed are 0 to 1`:                        {Worker: "prober 1", F: Read, Partition: -1},
		`at_ms -1, allowed is 0 and above`:                        {Worker: "prober 1", F: Read, At: -1},
		`back -1, allowed is 0 and above`:                         {Worker: "prober 1", F: Read, Back: -1},
		`back 1, allowed in a move or a read only, not in a poll`: {Worker: "consumer 1", F: Poll, Back: 1},
		`back 1, allowed in a move or a read only, not in a send`: {Worker: "producer 0/0", F: Send, Back: 1},
	} {
		o := LogDefaults(topic, 2, 1)
		o.Plan = []Op{{Worker: "prober 0", F: EndOffset}, op}
		_, err := NewLog(o, timeline.Live, &fakeDialer{}, &memory{})
		require.EqualError(t, err, "workload: plan: op 1: "+want)
	}
	o := LogDefaults(topic, 2, 1)
	o.Consumers, o.Probers = 0, 0
	o.Plan = []Op{{Worker: "prober 0", F: EndOffset}}
	require.EqualError(t, o.Validate(), `workload: plan: op 0: worker "prober 0", allowed are producer 0/0 to 4/3`)
}
