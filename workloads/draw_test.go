package workloads

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// upTo takes the operations of a drawn source that are due before a time.
func upTo(ops iter.Seq[Op], end time.Duration) []Op {
	var taken []Op
	for op := range ops {
		if op.At.Duration() >= end {
			break
		}
		taken = append(taken, op)
	}
	return taken
}

func TestDrawnSendsKeepTheRate(t *testing.T) {
	for _, rate := range []int{20, 500, 3000, 20000} {
		o := LogDefaults(topic, 3, 5)
		o.Rate = rate
		sends := 0
		for producer := range o.Producers {
			for lane := range o.Lanes {
				ops := upTo(o.drawSends(producerName(producer, lane)), 10*time.Second)
				sends += len(ops)
				for i, op := range ops[1:] {
					// A millisecond more or less is that of the grid.
					gap, most := (op.At - ops[i].At).Duration(), o.sendEvery()/10+time.Millisecond
					if (gap-o.sendEvery()).Abs() > most || op.F != Send || op.Partition >= o.Partitions {
						require.Failf(t, "not as asked", "rate %d: %v after %v", rate, op, ops[i])
					}
				}
			}
		}
		require.InEpsilon(t, rate*10, sends, 0.02, "rate %d", rate)
	}
}

func TestDrawnReadsKeepTheirPeriod(t *testing.T) {
	o := LogDefaults(topic, 4, 5)
	for name, ops := range map[string]iter.Seq[Op]{
		consumerName(2): o.drawPolls(consumerName(2), 2),
		proberName(0):   o.drawProbes(proberName(0)),
	} {
		drawn := upTo(ops, 20*time.Second)
		require.Len(t, drawn, 1000, name)
		require.Less(t, drawn[0].At.Duration(), o.ReadEvery)
		seen := map[string]int{}
		for i, op := range drawn {
			seen[op.F]++
			require.Equal(t, name, op.Worker)
			if i > 0 {
				require.Equal(t, o.ReadEvery, (op.At - drawn[i-1].At).Duration())
			}
		}
		if name == consumerName(2) {
			require.Equal(t, map[string]int{Poll: 994, Move: 6}, seen)
			require.Equal(t, int32(2), drawn[0].Partition)
			require.Equal(t, Move, drawn[moveAfter].F)
			require.Equal(t, drawn[moveAfter].Partition, drawn[moveAfter+1].Partition, "it reads where it was moved")
		} else {
			require.Greater(t, min(seen[EndOffset], seen[Read]), 400, "%v", seen)
		}
	}
}

func TestEqualSeedsDrawEqualOps(t *testing.T) {
	draw := func(seed uint64) [][]Op {
		o := LogDefaults(topic, 4, seed)
		return [][]Op{
			upTo(o.drawSends(producerName(0, 1)), 10*time.Second),
			upTo(o.drawPolls(consumerName(0), 0), 10*time.Second),
			upTo(o.drawProbes(proberName(0)), 10*time.Second),
		}
	}
	require.Equal(t, draw(9), draw(9))
	for i, ops := range draw(9) {
		require.NotEqual(t, ops, draw(10)[i])
	}
}

// A worker that is there no longer takes its share of the rate along, and changes
// nothing for those who stay.
func TestRemovingAWorkerReDealsNothing(t *testing.T) {
	few, many := LogDefaults(topic, 4, 3), LogDefaults(topic, 4, 3)
	few.Producers, few.Consumers, few.Probers, few.Rate = 1, 1, 1, 100
	for lane := range few.Lanes {
		name := producerName(0, lane)
		require.Equal(t, upTo(many.drawSends(name), time.Minute), upTo(few.drawSends(name), time.Minute))
	}
	require.Equal(t, upTo(many.drawPolls(consumerName(0), 0), time.Minute), upTo(few.drawPolls(consumerName(0), 0), time.Minute))
	require.Equal(t, upTo(many.drawProbes(proberName(0)), time.Minute), upTo(few.drawProbes(proberName(0)), time.Minute))
	require.NotEqual(t, upTo(many.drawProbes(proberName(0)), time.Minute), upTo(many.drawProbes(proberName(1)), time.Minute))
}
