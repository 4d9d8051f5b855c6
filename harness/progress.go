package harness

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// Progress is how far a run has come.
type Progress struct {
	Dir   string
	Stage string
	// New says that Stage has just begun.
	New   bool
	Acked int64
	// Elapsed is since the run's start; Expected is an estimate of the whole.
	Elapsed, Expected time.Duration
}

const (
	tellEvery = 500 * time.Millisecond
	// overhead is about what a run takes beside its schedule: start, topic,
	// recovery, drain, stop and judgement.
	overhead = 4 * time.Second
	// containersToo is what it takes more to make containers, and remove them.
	containersToo = 6 * time.Second
)

// expectedTime is about how long a run takes.
func expectedTime(c Config, s nemesis.Schedule) time.Duration {
	expected := s.Length.Duration() + overhead
	if c.Cluster == Docker {
		expected += containersToo
	}
	return expected
}

// progress tells somebody about a run, on every stage and in between.
type progress struct {
	tell     func(Progress)
	dir      string
	began    time.Time
	expected time.Duration
	acked    counter

	mu    sync.Mutex
	now   string
	done  chan struct{}
	ended sync.WaitGroup
}

// counter is a number that somebody else counts, once there is somebody.
type counter struct{ read atomic.Pointer[func() int64] }

// Store says who counts.
func (c *counter) Store(read func() int64) { c.read.Store(&read) }

// Load is the number now.
func (c *counter) Load() int64 {
	if read := c.read.Load(); read != nil {
		return (*read)()
	}
	return 0
}

func newProgress(tell func(Progress), expected time.Duration) *progress {
	p := &progress{tell: tell, began: time.Now(), expected: expected, done: make(chan struct{})}
	if tell == nil {
		p.tell = func(Progress) {}
	}
	p.ended.Go(p.tick)
	return p
}

func (p *progress) tick() {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.send("")
		case <-p.done:
			return
		}
	}
}

func (p *progress) stage(name string) { p.send(name) }

// send tells of a new stage, or, if it is empty, of how the old one goes.
func (p *progress) send(stage string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage != "" {
		p.now = stage
	}
	if p.now == "" {
		return
	}
	p.tell(Progress{
		Dir: p.dir, Stage: p.now, New: stage != "", Acked: p.acked.Load(),
		Elapsed: time.Since(p.began), Expected: p.expected,
	})
}

// end returns when nothing more will be told.
func (p *progress) end() {
	close(p.done)
	p.ended.Wait()
}
