package partition

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

func TestWatermarkIsTheSmallestEndOfTheISR(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2, 3)
	f.write(5)
	require.Equal(t, model.Offset(0), f.hw, "nobody was heard")
	f.hear(2, 5)
	require.Equal(t, model.Offset(0), f.hw, "replica 3 was not heard")
	f.hear(3, 4)
	require.Equal(t, model.Offset(4), f.hw)
	f.hear(3, 2)
	require.Equal(t, model.Offset(4), f.hw, "a leader's watermark never falls")
}

func TestWatermarkIsHeldBelowMinISR(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1)
	w, err := f.Append(f.now, batch(3), false)
	require.NoError(t, err)
	require.Equal(t, model.None, w.Code, "acks=1 asks for no ISR")
	require.Equal(t, model.NotEnoughReplicas, f.write(1).Code)
	require.Equal(t, model.Offset(0), f.hw)
	f.SetMinISR(1)
	require.Equal(t, model.Offset(3), f.hw, "a lower minimum lets it go on")
}

func TestMinISRIsCappedAtTheReplicationFactor(t *testing.T) {
	f := newFixture(t)
	f.SetMinISR(5)
	f.lead(0, 1, 2, 3)
	require.Equal(t, model.None, f.write(1).Code)
}

// TestWatermarkWaitsForWhoMayJoin: a lone leader must not outrun a follower that
// has caught up, but an outsider that is gone, or too slow, counts for nothing.
func TestWatermarkWaitsForWhoMayJoin(t *testing.T) {
	f := newFixture(t)
	f.SetMinISR(1)
	f.lead(0, 1)
	f.hear(2, 0)
	require.Equal(t, ids(1, 2), f.leader.pending.isr)
	_, change := f.proposed()
	f.answered(change, refusal(model.IneligibleReplica))
	require.Nil(t, f.leader.pending)

	f.write(1)
	require.Equal(t, model.Offset(0), f.hw, "replica 2 has just caught up")
	f.now += lagMax + 1
	f.Tick(f.now)
	require.Equal(t, model.Offset(1), f.hw, "it had its time")

	f.hear(3, 1)
	f.answered(mustTake(t, f), refusal(model.IneligibleReplica))
	f.cluster.gone[3] = true
	f.write(1)
	require.Equal(t, model.Offset(2), f.hw, "fenced replicas are not waited for")
}

func mustTake(t *testing.T, f *fixture) Proposal {
	isr, change := f.proposed()
	require.NotNil(t, isr)
	return change
}

// TestWatermarkWaitsForThePendingMember: the controller may have added it already
// (KIP-497), however slow it is.
func TestWatermarkWaitsForThePendingMember(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.hear(2, 0)
	f.hear(3, 0)
	require.Equal(t, ids(1, 2, 3), f.leader.pending.isr)
	f.write(1)
	f.hear(2, 1)
	f.now += 2 * lagMax
	f.Tick(f.now)
	require.Equal(t, model.Offset(0), f.hw)
	f.hear(3, 1)
	require.Equal(t, model.Offset(1), f.hw)
}

// TestWatermarkWaitsForThePendingLeaver: until the shrink is confirmed the
// controller may elect whoever leaves.
func TestWatermarkWaitsForThePendingLeaver(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2, 3)
	f.write(1)
	f.now += lagMax + 1
	f.hear(2, 1)
	f.Tick(f.now)
	isr, change := f.proposed()
	require.Equal(t, ids(1, 2), isr)
	require.Equal(t, model.Offset(0), f.hw)
	f.answered(change, Answer{State: state(1, 0, 1, 1, 2)})
	require.Equal(t, model.Offset(1), f.hw)
}

// TestCommitNeedsTheMinimumOnceMore: code 20 is told only once the watermark has
// passed.
func TestCommitNeedsTheMinimumOnceMore(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2, 3)
	w := f.write(1)
	f.SetMinISR(3)
	committed := func() (bool, model.ErrorCode) { return f.Committed(w) }
	decided, _ := committed()
	require.False(t, decided)
	f.hear(2, 1)
	f.hear(3, 1)
	decided, code := committed()
	require.True(t, decided)
	require.Equal(t, model.None, code)
	f.apply(state(1, 0, 1, 1, 2))
	decided, code = committed()
	require.True(t, decided)
	require.Equal(t, model.NotEnoughReplicasAfterAppend, code)
	f.lead(1, 1, 2, 3)
	decided, code = committed()
	require.True(t, decided)
	require.Equal(t, model.NotLeaderOrFollower, code, "the same leader, in another epoch")
}

func TestWatermarkOfARestartIsInsideTheLog(t *testing.T) {
	f := newFixture(t)
	f.holds(3, 0)
	require.Equal(t, model.Offset(3), New(f.tp, f.cfg, f.log, 7).hw)
	require.Equal(t, model.Offset(2), New(f.tp, f.cfg, f.log, 2).hw)
	require.NoError(t, f.log.RaiseStartOffset(1))
	require.Equal(t, model.Offset(1), New(f.tp, f.cfg, f.log, 0).hw)
}

// TestLeaderCountsWhatItHasFlushed with flush.policy=before-ack.
func TestLeaderCountsWhatItHasFlushed(t *testing.T) {
	f := newFixture(t, flushing)
	f.lead(0, 1, 2, 3)
	f.write(2)
	f.hear(2, 2)
	f.hear(3, 2)
	require.Equal(t, model.Offset(0), f.hw)
	f.Flushed(f.now, f.log.Flush())
	require.Equal(t, model.Offset(2), f.hw)
}
