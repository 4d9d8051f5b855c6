package partition

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestFetchChecksInOrder pins the order of the leader's checks: each row passes
// the ones before it and fails at its own.
func TestFetchChecksInOrder(t *testing.T) {
	f := newFixture(t)
	f.holds(2, 1, 3) // [0,2) in epoch 1, [2,4) in epoch 3
	f.lead(5, 1, 2, 3)
	require.NoError(t, f.log.RaiseStartOffset(2))
	good := Fetch{Replica: 2, BrokerEpoch: 10, Offset: 4, CurrentEpoch: 5, LastFetchedEpoch: 3, MaxBytes: 1 << 20}
	for name, row := range map[string]struct {
		change    func(*Fetch)
		code      model.ErrorCode
		diverging *EpochEnd
	}{
		"older epoch":               {func(f *Fetch) { f.CurrentEpoch, f.Replica = 4, 9 }, model.FencedLeaderEpoch, nil},
		"newer epoch":               {func(f *Fetch) { f.CurrentEpoch, f.Replica = 6, 9 }, model.UnknownLeaderEpoch, nil},
		"unknown replica":           {func(f *Fetch) { f.Replica, f.LastFetchedEpoch = 9, 9 }, model.UnknownLeaderEpoch, nil},
		"unknown last epoch":        {func(f *Fetch) { f.LastFetchedEpoch = 9 }, model.OffsetOutOfRange, nil},
		"below the start":           {func(f *Fetch) { f.Offset, f.LastFetchedEpoch = 1, 2 }, model.OffsetOutOfRange, nil},
		"epoch we never had":        {func(f *Fetch) { f.LastFetchedEpoch, f.BrokerEpoch = 4, 9 }, model.None, &EpochEnd{3, 4}},
		"beyond the end of epoch":   {func(f *Fetch) { f.Offset, f.BrokerEpoch = 5, 9 }, model.None, &EpochEnd{3, 4}},
		"beyond the end, no epoch":  {func(f *Fetch) { f.Offset, f.LastFetchedEpoch = 5, model.NoEpoch }, model.OffsetOutOfRange, nil},
		"an older life":             {func(f *Fetch) { f.BrokerEpoch = 9 }, model.NotLeaderOrFollower, nil},
		"a life we do not know yet": {func(f *Fetch) { f.BrokerEpoch = 11 }, model.None, nil},
		"good":                      {func(*Fetch) {}, model.None, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ask := good
			row.change(&ask)
			a, err := f.Fetch(f.now, ask)
			require.NoError(t, err)
			require.Equal(t, row.code, a.Code)
			require.Equal(t, row.diverging, a.Diverging)
			if row.code != model.None || row.diverging != nil {
				require.Empty(t, a.Records)
			}
		})
	}
	f.follow(2, 6)
	a, err := f.Fetch(f.now, Fetch{Replica: model.NoNode, CurrentEpoch: model.NoEpoch})
	require.NoError(t, err)
	require.Equal(t, model.NotLeaderOrFollower, a.Code)
}

// TestRefusedFetchesLeaveNoTrace: only a fetch that is served tells what a follower
// holds, and a parked one only once (KAFKA-13141).
func TestRefusedFetchesLeaveNoTrace(t *testing.T) {
	f := newFixture(t)
	f.holds(4, 1)
	f.lead(2, 1, 2, 3)
	for _, ask := range []Fetch{
		{Replica: 2, BrokerEpoch: 10, Offset: 9, CurrentEpoch: 2, LastFetchedEpoch: 1}, // diverging
		{Replica: 2, BrokerEpoch: 9, Offset: 4, CurrentEpoch: 2, LastFetchedEpoch: 1},  // older life
		{Replica: 2, BrokerEpoch: 10, Offset: 4, CurrentEpoch: 1, LastFetchedEpoch: 1}, // older epoch
		{Replica: 2, BrokerEpoch: 10, Offset: 4, CurrentEpoch: 2, LastFetchedEpoch: 1, Again: true},
	} {
		_, err := f.Fetch(f.now, ask)
		require.NoError(t, err)
		require.Equal(t, model.NoOffset, f.leader.replicas[2].end, "%+v", ask)
	}
	f.hear(2, 4)
	require.Equal(t, model.Offset(4), f.leader.replicas[2].end)
}

// TestConsumersReadToTheWatermark while followers read to the end.
func TestConsumersReadToTheWatermark(t *testing.T) {
	f := newFixture(t)
	f.lead(0, 1, 2, 3)
	f.write(2)
	f.hear(2, 2)
	f.hear(3, 2)
	f.write(3)
	consumer := Fetch{Replica: model.NoNode, CurrentEpoch: model.NoEpoch, LastFetchedEpoch: model.NoEpoch, MaxBytes: 1 << 20}
	a, err := f.Fetch(f.now, consumer)
	require.NoError(t, err)
	require.Equal(t, model.Offset(2), a.HW)
	require.Len(t, a.Records, len(batch(2)))
	require.NotEmpty(t, f.hear(2, 2).Records)

	consumer.Offset = 3
	a, err = f.Fetch(f.now, consumer)
	require.NoError(t, err)
	require.Equal(t, model.None, a.Code, "between watermark and end is no error")
	require.Empty(t, a.Records)
}
