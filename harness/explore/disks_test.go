package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// What a profile promises little by is drawn only where that little can be judged.
func TestDisksAreDrawnAsFarAsSomethingIsPromised(t *testing.T) {
	var alone, bad, retained int
	for seed := uint64(1); seed <= 2000; seed++ {
		p := drawProfile(seed, Bounds{})
		require.LessOrEqual(t, p.config.MinISR, p.config.ReplicationFactor)
		unflushed := p.config.Flush != beforeAck
		for _, c := range p.cards {
			if c.fault.Kind == nemesis.Power && unflushed {
				require.Equal(t, p.wiped, c.fault.Target, "seed %d: one machine may lose what it has not flushed", seed)
				require.Greater(t, p.config.MinISR, 1, "seed %d", seed)
				require.False(t, p.weather.Rough(), "seed %d: the others are in the ISR", seed)
				require.Zero(t, p.fetch, "seed %d: and stay there", seed)
				bad++
			}
		}
		if p.config.ReplicationFactor == 1 {
			require.False(t, p.liveness, "seed %d: of one replica none may be missing", seed)
			alone++
		}
		if p.config.RetentionBytes > 0 {
			require.Positive(t, p.times.Retention)
			retained++
		}
	}
	require.Greater(t, alone, 200)
	require.Greater(t, bad, 200)
	require.Greater(t, retained, 80)
}

func TestBoundsOutdoWhatIsDrawnOfDisks(t *testing.T) {
	for seed := uint64(1); seed <= 300; seed++ {
		p := drawProfile(seed, Bounds{MinISR: 2})
		require.Equal(t, 2, p.config.MinISR)
		require.GreaterOrEqual(t, p.config.ReplicationFactor, 2)
		for _, b := range []Bounds{{Acks: "1"}, {Unclean: true}, {Unpromised: true}} {
			require.Zero(t, drawProfile(seed, b).config.RetentionBytes, "what is lost there must be lost by the broker")
		}
		fixed := nemesis.Schedule{Nodes: 3, Length: 5000}
		require.Equal(t, 3, drawProfile(seed, Bounds{Schedule: &fixed}).config.ReplicationFactor)
	}
}

// TestRetentionIsJudgedFromInside: clients are promised nothing, and read what is
// there.
func TestRetentionIsJudgedFromInside(t *testing.T) {
	c := calm(1)
	c.Config.RetentionBytes, c.SegmentBytes, c.Times.Retention = 1, 1024, 100
	out, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.False(t, out.Failure.Promised, out.Failure)
	require.NotEqual(t, Stuck, out.Failure.Class)
	require.Equal(t, "unseen", out.Failure.Class, "it deleted something")
}
