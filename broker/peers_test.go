package broker

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// oddAnswers are what a peer might answer to anything, in place of an answer.
var oddAnswers = map[string]func(kmsg.Request) (kmsg.Response, error){
	"nothing":          func(kmsg.Request) (kmsg.Response, error) { return nil, nil },
	"a failure":        func(kmsg.Request) (kmsg.Response, error) { return nil, errors.New("broken pipe") },
	"of another kind":  func(kmsg.Request) (kmsg.Response, error) { return kmsg.NewPtrApiVersionsResponse(), nil },
	"empty":            func(r kmsg.Request) (kmsg.Response, error) { return r.ResponseKind(), nil },
	"about a stranger": func(r kmsg.Request) (kmsg.Response, error) { return aboutAStranger(r), nil },
	"absurd":           func(r kmsg.Request) (kmsg.Response, error) { return absurd(r), nil },
}

// aboutAStranger names topics and partitions that were not asked for.
func aboutAStranger(r kmsg.Request) kmsg.Response {
	resp := r.ResponseKind()
	switch resp := resp.(type) {
	case *kmsg.FetchResponse:
		t := kmsg.NewFetchResponseTopic()
		t.TopicID = [16]byte{9}
		t.Partitions = append(t.Partitions, kmsg.NewFetchResponseTopicPartition())
		resp.Topics = append(resp.Topics, t, t)
	case *kmsg.AlterPartitionResponse:
		t := kmsg.NewAlterPartitionResponseTopic()
		t.Partitions = append(t.Partitions, kmsg.NewAlterPartitionResponseTopicPartition())
		resp.Topics = append(resp.Topics, t)
	case *kmsg.ListOffsetsResponse:
		resp.Topics = append(resp.Topics, kmsg.NewListOffsetsResponseTopic())
	}
	return resp
}

// absurd answers what was asked, with numbers that cannot be.
func absurd(r kmsg.Request) kmsg.Response {
	resp := r.ResponseKind()
	switch resp := resp.(type) {
	case *kmsg.FetchResponse:
		for _, asked := range r.(*kmsg.FetchRequest).Topics {
			t := kmsg.NewFetchResponseTopic()
			t.TopicID = asked.TopicID
			for _, p := range asked.Partitions {
				out := kmsg.NewFetchResponseTopicPartition()
				out.Partition, out.HighWatermark, out.LogStartOffset = p.Partition, -7, 1<<40
				out.DivergingEpoch.Epoch, out.DivergingEpoch.EndOffset = 1<<30, -7
				t.Partitions = append(t.Partitions, out)
			}
			resp.Topics = append(resp.Topics, t)
		}
	case *kmsg.AlterPartitionResponse:
		for _, asked := range r.(*kmsg.AlterPartitionRequest).Topics {
			t := kmsg.NewAlterPartitionResponseTopic()
			t.TopidID = asked.TopicID
			for _, p := range asked.Partitions {
				out := kmsg.NewAlterPartitionResponseTopicPartition()
				out.Partition, out.LeaderID, out.LeaderEpoch, out.PartitionEpoch = p.Partition, 77, p.LeaderEpoch, 1<<30
				out.ISR = []int32{77, -1}
				t.Partitions = append(t.Partitions, out)
			}
			resp.Topics = append(resp.Topics, t)
		}
	case *kmsg.BrokerHeartbeatResponse:
		resp.IsFenced = true
	case *kmsg.AllocateProducerIDsResponse:
		resp.ProducerIDStart, resp.ProducerIDLen = 5, -3
	}
	return resp
}

// TestNoAnswerPanicsTheBroker lets every peer answer every request of a broker
// oddly for a while, and expects it to go on as if it had heard nothing.
func TestNoAnswerPanicsTheBroker(t *testing.T) {
	for name, odd := range oddAnswers {
		t.Run(name, func(t *testing.T) {
			fixRaftJitter(t, 1)
			w := newWorld(worldOptions{nodes: 3, minISR: 2})
			s := &script{t: t, w: w}
			require.Contains(t, s.awaitUnfenced(3), "unfenced")
			require.Equal(t, model.None, s.createTopic([]int32{1, 2, 3}, []int32{2, 1, 3}))
			w.run(200 * time.Millisecond)
			w.net.odd = func(r kmsg.Request) (kmsg.Response, error) { return odd(r) }
			for i := range 30 {
				s.send(1, i)
				w.call(2, "OUTSIDE", kmsg.NewPtrInitProducerIDRequest(), func(kmsg.Response, bool) {})
				w.run(100 * time.Millisecond)
			}
			w.net.odd = nil
			w.run(5 * time.Second)
			require.Empty(t, w.exits)
			require.Empty(t, w.watch.Problems())
			for _, id := range w.order {
				for _, p := range w.nodes[id].core.Status().Partitions {
					require.Len(t, p.ISR, 3, w.status())
					require.Equal(t, p.LEO, p.HW, w.status())
				}
				require.LessOrEqual(t, len(w.nodes[id].core.peers.waiting), 3, "nothing waits for ever")
			}
		})
	}
}

// TestNothingIsLeftBehind runs writes, reads and failovers and then looks at what
// the core still keeps: waiting requests and timers must not grow.
func TestNothingIsLeftBehind(t *testing.T) {
	fixRaftJitter(t, 1)
	w := newWorld(worldOptions{nodes: 3, minISR: 2})
	s := &script{t: t, w: w}
	require.Contains(t, s.awaitUnfenced(3), "unfenced")
	require.Equal(t, model.None, s.createTopic([]int32{1, 2, 3}, []int32{2, 3, 1}))
	w.run(time.Second)
	kept := func() (commits, fetches, timers int) {
		for _, id := range w.order {
			c := w.nodes[id].core
			timers += len(c.timers.queue)
			for _, h := range c.partitions.sorted {
				commits, fetches = commits+len(h.commits), fetches+len(h.fetches)
			}
		}
		return commits, fetches, timers
	}
	_, fetchesBefore, timersBefore := kept()
	for i := range 100 {
		s.send(model.NodeID(i%3+1), i)
		if i%10 == 0 {
			w.isolate(model.NodeID(i/10%3 + 1))
		}
		if i%10 == 9 {
			w.heal()
		}
		w.run(50 * time.Millisecond)
	}
	w.heal()
	w.run(10 * time.Second)
	commits, fetches, timers := kept()
	require.Zero(t, commits)
	require.LessOrEqual(t, fetches, fetchesBefore+2)
	require.LessOrEqual(t, timers, timersBefore+4)
}
