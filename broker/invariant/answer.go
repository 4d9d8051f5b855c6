package invariant

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// acksAll is the value of acks that waits for the commit.
const acksAll = -1

// Answered looks at what a broker answers a client, after the step was observed:
// what it acknowledges, and what it lets a consumer read, is committed, and it
// tells no end of the log that may lie below what an earlier leader has told.
func (w *Watch) Answered(id model.NodeID, request kmsg.Request, response kmsg.Response) {
	if w.over() {
		return
	}
	switch request := request.(type) {
	case *kmsg.ProduceRequest:
		if request.Acks == acksAll {
			w.acked(w.node(id), response.(*kmsg.ProduceResponse))
		}
	case *kmsg.FetchRequest:
		if request.ReplicaID < 0 && request.ReplicaState.ID < 0 {
			w.shown(w.node(id), response.(*kmsg.FetchResponse))
		}
	case *kmsg.ListOffsetsRequest:
		if request.ReplicaID < 0 {
			w.told(w.node(id), request, response.(*kmsg.ListOffsetsResponse))
		}
	}
}

func (w *Watch) acked(n *node, response *kmsg.ProduceResponse) {
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			if v := n.find(t.Topic, p.Partition); v != nil && p.ErrorCode == 0 && model.Offset(p.BaseOffset) >= v.hw {
				w.fault(AckedUncommitted, "%s: offset %d", v, p.BaseOffset)
			}
		}
	}
}

func (w *Watch) shown(n *node, response *kmsg.FetchResponse) {
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			v := n.find(t.Topic, p.Partition)
			for run := p.RecordBatches; v != nil && len(run) > 0; {
				b, rest, err := storage.FirstBatch(run)
				if err != nil {
					break // cut short
				}
				if b.NextOffset() > v.hw {
					w.fault(ReadUncommitted, "%s: offset %d", v, b.LastOffset())
				}
				run = rest
			}
		}
	}
}

func (w *Watch) told(n *node, request *kmsg.ListOffsetsRequest, response *kmsg.ListOffsetsResponse) {
	for i, t := range response.Topics {
		for j, p := range t.Partitions {
			v := n.find(t.Topic, p.Partition)
			asked := request.Topics[i].Partitions[j].Timestamp
			if v != nil && v.leads && p.ErrorCode == 0 && asked == partition.LatestOffset && v.hw < v.epoch.Start {
				w.fault(EndTooEarly, "%s: the epoch starts at %d", v, v.epoch.Start)
			}
		}
	}
}

// find gives what a node's replica looks like; nil if it holds none of that name.
func (n *node) find(topic string, partition int32) *view {
	for _, v := range n.views {
		if v.name.Partition == partition && v.name.Topic == topic {
			return v
		}
	}
	return nil
}
