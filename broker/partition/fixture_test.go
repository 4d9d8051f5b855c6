package partition

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

const lagMax = time.Second

// others is the metadata's view of the other brokers: by default all are live
// under broker epoch 10.
type others struct {
	gone   map[model.NodeID]bool
	epochs map[model.NodeID]model.BrokerEpoch
}

func (o *others) Eligible(id model.NodeID) bool { return !o.gone[id] }

func (o *others) BrokerEpoch(id model.NodeID) model.BrokerEpoch {
	if e, ok := o.epochs[id]; ok {
		return e
	}
	return 10
}

// fixture is replica 1 of a partition of three, and the time.
type fixture struct {
	*Partition
	t       *testing.T
	now     time.Duration
	cluster *others
}

func newFixture(t *testing.T, options ...func(*Config)) *fixture {
	log, _, err := storage.OpenLog(storage.NewMemFS(), "t-0", storage.DefaultLogConfig(), false)
	require.NoError(t, err)
	cluster := &others{gone: map[model.NodeID]bool{}, epochs: map[model.NodeID]model.BrokerEpoch{}}
	cfg := Config{Self: 1, Cluster: cluster, LagMax: lagMax}
	for _, option := range options {
		option(&cfg)
	}
	p := New(model.TopicPartition{Topic: "t"}, cfg, log, 0)
	p.SetMinISR(2)
	return &fixture{Partition: p, t: t, now: time.Hour, cluster: cluster}
}

func flushing(c *Config) { c.FlushBeforeAck = true }

// state is the controller's word, at a partition epoch ten times the leader's
// and a bit.
func state(leader model.NodeID, epoch model.Epoch, change int, isr ...model.NodeID) State {
	return State{Replicas: []model.NodeID{1, 2, 3}, ISR: isr, Leader: leader, LeaderEpoch: epoch,
		PartitionEpoch: model.PartitionEpoch(int(epoch)*10 + change)}
}

func (f *fixture) apply(s State) { require.NoError(f.t, f.Apply(f.now, s)) }

func (f *fixture) lead(epoch model.Epoch, isr ...model.NodeID) { f.apply(state(1, epoch, 0, isr...)) }

func (f *fixture) follow(leader model.NodeID, epoch model.Epoch) {
	f.apply(state(leader, epoch, 0, 1, 2, 3))
}

// write appends n records as the leader, one batch.
func (f *fixture) write(n int) Appended {
	w, err := f.Append(f.now, batch(n), true)
	require.NoError(f.t, err)
	return w
}

func batch(n int) storage.Batch {
	values := make([][]byte, n)
	for i := range values {
		values[i] = fmt.Append(nil, i)
	}
	return storage.BuildBatch(values, storage.BatchOptions{})
}

// stamped is a batch as a leader sends it.
func stamped(base model.Offset, epoch model.Epoch, n int) []byte {
	b := batch(n)
	b.Stamp(base, epoch)
	return b
}

// holds fills the log with one batch of n records for each epoch given.
func (f *fixture) holds(n int, epochs ...model.Epoch) {
	for _, e := range epochs {
		require.NoError(f.t, f.log.Append(stamped(f.log.EndOffset(), e, n)))
	}
}

// hear is a follower's fetch in the leader's epoch.
func (f *fixture) hear(id model.NodeID, offset model.Offset) Fetched {
	last, ok := f.log.LatestEpoch()
	if !ok || offset == 0 {
		last = model.NoEpoch
	}
	a, err := f.Fetch(f.now, Fetch{Replica: id, BrokerEpoch: f.cluster.BrokerEpoch(id), Offset: offset,
		CurrentEpoch: f.state.LeaderEpoch, LastFetchedEpoch: last, MaxBytes: 1 << 20, AtLeastOne: true})
	require.NoError(f.t, err)
	return a
}

// proposed gives the ISR of the proposal that goes out now; nil if none does.
func (f *fixture) proposed() ([]model.NodeID, Proposal) {
	change, ok := f.TakeProposal()
	if !ok {
		return nil, change
	}
	var isr []model.NodeID
	for _, m := range change.ISR {
		isr = append(isr, m.ID)
	}
	return isr, change
}

func (f *fixture) answered(to Proposal, a Answer) { require.NoError(f.t, f.Answered(f.now, to, a)) }

func refusal(code model.ErrorCode) Answer { return Answer{Code: code} }

func ids(list ...model.NodeID) []model.NodeID { return list }
