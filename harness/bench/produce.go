// Package bench measures a broker as a client sees it: how many acked records a
// second, at what latency. It promises figures of what was acked only; it
// assumes that nothing else runs on the machine, and says nothing about another.
package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Load is one point of the measurement: records of a size, so many of them
// outstanding at any time.
type Load struct {
	RecordBytes int
	Outstanding int
	// Time is how long to measure, after a tenth of it to warm up.
	Time time.Duration
}

// Figures is what one load gave.
type Figures struct {
	Load
	Acked            int64
	Seconds          float64
	RecordsPerSecond float64
	MBPerSecond      float64 // 10^6 bytes of values
	P50, P99         time.Duration
}

// Produce puts a load with acks=all and an idempotent producer on a topic.
func Produce(ctx context.Context, bootstrap []string, topic string, load Load) (Figures, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MaxBufferedRecords(2*load.Outstanding),
	)
	if err != nil {
		return Figures{}, err
	}
	defer client.Close()

	m := newMeter(load)
	value := noise(load.RecordBytes)
	free := make(chan struct{}, load.Outstanding)
	var pending sync.WaitGroup
	var failed error
	var once sync.Once
	for ctx.Err() == nil && !m.over(time.Now()) {
		free <- struct{}{}
		pending.Add(1)
		sent := time.Now()
		client.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failed = err })
			} else {
				m.acked(sent, time.Now())
			}
			<-free
			pending.Done()
		})
	}
	pending.Wait()
	if failed != nil {
		return Figures{}, fmt.Errorf("produce to %s: %w", topic, failed)
	}
	return m.figures(), ctx.Err()
}

// noise is a value that does not compress to nothing.
func noise(size int) []byte {
	value := make([]byte, size)
	draw := rand.New(rand.NewPCG(1, uint64(size)))
	for i := range value {
		value[i] = byte(draw.Uint32())
	}
	return value
}

// meter counts the acks between warm-up and end. kgo calls back from one
// goroutine per partition, and a load has one partition.
type meter struct {
	load      Load
	from, to  time.Time
	latencies []time.Duration
	last      time.Time
}

func newMeter(load Load) *meter {
	from := time.Now().Add(load.Time / 10)
	return &meter{load: load, from: from, to: from.Add(load.Time), latencies: make([]time.Duration, 0, 1<<20)}
}

func (m *meter) over(now time.Time) bool { return now.After(m.to) }

func (m *meter) acked(sent, now time.Time) {
	if now.Before(m.from) || now.After(m.to) {
		return
	}
	m.latencies = append(m.latencies, now.Sub(sent))
	m.last = now
}

func (m *meter) figures() Figures {
	f := Figures{Load: m.load, Acked: int64(len(m.latencies)), Seconds: m.to.Sub(m.from).Seconds()}
	if f.Acked == 0 {
		return f
	}
	f.RecordsPerSecond = float64(f.Acked) / f.Seconds
	f.MBPerSecond = f.RecordsPerSecond * float64(m.load.RecordBytes) / 1e6
	slices.Sort(m.latencies)
	f.P50 = m.latencies[len(m.latencies)/2]
	f.P99 = m.latencies[len(m.latencies)*99/100]
	return f
}
