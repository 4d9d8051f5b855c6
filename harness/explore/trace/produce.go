package trace

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
)

// produced is a line that lacks where the records went.
type produced struct {
	line int
	name string
}

func (t *Trace) produce(at sim.At, req *kmsg.ProduceRequest) {
	for _, topic := range req.Topics {
		for _, p := range topic.Partitions {
			name := nameOf(topic.Topic, p.Partition)
			t.produced = append(t.produced, produced{line: len(t.step), name: name})
			t.add(at, p.Partition, 0, "produce %s acks=%s values=%s", name, acksOf(req.Acks), valuesOf(p.Records))
		}
	}
}

// finishProduced says where in the log they are.
func (t *Trace) finishProduced(now broker.Status) {
	for _, p := range t.produced {
		line := &t.step[p.line]
		before := t.node(line.Node).replicas[p.name]
		for _, r := range now.Partitions {
			if nameOf(r.Topic, r.Partition) == p.name && r.LEO > before.LEO {
				line.Text += fmt.Sprintf(": appended at %d, epoch %d", before.LEO, r.LeaderEpoch)
			}
		}
	}
}

// refused tells of a produce request that was not done.
func (t *Trace) refused(at sim.At, e broker.Reply) bool {
	resp, ok := e.Response.(*kmsg.ProduceResponse)
	if !ok {
		return false
	}
	found := false
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			name := nameOf(topic.Topic, p.Partition)
			if code := model.ErrorCode(p.ErrorCode); code != model.None {
				t.add(at, p.Partition, 0, "refuses to produce %s: %s", name, code)
				found = true
			}
		}
	}
	return found
}

// shown is how many records or values a line names at most.
const shown = 8

func recordsOf(records []history.Record) string {
	if len(records) == 0 {
		return "nothing"
	}
	if n := len(records); n > shown {
		return fmt.Sprintf("%d records, offsets %d to %d", n, records[0].Offset, records[n-1].Offset)
	}
	text := make([]string, len(records))
	for i, r := range records {
		text[i] = fmt.Sprintf("%d=%d", r.Offset, r.Value)
	}
	return strings.Join(text, " ")
}

func acksOf(acks int16) string {
	if acks == int16(wire.AcksAll) {
		return "all"
	}
	return fmt.Sprint(acks)
}

func valuesOf(batch []byte) string {
	records, err := client.DecodeBatches(batch)
	switch {
	case err != nil:
		return err.Error()
	case len(records) > shown:
		return fmt.Sprintf("[%d of them]", len(records))
	}
	values := make([]int64, len(records))
	for i, r := range records {
		values[i] = r.Value
	}
	return fmt.Sprint(values)
}
