package workloads

import (
	"iter"
	"math/rand/v2"
	"time"

	"github.com/ackproof/ackproof/harness/stream"
)

// Operations are drawn as they are needed, without end, for each worker from a
// stream of its own. They lie on a grid of whole milliseconds, so that what is
// written down of them is all that there is to them.

const (
	// moveAfter is how many polls a consumer makes before it is moved.
	moveAfter = 150
	// rereadAtMost is how far back such a move seeks at most, in records.
	rereadAtMost = 500
	// probeBack is how far before the last known end a probe reads at most: the
	// tail is where records appear that should not be visible yet.
	probeBack = 20
	// deedsAtMost is how much is done with a tenant's topic between its creation and
	// its deletion.
	deedsAtMost = 8
)

// sendEvery is the period of one lane: all lanes together keep to the rate, if
// that is one that a lane can keep to.
func (o LogOptions) sendEvery() time.Duration {
	return max(time.Microsecond, time.Second*time.Duration(o.Producers*o.Lanes)/time.Duration(o.Rate))
}

// drawSends paces a lane.
func (o LogOptions) drawSends(worker string) iter.Seq[Op] {
	every := o.sendEvery()
	return func(yield func(Op) bool) {
		draw := stream.New(o.Seed, "workload/"+worker)
		for at := firstWait(draw, every); ; {
			if !yield(Op{At: millis(at), Worker: worker, F: Send, Partition: draw.Int32N(o.Partitions)}) {
				return
			}
			// A fifth of jitter, so that lanes do not march in step.
			at += every + time.Duration(draw.Int64N(int64(every)/5+1)) - every/10
		}
	}
}

// drawPolls lets a consumer read a partition, and moves it from time to time.
func (o LogOptions) drawPolls(worker string, first int32) iter.Seq[Op] {
	return func(yield func(Op) bool) {
		draw := stream.New(o.Seed, "workload/"+worker)
		partition, polls := first, 0
		for at := firstWait(draw, o.ReadEvery); ; at += o.ReadEvery {
			op := Op{At: millis(at), Worker: worker, F: Poll, Partition: partition}
			if polls++; polls > moveAfter {
				partition, polls = draw.Int32N(o.Partitions), 0
				op.F, op.Partition, op.Back = Move, partition, draw.Int64N(rereadAtMost+1)
			}
			if !yield(op) {
				return
			}
		}
	}
}

// drawProbes lets a prober ask for ends and read tails, anywhere.
func (o LogOptions) drawProbes(worker string) iter.Seq[Op] {
	return func(yield func(Op) bool) {
		draw := stream.New(o.Seed, "workload/"+worker)
		for at := firstWait(draw, o.ReadEvery); ; at += o.ReadEvery {
			op := Op{At: millis(at), Worker: worker, F: EndOffset, Partition: draw.Int32N(o.Partitions)}
			if draw.IntN(2) == 0 {
				op.F, op.Back = Read, draw.Int64N(probeBack+1)
			}
			if !yield(op) {
				return
			}
		}
	}
}

// drawTenancy lets a tenant's topic live for a while, again and again. Where its
// replicas are named by hand they are named whoever is alive, as operators do.
func (o LogOptions) drawTenancy(worker string) iter.Seq[Op] {
	return func(yield func(Op) bool) {
		draw := stream.New(o.Seed, "workload/"+worker)
		at := firstWait(draw, o.ReadEvery)
		next := func(f string, lead int) bool {
			op := Op{At: millis(at), Worker: worker, F: f, Lead: lead}
			at += o.ReadEvery
			return yield(op)
		}
		for {
			if !next(Create, draw.IntN(2)*(1+draw.IntN(o.Tenancy.Brokers))) {
				return
			}
			for range draw.IntN(1 + draw.IntN(deedsAtMost+1)) { // mostly few
				f := Send
				if draw.IntN(4) == 0 {
					f = Read
				}
				if !next(f, 0) {
					return
				}
			}
			if !next(Delete, 0) {
				return
			}
		}
	}
}

// firstWait spreads the workers over one period.
func firstWait(draw *rand.Rand, every time.Duration) time.Duration {
	return time.Duration(draw.Int64N(int64(every) + 1))
}
