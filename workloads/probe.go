package workloads

import (
	"context"

	"github.com/ackproof/ackproof/harness/history"
)

// probe asks for end offsets and reads the tail, of brokers in turn.
func (l *Log) probe(prober Prober) func(context.Context, Op) {
	p := newProcess(l.rec)
	ends := make([]int64, l.opts.Partitions) // the last known end of each
	return func(ctx context.Context, op Op) {
		if op.F == EndOffset {
			if end, ok := l.endOffset(ctx, prober, p, op.Partition); ok {
				ends[op.Partition] = end
			}
			return
		}
		at := max(0, ends[op.Partition]-op.Back)
		if last, ok := l.readTail(ctx, prober, p, op.Partition, at); ok {
			ends[op.Partition] = max(ends[op.Partition], last+1)
		}
	}
}

func (l *Log) endOffset(ctx context.Context, prober Prober, p *process, partition int32) (end int64, ok bool) {
	ctx, cancel := l.time.WithTimeout(ctx, l.opts.ReadTimeout)
	defer cancel()
	complete := p.invoke(history.Event{F: history.EndOffset, Topic: l.opts.Topic, Partition: partition})
	end, epoch, err := prober.EndOffset(ctx, l.opts.Topic, partition)
	if err != nil {
		complete(history.Event{}, err)
		return 0, false
	}
	e := history.Event{Offset: &end}
	if epoch >= 0 {
		e.LeaderEpoch = &epoch
	}
	complete(e, nil)
	return end, true
}

// readTail seeks to offset and reads there; last is the last offset read.
func (l *Log) readTail(ctx context.Context, prober Prober, p *process, partition int32, offset int64) (last int64, ok bool) {
	ctx, cancel := l.time.WithTimeout(ctx, l.opts.ReadTimeout)
	defer cancel()
	place := history.Event{Topic: l.opts.Topic, Partition: partition, Offset: &offset}
	seek, poll := place, place
	seek.F, poll.F = history.Assign, history.Poll
	p.invoke(seek)(history.Event{Offset: &offset}, nil)
	complete := p.invoke(poll)
	records, err := prober.Read(ctx, l.opts.Topic, partition, offset)
	complete(history.Event{Offset: &offset, Records: records}, err)
	if n := len(records); n > 0 {
		return records[n-1].Offset, true
	}
	return 0, false
}
