package workloads

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// fakeLog is a log in memory, one partition per number, correct unless a bug
// is planted.
type fakeLog struct {
	mu    sync.Mutex
	parts map[int32][]int64
	sends int

	// onSend, if set, may spoil the n-th send (from 1): what it returns is what
	// the client hears; stored says whether the log keeps the value.
	onSend func(n int, offset int64) (answer int64, err *OpError, stored bool)
	// slow, if set, is how long the n-th send (from 1) takes.
	slow func(n int, partition int32) time.Duration
	// onRead, if set, may spoil what is read.
	onRead func([]history.Record) []history.Record
}

func newFakeLog() *fakeLog { return &fakeLog{parts: map[int32][]int64{}} }

func (l *fakeLog) append(partition int32, value int64) (int64, *OpError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sends++
	offset := int64(len(l.parts[partition]))
	answer, err, stored := offset, (*OpError)(nil), true
	if l.onSend != nil {
		answer, err, stored = l.onSend(l.sends, offset)
	}
	if stored {
		l.parts[partition] = append(l.parts[partition], value)
	}
	return answer, err
}

func (l *fakeLog) sent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sends
}

func (l *fakeLog) read(partition int32, from int64) []history.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var records []history.Record
	for o := from; o < int64(len(l.parts[partition])); o++ {
		records = append(records, history.Record{Offset: o, Value: l.parts[partition][o]})
	}
	if l.onRead != nil {
		records = l.onRead(records)
	}
	return records
}

func (l *fakeLog) end(partition int32) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.parts[partition]))
}

// fakeDialer connects to a fakeLog and counts what is open.
type fakeDialer struct {
	log  *fakeLog
	mu   sync.Mutex
	open int
	ever []string // who connected
	// refuse, if set, is the error of the next connections.
	refuse error
}

func (d *fakeDialer) connect(who string) (fakeClient, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return fakeClient{}, d.refuse
	}
	d.open++
	d.ever = append(d.ever, who)
	return fakeClient{dialer: d, at: new(fakePosition)}, nil
}

func (d *fakeDialer) Producer(i int) (Producer, error) {
	return d.connect(fmt.Sprintf("producer %d", i))
}
func (d *fakeDialer) Consumer(i int) (Consumer, error) { return d.connect(consumerName(i)) }
func (d *fakeDialer) Prober(i int) (Prober, error)     { return d.connect(proberName(i)) }

type fakePosition struct {
	partition int32
	offset    int64
}

type fakeClient struct {
	dialer *fakeDialer
	at     *fakePosition
}

func (c fakeClient) Send(_ context.Context, _ string, partition int32, value int64) (int64, *OpError) {
	if slow := c.dialer.log.slow; slow != nil {
		// In virtual time: who asks for slow sends runs inside testing/synctest.
		time.Sleep(slow(c.dialer.log.sent()+1, partition))
	}
	return c.dialer.log.append(partition, value)
}

func (c fakeClient) Assign(_ context.Context, _ string, partition int32, offset int64) *OpError {
	*c.at = fakePosition{partition, offset}
	return nil
}

func (c fakeClient) Poll(context.Context) ([]history.Record, *OpError) {
	records := c.dialer.log.read(c.at.partition, c.at.offset)
	if n := len(records); n > 0 {
		c.at.offset = records[n-1].Offset + 1
	}
	return records, nil
}

func (c fakeClient) EndOffset(_ context.Context, _ string, partition int32) (int64, int32, *OpError) {
	return c.dialer.log.end(partition), 1, nil
}

func (c fakeClient) Read(_ context.Context, _ string, partition int32, offset int64) ([]history.Record, *OpError) {
	return c.dialer.log.read(partition, offset), nil
}

func (c fakeClient) Close() {
	c.dialer.mu.Lock()
	defer c.dialer.mu.Unlock()
	c.dialer.open--
}
