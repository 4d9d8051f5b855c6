package broker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// produce sends values=(a,b) to a node; the answer shows at the next run.
func (s *script) produce(d *datadriven.TestData) string {
	var node int
	acks, timeout := "all", 5000
	var values [][]byte
	opts := storage.BatchOptions{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "node":
			node = mustInt(s.t, arg.Vals[0])
		case "acks":
			acks = arg.Vals[0]
		case "values":
			for _, v := range arg.Vals {
				values = append(values, []byte(v))
			}
		case "pid":
			opts.ProducerID, opts.ProducerEpoch = s.producerOf(arg.Vals[0]), max(opts.ProducerEpoch, 0)
		case "epoch":
			opts.ProducerEpoch = int16(mustInt(s.t, arg.Vals[0]))
		case "timeout-ms":
			timeout = mustInt(s.t, arg.Vals[0])
		case "seq":
			opts.BaseSequence = int32(mustInt(s.t, arg.Vals[0]))
		default:
			d.Fatalf(s.t, "unknown argument %q", arg.Key)
		}
	}
	req := produceRequest(values, acks, opts)
	req.TimeoutMillis = int32(timeout)
	name := fmt.Sprintf("produce %s to %d:", strings.Join(stringsOf(values), ","), node)
	s.w.call(model.NodeID(node), "OUTSIDE", recode(req, req.AppendTo(nil)), func(r kmsg.Response, dropped bool) {
		switch {
		case dropped:
			s.pending = append(s.pending, name+" connection closed")
		case r == nil:
			s.pending = append(s.pending, name+" sent")
		default:
			p := r.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
			if p.ErrorCode != 0 {
				s.pending = append(s.pending, name+" "+model.ErrorCode(p.ErrorCode).String())
				return
			}
			s.pending = append(s.pending, fmt.Sprintf("%s acked at %d", name, p.BaseOffset))
		}
	})
	return "ok"
}

func produceRequest(values [][]byte, acks string, opts storage.BatchOptions) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Version, req.Acks, req.TimeoutMillis = 9, map[string]int16{"all": -1, "1": 1, "0": 0}[acks], 5000
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic = "t"
	p := kmsg.NewProduceRequestTopicPartition()
	opts.Timestamp = wallBase
	p.Records = storage.BuildBatch(values, opts)
	topic.Partitions = append(topic.Partitions, p)
	req.Topics = append(req.Topics, topic)
	return req
}

// send writes one value with acks=all and does not wait.
func (s *script) send(to model.NodeID, value int) {
	opts := storage.BatchOptions{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	req := produceRequest([][]byte{[]byte(strconv.Itoa(value))}, "all", opts)
	s.w.call(to, "OUTSIDE", recode(req, req.AppendTo(nil)), func(kmsg.Response, bool) {})
}

// read fetches as a consumer from a node: values by offset, up to its
// watermark.
func (s *script) read(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	req := kmsg.NewPtrFetchRequest()
	req.Version, req.MaxWaitMillis, req.MaxBytes = 11, 0, 1<<20
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic = "t"
	p := kmsg.NewFetchRequestTopicPartition()
	p.PartitionMaxBytes = 1 << 20
	topic.Partitions = append(topic.Partitions, p)
	req.Topics = append(req.Topics, topic)
	resp, err := s.w.client(model.NodeID(node), req)
	if err != nil {
		return err.Error()
	}
	got := resp.(*kmsg.FetchResponse).Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return model.ErrorCode(got.ErrorCode).String()
	}
	return strings.Join(valuesIn(s.t, got.RecordBatches), " ")
}

func (s *script) endOffset(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	req := kmsg.NewPtrListOffsetsRequest()
	req.Version, req.ReplicaID = 7, -1
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = "t"
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Timestamp, p.CurrentLeaderEpoch = -1, -1
	topic.Partitions = append(topic.Partitions, p)
	req.Topics = append(req.Topics, topic)
	resp, err := s.w.client(model.NodeID(node), req)
	if err != nil {
		return err.Error()
	}
	got := resp.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return model.ErrorCode(got.ErrorCode).String()
	}
	return fmt.Sprintf("offset=%d epoch=%d", got.Offset, got.LeaderEpoch)
}

// producerID asks a node for a new producer id.
func (s *script) producerID(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	req := kmsg.NewPtrInitProducerIDRequest()
	req.Version = 4
	resp, err := s.w.client(model.NodeID(node), req)
	if err != nil {
		return err.Error()
	}
	got := resp.(*kmsg.InitProducerIDResponse)
	if got.ErrorCode != 0 {
		return model.ErrorCode(got.ErrorCode).String()
	}
	s.lastProducer = got.ProducerID
	return fmt.Sprint(got.ProducerID)
}

// producerOf reads a producer id: a number, or "last" for the one given last.
func (s *script) producerOf(text string) int64 {
	if text == "last" {
		return s.lastProducer
	}
	return int64(mustInt(s.t, text))
}

// log shows what a replica holds, committed or not, and its epochs.
func (s *script) log(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	n := s.w.nodes[model.NodeID(node)]
	if n.core == nil {
		return "down"
	}
	h := n.core.partitions.byName[model.TopicPartition{Topic: "t"}]
	if h == nil {
		return "not here"
	}
	log := h.replica.Log()
	records, err := log.Read(log.StartOffset(), 1<<20, log.EndOffset(), true)
	require.NoError(s.t, err)
	return fmt.Sprintf("%s epochs=%v", strings.Join(valuesIn(s.t, records), " "), log.EpochEntries())
}

// valuesIn decodes records as offset=value.
func valuesIn(t *testing.T, records []byte) []string {
	var out []string
	for len(records) > 0 {
		batch, rest, err := storage.FirstBatch(records)
		require.NoError(t, err)
		records = rest
		var decoded kmsg.RecordBatch
		require.NoError(t, decoded.ReadFrom(batch))
		raw := decoded.Records
		for i := int32(0); i < decoded.NumRecords; i++ {
			var r kmsg.Record
			size, n := varint(raw)
			if err := r.ReadFrom(raw[:n+size]); err != nil {
				out = append(out, fmt.Sprintf("%d=garbage", decoded.FirstOffset+int64(r.OffsetDelta)))
				break
			}
			raw = raw[n+size:]
			out = append(out, fmt.Sprintf("%d=%s", decoded.FirstOffset+int64(r.OffsetDelta), r.Value))
		}
	}
	return out
}

// varint reads a zigzag varint: its value and its own size.
func varint(b []byte) (value, size int) {
	var u uint64
	for shift := 0; ; shift += 7 {
		u |= uint64(b[size]&0x7f) << shift
		size++
		if b[size-1]&0x80 == 0 {
			return int(u>>1) ^ -int(u&1), size
		}
	}
}

func stringsOf(values [][]byte) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
