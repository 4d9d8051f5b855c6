package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

const (
	// drainPage is how much one drain event reads, in bytes: some hundred
	// records of this workload, so that no line of a history grows huge.
	drainPage = 64 << 10
	// replicaTimeout bounds how long one replica of one partition is tried.
	replicaTimeout = 15 * time.Second
)

// Drain reads everything back, from every replica.
type Drain struct {
	Admin *Admin
	// Marking appends the markers: with acks=all, whatever the run's are.
	Marking  workloads.Producer
	Topic    Topic
	Recorder workloads.Recorder
	// NextValue gives out values for the markers, unique in the run.
	NextValue func() int64
}

// Run appends a marker to each partition, acked by all replicas, then makes
// every replica in turn the leader and reads the partition from it, from the
// start to its high watermark, until the marker was read back. It assumes that
// all faults are healed and that no client of the workload is connected any
// more. ctx bounds it; on an error the history has what was read.
func (d Drain) Run(ctx context.Context) error {
	markers, err := d.mark(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for partition := range d.Topic.Partitions {
		p, err := d.Admin.partition(ctx, d.Topic.Name, partition)
		if err != nil {
			return fmt.Errorf("client: drain: %w", err)
		}
		for _, node := range p.Replicas {
			if err := d.replica(ctx, partition, node, markers[partition]); err != nil {
				failed = append(failed, fmt.Errorf("client: drain %s-%d from node %d: %w", d.Topic.Name, partition, node, err))
			}
		}
	}
	return errors.Join(failed...)
}

func (d Drain) replica(ctx context.Context, partition int32, node int, marker int64) error {
	ctx, cancel := d.Admin.reach.Time.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	if err := d.Admin.Lead(ctx, d.Topic.Name, partition, node); err != nil {
		return err
	}
	return d.read(ctx, partition, node, marker)
}

// mark appends the markers.
func (d Drain) mark(ctx context.Context) ([]int64, error) {
	markers := make([]int64, d.Topic.Partitions)
	for partition := range d.Topic.Partitions {
		what := fmt.Sprintf("append the marker of %s-%d", d.Topic.Name, partition)
		err := d.Admin.await(ctx, what, func(ctx context.Context) (err error) {
			markers[partition], err = d.markOne(ctx, partition)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return markers, nil
}

func (d Drain) markOne(ctx context.Context, partition int32) (int64, error) {
	e := history.Event{
		Process: d.Recorder.NextProcess(), Type: history.Invoke, F: history.Marker,
		Topic: d.Topic.Name, Partition: partition, Value: d.NextValue(),
	}
	d.Recorder.Record(e)
	offset, failed := d.Marking.Send(ctx, e.Topic, partition, e.Value)
	if failed != nil {
		e.Type, e.Error = failed.Class, failed.Error()
		d.Recorder.Record(e)
		return 0, failed
	}
	e.Type, e.Offset = history.OK, &offset
	d.Recorder.Record(e)
	return e.Value, nil
}

// read records the whole partition as node shows it. It ends at the high
// watermark once the marker was read: before that, a new leader's watermark
// still lags behind what its followers have.
func (d Drain) read(ctx context.Context, partition int32, node int, marker int64) error {
	broker := d.Admin.reach.Brokers[node-1]
	process := d.Recorder.NextProcess()
	var position int64
	for last, marked := false, false; !last; {
		start := position
		event := history.Event{
			Process: process, F: history.Drain, Topic: d.Topic.Name, Partition: partition, Node: &node, Offset: &start,
		}
		invoked := event
		invoked.Type = history.Invoke
		d.Recorder.Record(invoked)

		var got Page
		err := d.Admin.await(ctx, "read", func(ctx context.Context) (err error) {
			got, err = FetchPage(ctx, broker, d.Topic.Name, partition, position, drainPage)
			if errors.Is(err, kerr.OffsetOutOfRange) { // retention took the records there
				start, listed := listOffset(ctx, broker, d.Topic.Name, partition, earliest)
				position = max(position, start.Offset)
				return errors.Join(err, listed)
			}
			if err != nil {
				return err
			}
			if atEnd := marked && position >= got.High; len(got.Records) == 0 && !atEnd {
				return fmt.Errorf("high watermark is %d, read up to %d, marker read: %v", got.High, position, marked)
			}
			return nil
		})
		if err != nil {
			event.Type, event.Error = history.Info, err.Error()
			d.Recorder.Record(event)
			return err
		}
		for _, r := range got.Records {
			position = r.Offset + 1
			marked = marked || r.Value == marker
		}
		if last = marked && position >= got.High; last {
			event.End = &position
		}
		event.Type, event.Records = history.OK, got.Records
		d.Recorder.Record(event)
	}
	return nil
}
