package partition

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// at is where the follower stands.
func (f *fixture) at() Position {
	p, ok := f.Position()
	require.True(f.t, ok)
	return p
}

func (f *fixture) replicate(from Position, a Fetched) Next {
	next, err := f.Replicate(from, a)
	require.NoError(f.t, err)
	return next
}

func records(runs ...[]byte) Fetched { return Fetched{Records: slices.Concat(runs...), HW: 100} }

func TestFollowerAppendsAndFollowsTheWatermark(t *testing.T) {
	f := newFixture(t)
	f.follow(2, 1)
	require.Equal(t, Position{Leader: 2, LeaderEpoch: 1, LastFetchedEpoch: model.NoEpoch}, f.at())
	require.Equal(t, FetchAgain, f.replicate(f.at(), records(stamped(0, 0, 2), stamped(2, 1, 1))))
	require.Equal(t, Position{Leader: 2, Offset: 3, LeaderEpoch: 1, LastFetchedEpoch: 1}, f.at())
	require.Equal(t, model.Offset(3), f.hw, "not beyond our own end")
	f.replicate(f.at(), Fetched{HW: 2})
	require.Equal(t, model.Offset(2), f.hw, "a new leader's watermark may be lower")
	require.Equal(t, model.Epoch(1), f.at().LastFetchedEpoch, "an empty answer erases nothing (KAFKA-15510)")
}

// TestStaleAnswersAreIgnored: of another epoch, of another position, or to one who
// follows no more (CHECK7, CHECK8).
func TestStaleAnswersAreIgnored(t *testing.T) {
	f := newFixture(t)
	f.holds(4, 0)
	f.follow(2, 1)
	old := f.at()
	answers := []Fetched{records(stamped(4, 1, 1)), {Diverging: &EpochEnd{0, 2}}, {Code: model.FencedLeaderEpoch}, {Code: model.OffsetOutOfRange}}
	ignored := func(why string) {
		for _, a := range answers {
			require.Equal(t, FetchAgain, f.replicate(old, a), why)
		}
		next, err := f.Rebase(old, 0, 1)
		require.NoError(t, err)
		require.Equal(t, FetchAgain, next)
		require.GreaterOrEqual(t, f.log.EndOffset(), model.Offset(4), why)
	}
	f.follow(2, 2)
	ignored("the same leader in a newer epoch")
	end := f.log.EndOffset()
	old = f.at()
	f.replicate(old, records(stamped(4, 2, 1)))
	ignored("a moved position")
	require.Equal(t, end+1, f.log.EndOffset())
	old = f.at()
	f.lead(3, 1, 2, 3)
	ignored("a leader")
	f.apply(State{Replicas: ids(1, 2, 3), ISR: ids(1), Leader: model.NoNode, LeaderEpoch: 4, PartitionEpoch: 40})
	ignored("nobody leads")
	_, ok := f.Position()
	require.False(t, ok)
}

// TestWhatALeaderMayNotSend is refused whole, and the follower tries again later.
func TestWhatALeaderMayNotSend(t *testing.T) {
	damaged := stamped(0, 1, 1)
	damaged[len(damaged)-1] ^= 1
	for name, a := range map[string]Fetched{
		"damaged batch":      records(damaged),
		"no batch at all":    records([]byte("what is this, please?")),
		"half a batch":       records(stamped(0, 1, 1)[:60]),
		"another offset":     records(stamped(7, 1, 1)),
		"newer epoch":        records(stamped(0, 2, 1)), // KAFKA-18723
		"end before nothing": {Diverging: &EpochEnd{0, -5}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.follow(2, 1)
			next, err := f.Replicate(f.at(), a)
			var refused *ProtocolError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, BackOff, next)
			require.Equal(t, model.Offset(0), f.log.EndOffset())
		})
	}
}

// TestBatchesOfANewerEpochEndARun: what came before them was the leader's to give.
func TestBatchesOfANewerEpochEndARun(t *testing.T) {
	f := newFixture(t)
	f.follow(2, 1)
	f.replicate(f.at(), records(stamped(0, 1, 2), stamped(2, 2, 1)))
	require.Equal(t, model.Offset(2), f.log.EndOffset())
}

func TestRefusalsOfTheLeader(t *testing.T) {
	f := newFixture(t)
	f.follow(2, 1)
	require.Equal(t, BackOff, f.replicate(f.at(), Fetched{Code: model.UnknownLeaderEpoch}))
	require.Equal(t, BackOff, f.replicate(f.at(), Fetched{Code: model.NotLeaderOrFollower}))
	require.Equal(t, LookUpBounds, f.replicate(f.at(), Fetched{Code: model.OffsetOutOfRange}))
	f.replicate(f.at(), Fetched{Code: model.FencedLeaderEpoch})
	_, ok := f.Position()
	require.False(t, ok, "only newer metadata can help")
	f.apply(state(2, 1, 5, 1, 2))
	_, ok = f.Position()
	require.False(t, ok, "of the same epoch it cannot")
	f.follow(2, 2)
	f.at()
}

// TestTruncation cuts a log of epochs 1 [0,3), 2 [3,6) and 4 [6,9), each one batch
// of three, by what the leader says.
func TestTruncation(t *testing.T) {
	for name, row := range map[string]struct {
		leader EpochEnd
		end    model.Offset
		next   Next
	}{
		"we have more of its epoch":        {EpochEnd{2, 3}, 3, FetchAgain},
		"it has more of the epoch":         {EpochEnd{2, 8}, 6, FetchAgain},
		"an epoch we never saw":            {EpochEnd{3, 8}, 6, FetchAgain},
		"a floor we never saw, low":        {EpochEnd{3, 2}, 6, FetchAgain},
		"inside a batch, which goes whole": {EpochEnd{2, 5}, 3, FetchAgain},
		"older than all we have":           {EpochEnd{0, 2}, 0, FetchAgain},
		"nothing to cut":                   {EpochEnd{4, 9}, 9, BackOff},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.holds(3, 1, 2, 4)
			f.hw = 9
			f.follow(2, 5)
			require.Equal(t, row.next, f.replicate(f.at(), Fetched{Diverging: &row.leader, HW: 99}))
			require.Equal(t, row.end, f.log.EndOffset())
			require.Equal(t, row.end, f.hw, "the watermark goes down with the log")
		})
	}
}

// TestALeaderThatNeverWroteForgetsItsEpoch when it follows, at once: its log is not
// cut, but its last epoch is nobody's.
func TestALeaderThatNeverWroteForgetsItsEpoch(t *testing.T) {
	f := newFixture(t)
	f.holds(3, 1)
	f.lead(2, 1, 2, 3)
	f.follow(2, 3)
	require.Equal(t, model.Epoch(2), f.at().LastFetchedEpoch)
	require.Equal(t, FetchAgain, f.replicate(f.at(), Fetched{Diverging: &EpochEnd{1, 3}}))
	require.Equal(t, model.Epoch(1), f.at().LastFetchedEpoch)
	require.Equal(t, model.Offset(3), f.at().Offset)
}

func TestRebase(t *testing.T) {
	for name, row := range map[string]struct {
		leaderStart, leaderEnd model.Offset
		start, end             model.Offset
		next                   Next
	}{
		"the leader has less":        {0, 3, 0, 3, FetchAgain},
		"the leader starts above":    {20, 30, 20, 20, FetchAgain},
		"inside, by now":             {2, 30, 0, 6, BackOff},
		"the leader has other parts": {1, 2, 0, 0, FetchAgain},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.holds(3, 1, 2)
			f.hw = 6
			f.follow(2, 5)
			next, err := f.Rebase(f.at(), row.leaderStart, row.leaderEnd)
			require.NoError(t, err)
			require.Equal(t, row.next, next)
			require.Equal(t, row.start, f.log.StartOffset())
			require.Equal(t, row.end, f.log.EndOffset())
			require.Equal(t, row.end, f.hw)
		})
	}
	f := newFixture(t)
	f.follow(2, 1)
	var refused *ProtocolError
	for _, bounds := range [][2]model.Offset{{-1, 3}, {4, 3}} {
		_, err := f.Rebase(f.at(), bounds[0], bounds[1])
		require.ErrorAs(t, err, &refused)
	}
}

// TestFollowerAsksOnceItHasFlushed with flush.policy=before-ack, and a flush from
// before a truncation says nothing of what was written since.
func TestFollowerAsksOnceItHasFlushed(t *testing.T) {
	f := newFixture(t, flushing)
	f.follow(2, 1)
	f.replicate(f.at(), records(stamped(0, 1, 2)))
	_, ok := f.Position()
	require.False(t, ok)
	f.Flushed(f.now, f.log.Flush())
	f.replicate(f.at(), records(stamped(2, 1, 2)))
	ticket := f.log.Flush()
	require.NoError(t, f.truncate(2))
	require.NoError(t, f.log.Append(stamped(2, 1, 2)))
	f.Flushed(f.now, ticket)
	_, ok = f.Position()
	require.False(t, ok)
	f.Flushed(f.now, f.log.Flush())
	require.Equal(t, model.Offset(4), f.at().Offset)
}

// TestEndOffsetsOfANewLeader: none before its epoch's start is committed, except to
// followers; the start is always told (KIP-207).
func TestEndOffsetsOfANewLeader(t *testing.T) {
	f := newFixture(t)
	f.holds(3, 0)
	f.lead(1, 1, 2, 3)
	at := func(timestamp int64, fromFollower bool) OffsetAnswer {
		a, err := f.OffsetAt(timestamp, fromFollower)
		require.NoError(t, err)
		return a
	}
	require.Equal(t, model.OffsetNotAvailable, at(LatestOffset, false).Code)
	require.Equal(t, model.OffsetNotAvailable, at(MaxTimestamp, false).Code)
	require.Equal(t, model.OffsetNotAvailable, at(0, false).Code)
	require.Equal(t, model.Offset(3), at(LatestOffset, true).Offset)
	require.Equal(t, model.Offset(0), at(EarliestOffset, false).Offset)
	f.hear(2, 3)
	f.hear(3, 3)
	require.Equal(t, OffsetAnswer{Offset: 3, Timestamp: -1, Epoch: 1}, at(LatestOffset, false))
	f.follow(2, 2)
	require.Equal(t, model.NotLeaderOrFollower, at(LatestOffset, false).Code)
}
