package trace

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster/sim"
)

// Input implements sim.Tracer.
func (t *Trace) Input(at sim.At, in broker.Input) {
	t.flush() // a step that ended in the middle
	t.input(at, in)
	t.came = len(t.step)
}

func (t *Trace) input(at sim.At, in broker.Input) {
	switch in := in.(type) {
	case broker.Request:
		switch req := in.Call.Request.(type) {
		case *kmsg.ProduceRequest:
			t.produce(at, req)
			return
		case *kmsg.AlterPartitionRequest:
			t.add(at, NoPartition, model.NodeID(req.BrokerID), "AlterPartition from node %d: %s", req.BrokerID, t.proposals(req))
			return
		}
	case broker.PeerResponse:
		asked, known := t.node(at.Node).asked[in.Token]
		delete(t.node(at.Node).asked, in.Token)
		if known && t.answered(at, asked, in) {
			return
		}
	}
	t.idle(at, in)
}

// Effect implements sim.Tracer.
func (t *Trace) Effect(at sim.At, e broker.Effect) {
	switch e := e.(type) {
	case broker.Trace:
		t.add(at, partitionIn(e.Text), 0, "%s", e.Text)
		return
	case broker.Send:
		t.node(at.Node).asked[e.Token] = e
		switch req := e.Request.(type) {
		case *kmsg.AlterPartitionRequest:
			t.add(at, NoPartition, e.To, "sends AlterPartition to node %d: %s", e.To, t.proposals(req))
			return
		case *kmsg.ListOffsetsRequest:
			t.add(at, NoPartition, e.To, "asks node %d for the bounds of its log", e.To)
			return
		}
	case broker.Reply:
		if t.refused(at, e) {
			return
		}
	}
	t.idle(at, e)
}

// answered tells what another broker's answer was; false if it is idle.
func (t *Trace) answered(at sim.At, asked broker.Send, in broker.PeerResponse) bool {
	before := len(t.step)
	switch req := asked.Request.(type) {
	case *kmsg.FetchRequest:
		subject := fmt.Sprintf("fetch from %d", asked.To)
		if in.Err != nil {
			t.addOnce(at, subject, NoPartition, asked.To, "fetch from node %d: %v", asked.To, in.Err)
			break
		}
		delete(t.node(at.Node).said, subject)
		t.fetched(at, asked.To, req, in.Response.(*kmsg.FetchResponse))
	case *kmsg.AlterPartitionRequest:
		if in.Err != nil {
			t.add(at, NoPartition, asked.To, "AlterPartition to node %d: %v", asked.To, in.Err)
			break
		}
		t.add(at, NoPartition, asked.To, "AlterPartition answered by node %d: %s", asked.To,
			t.verdicts(in.Response.(*kmsg.AlterPartitionResponse)))
	}
	return len(t.step) > before
}

// fetched tells of a follower's fetch together with its answer.
func (t *Trace) fetched(at sim.At, from model.NodeID, req *kmsg.FetchRequest, resp *kmsg.FetchResponse) {
	type place struct {
		topic     model.TopicID
		partition int32
	}
	answers := map[place]kmsg.FetchResponseTopicPartition{}
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			answers[place{topic.TopicID, p.Partition}] = p
		}
	}
	for _, topic := range req.Topics {
		for _, ask := range topic.Partitions {
			p, ok := answers[place{topic.TopicID, ask.Partition}]
			if !ok {
				continue
			}
			name := nameOf(t.topic(topic.TopicID), ask.Partition)
			text := t.outcome(at, name, p)
			subject := "fetch " + name
			if text == "" {
				delete(t.node(at.Node).said, subject)
				continue
			}
			t.addOnce(at, subject, ask.Partition, from, "fetch %s from node %d at %d, epoch %d, last fetched %d: %s",
				name, from, ask.FetchOffset, ask.CurrentLeaderEpoch, ask.LastFetchedEpoch, text)
		}
	}
}

// outcome says what a follower was told; nothing if it knew that already.
func (t *Trace) outcome(at sim.At, name string, p kmsg.FetchResponseTopicPartition) string {
	switch {
	case p.ErrorCode != 0:
		return model.ErrorCode(p.ErrorCode).String()
	case p.DivergingEpoch.Epoch >= 0 || p.DivergingEpoch.EndOffset >= 0:
		return fmt.Sprintf("diverging, epoch %d ends at %d", p.DivergingEpoch.Epoch, p.DivergingEpoch.EndOffset)
	case len(p.RecordBatches) > 0:
		records, err := client.DecodeBatches(p.RecordBatches)
		if err != nil {
			return fmt.Sprintf("%v, hw %d", err, p.HighWatermark)
		}
		return fmt.Sprintf("%s, hw %d", recordsOf(records), p.HighWatermark)
	}
	if known, ok := t.node(at.Node).replicas[name]; !ok || int64(known.HW) != p.HighWatermark {
		return fmt.Sprintf("nothing, hw %d", p.HighWatermark)
	}
	return ""
}

// proposals says which ISRs are asked for, each member with its broker epoch.
func (t *Trace) proposals(req *kmsg.AlterPartitionRequest) string {
	var all []string
	for _, topic := range req.Topics {
		for _, p := range topic.Partitions {
			members := make([]string, len(p.NewEpochISR))
			for i, m := range p.NewEpochISR {
				members[i] = fmt.Sprintf("%d@%d", m.BrokerID, m.BrokerEpoch)
			}
			all = append(all, fmt.Sprintf("%s epoch=%d/%d isr=[%s]",
				nameOf(t.topic(topic.TopicID), p.Partition), p.LeaderEpoch, p.PartitionEpoch, strings.Join(members, " ")))
		}
	}
	return strings.Join(all, ", ")
}

func (t *Trace) verdicts(resp *kmsg.AlterPartitionResponse) string {
	if resp.ErrorCode != 0 {
		return model.ErrorCode(resp.ErrorCode).String()
	}
	var all []string
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			name := nameOf(t.topic(topic.TopidID), p.Partition)
			if p.ErrorCode != 0 {
				all = append(all, fmt.Sprintf("%s %s", name, model.ErrorCode(p.ErrorCode)))
				continue
			}
			all = append(all, fmt.Sprintf("%s epoch=%d/%d isr=%v", name, p.LeaderEpoch, p.PartitionEpoch, p.ISR))
		}
	}
	return strings.Join(all, ", ")
}
