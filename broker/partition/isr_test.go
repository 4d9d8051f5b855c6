package partition

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestWhoMayJoin: each row breaks one of the conditions under which replica 3 joins
// an ISR of 1 and 2, with the log at 4, the epoch from 2 on and the watermark at 3.
func TestWhoMayJoin(t *testing.T) {
	for name, row := range map[string]struct {
		prepare func(*fixture)
		at      model.Offset
		joins   bool
	}{
		"caught up":             {func(*fixture) {}, 4, true},
		"at the watermark":      {func(*fixture) {}, 3, true},
		"below the watermark":   {func(*fixture) {}, 2, false},
		"below the epoch start": {func(f *fixture) { f.hw, f.leader.start = 0, 4 }, 3, false},
		"fenced":                {func(f *fixture) { f.cluster.gone[3] = true }, 4, false},
		"change under way": {func(f *fixture) {
			f.now += 2 * lagMax
			f.Tick(f.now)
			f.proposed()
		}, 4, false},
		"recovering": {func(f *fixture) { f.state.Recovering = true }, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.holds(2, 0)
			f.lead(1, 1, 2)
			f.write(2)
			f.hear(2, 3)
			require.Equal(t, model.Offset(3), f.hw)
			row.prepare(f)
			f.hear(3, row.at)
			isr, _ := f.proposed()
			if row.joins {
				require.Equal(t, ids(1, 2, 3), isr)
			} else {
				require.Nil(t, isr)
			}
		})
	}
}

// TestAnotherLifeDoesNotJoin: the broker epoch of the fetch must be that of the
// metadata (KIP-903).
func TestAnotherLifeDoesNotJoin(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	for _, heard := range []model.BrokerEpoch{11, model.NoBrokerEpoch} {
		_, err := f.Fetch(f.now, Fetch{Replica: 3, BrokerEpoch: heard, CurrentEpoch: 0, LastFetchedEpoch: model.NoEpoch})
		require.NoError(t, err)
		isr, _ := f.proposed()
		require.Nil(t, isr, "broker epoch %d", heard)
	}
}

// TestWhoIsCaughtUp: at the end, or at the end of a fetch ago, within the lag.
func TestWhoIsCaughtUp(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2, 3)
	shrinks := func() bool {
		f.Tick(f.now)
		isr, change := f.proposed()
		if isr != nil {
			f.answered(change, refusal(model.OperationNotAttempted))
		}
		return isr != nil
	}
	f.now += lagMax
	require.False(t, shrinks(), "a member has the benefit of the doubt for one lag")
	f.hear(2, 0)
	f.hear(3, 0)
	f.write(1)
	for range 5 { // always one write behind, never at the end
		f.hear(2, f.log.EndOffset()-1)
		f.hear(3, f.log.EndOffset()-1)
		f.now += lagMax / 2
		f.write(1)
		require.False(t, shrinks())
	}
	f.now += lagMax
	f.hear(2, f.log.EndOffset())
	require.True(t, shrinks(), "replica 3 has stopped")
}

// TestAnswersToAProposal: what each answer does to a pending expansion.
func TestAnswersToAProposal(t *testing.T) {
	const rolledBack, pending, retried = "rolled back", "pending", "retried"
	for name, row := range map[string]struct {
		answer Answer
		want   string
	}{
		"ineligible":       {refusal(model.IneligibleReplica), rolledBack},
		"not attempted":    {refusal(model.OperationNotAttempted), rolledBack},
		"fenced":           {refusal(model.FencedLeaderEpoch), pending},
		"older version":    {refusal(model.InvalidUpdateVersion), pending},
		"invalid":          {refusal(model.InvalidRequest), pending},
		"unknown topic":    {refusal(model.UnknownTopicOrPartition), pending},
		"unknown topic id": {refusal(model.UnknownTopicID), pending},
		"new leader":       {refusal(model.NewLeaderElected), pending},
		"lost":             {Answer{Lost: true}, retried},
		"not controller":   {refusal(model.NotController), retried},
		"unknown":          {refusal(model.UnknownServerError), retried},
		// What no controller says must neither be taken nor end in a panic.
		"success under our epoch":   {Answer{State: state(1, 0, 0, 1, 2, 3)}, retried},
		"success of another leader": {Answer{State: state(2, 0, 1, 1, 2, 3)}, retried},
		"success of another epoch":  {Answer{State: state(1, 1, 1, 1, 2, 3)}, retried},
		"success with a stranger":   {Answer{State: state(1, 0, 1, 1, 2, 9)}, retried},
		"success without us":        {Answer{State: state(1, 0, 1, 2, 3)}, retried},
		"success without anything":  {Answer{}, retried},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.lead(0, 1, 2)
			f.hear(3, 0)
			_, change := f.proposed()
			f.answered(change, row.answer)
			isr, again := f.proposed()
			require.Equal(t, row.want == retried, isr != nil)
			if row.want == retried {
				require.Equal(t, change, again, "the same proposal")
			}
			if row.want == rolledBack {
				require.Equal(t, ids(1, 2), f.maximalISR())
			} else {
				require.Equal(t, ids(1, 2, 3), f.maximalISR())
			}
			f.Tick(f.now)
		})
	}
}

// TestNewerMetadataEndsAProposal whatever became of it, and its answer comes late.
func TestNewerMetadataEndsAProposal(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.hear(3, 0)
	_, change := f.proposed()
	f.apply(state(1, 0, 1, 1, 2))
	require.Nil(t, f.leader.pending)
	f.answered(change, Answer{State: state(1, 0, 1, 1, 2, 3)})
	require.Equal(t, ids(1, 2), f.state.ISR)
}

// TestMetadataAlreadyKnownEndsNothing: the answer has overtaken the metadata, and
// another proposal is under way since.
func TestMetadataAlreadyKnownEndsNothing(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1)
	f.hear(2, 0)
	_, change := f.proposed()
	confirmed := state(1, 0, 1, 1, 2)
	f.answered(change, Answer{State: confirmed})
	f.hear(3, 0)
	require.Equal(t, ids(1, 2, 3), f.maximalISR())
	f.apply(confirmed)
	require.Equal(t, ids(1, 2, 3), f.maximalISR())
}

// TestARetryNamesTheLifeThatQualified: replica 3 restarts empty and is heard again
// before the lost proposal goes out once more.
func TestARetryNamesTheLifeThatQualified(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.write(1)
	f.hear(2, 1)
	f.hear(3, 1)
	_, change := f.proposed()
	f.answered(change, Answer{Lost: true})
	f.cluster.epochs[3] = 20
	f.hear(3, 0)
	_, again := f.proposed()
	require.Equal(t, change, again)
	f.answered(again, refusal(model.IneligibleReplica))
	require.Equal(t, ids(1, 2), f.maximalISR(), "no copy of it fits any longer")
}

// TestARefusalDoesNotSpeakForALostCopy, as long as the copy may still fit.
func TestARefusalDoesNotSpeakForALostCopy(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.hear(3, 0)
	f.answered(mustTake(t, f), Answer{Lost: true})
	f.answered(mustTake(t, f), refusal(model.IneligibleReplica))
	require.Equal(t, ids(1, 2, 3), f.maximalISR())
	f.answered(mustTake(t, f), Answer{State: state(1, 0, 1, 1, 2, 3)})
	require.Equal(t, ids(1, 2, 3), f.state.ISR)
}

// TestRecoveringIsConfirmedFirst (KIP-704): and again, if another change of the
// partition came between.
func TestRecoveringIsConfirmedFirst(t *testing.T) {
	f := newFixture(t)
	s := state(1, 0, 0, 1)
	s.Recovering = true
	f.apply(s)
	f.hear(2, 0)
	isr, _ := f.proposed()
	require.Equal(t, ids(1), isr)
	s.PartitionEpoch++
	f.apply(s)
	_, change := f.proposed()
	require.Equal(t, s.PartitionEpoch, change.PartitionEpoch)
	f.answered(change, refusal(model.IneligibleReplica))
	f.Tick(f.now)
	f.answered(mustTake(t, f), Answer{State: state(1, 0, 2, 1)})
	f.hear(2, 0)
	isr, _ = f.proposed()
	require.Equal(t, ids(1, 2), isr)
}

// TestANewEpochForgetsTheFollowers: mutant 30, and a leader that stays one.
func TestANewEpochForgetsTheFollowers(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.write(1)
	f.hear(3, 1)
	f.lead(2, 1, 2) // epoch 1 was never seen here
	require.Equal(t, model.NoOffset, f.leader.replicas[3].end)
	f.hear(2, 1)
	isr, _ := f.proposed()
	require.Nil(t, isr)
	require.Equal(t, model.Offset(1), f.hw, "replica 3 is not waited for")
}

// TestALeaverIsForgotten: a replica that is taken out of the assignment and comes
// back within the epoch has to be heard anew.
func TestALeaverIsForgotten(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2)
	f.hear(3, 0)
	without := state(1, 0, 1, 1, 2)
	without.Replicas = ids(1, 2)
	f.apply(without)
	require.Nil(t, f.leader.replicas[3])
	f.apply(state(1, 0, 2, 1, 2))
	require.Equal(t, model.NoOffset, f.leader.replicas[3].end)
}
