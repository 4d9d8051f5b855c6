package broker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// TestScripts runs the protocol's scenarios in testdata/. Each file is a
// scenario: its first lines say what it shows.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{t: t}
		fixRaftJitter(t, 1)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.t = t
			return s.run(d)
		})
	})
}

// script is a scenario under way.
type script struct {
	t       *testing.T
	w       *world
	pending []string // answers that came since the last look
}

func (s *script) run(d *datadriven.TestData) string {
	switch d.Cmd {
	case "cluster":
		return s.cluster(d)
	case "topic":
		return s.topic(d)
	case "produce":
		return s.produce(d)
	case "run":
		var ms int
		d.ScanArgs(s.t, "ms", &ms)
		s.w.run(time.Duration(ms) * time.Millisecond)
		return s.answers()
	case "settle":
		s.w.run(2 * time.Second)
		return s.answers() + s.w.status()
	case "status":
		return s.w.status()
	case "cut":
		return s.cut(d)
	case "heal":
		s.w.heal()
		return "ok"
	case "kill":
		s.eachNode(d, s.w.kill)
		return "ok"
	case "crash": // power loss: unsynced data is gone
		s.eachNode(d, func(id model.NodeID) { s.w.kill(id); s.w.nodes[id].fs.Crash() })
		return "ok"
	case "wipe":
		s.eachNode(d, func(id model.NodeID) { s.w.kill(id); require.NoError(s.t, s.w.nodes[id].fs.RemoveAll("/logs")) })
		return "ok"
	case "boot":
		s.eachNode(d, s.w.boot)
		return "ok"
	case "shutdown":
		s.eachNode(d, func(id model.NodeID) { s.w.step(s.w.nodes[id], Shutdown{}) })
		return "ok"
	case "read":
		return s.read(d)
	case "end-offset":
		return s.endOffset(d)
	case "prefer":
		return s.prefer(d)
	}
	d.Fatalf(s.t, "unknown command %q", d.Cmd)
	return ""
}

func (s *script) cluster(d *datadriven.TestData) string {
	o := worldOptions{nodes: 3, flush: FlushNever, minISR: 1}
	for _, arg := range d.CmdArgs {
		var err error
		switch arg.Key {
		case "nodes":
			o.nodes, err = strconv.Atoi(arg.Vals[0])
		case "flush":
			o.flush = FlushPolicy(arg.Vals[0])
		case "mutant":
			o.mutants, err = mutant.Parse(arg.Vals[0])
		case "min-isr":
			o.minISR, err = strconv.Atoi(arg.Vals[0])
		case "unclean":
			o.unclean = true
		default:
			d.Fatalf(s.t, "unknown argument %q", arg.Key)
		}
		require.NoError(s.t, err)
	}
	s.w = newWorld(o)
	return s.awaitUnfenced(o.nodes)
}

func (s *script) awaitUnfenced(nodes int) string {
	ready := s.w.runUntil(20*time.Second, func() bool {
		for _, id := range s.w.order {
			if s.w.nodes[id].core == nil || s.w.nodes[id].core.Status().Fenced {
				return false
			}
		}
		return true
	})
	if !ready {
		return fmt.Sprintf("not ready: exits=%v", s.w.exits)
	}
	s.w.run(100 * time.Millisecond)
	return fmt.Sprintf("%d brokers unfenced", nodes)
}

func (s *script) controller() model.NodeID {
	for _, id := range s.w.order {
		if n := s.w.nodes[id]; n.core != nil && n.core.Status().IsController {
			return id
		}
	}
	s.t.Fatal("no active controller")
	return model.NoNode
}

// topic makes a topic of one partition with its replicas in the given order.
func (s *script) topic(d *datadriven.TestData) string {
	var replicas []int32
	for _, v := range d.CmdArgs[0].Vals {
		replicas = append(replicas, int32(mustInt(s.t, v)))
	}
	if code := s.createTopic(replicas); code != model.None {
		return code.String()
	}
	s.w.run(500 * time.Millisecond)
	return s.w.status()
}

func (s *script) createTopic(replicas []int32) model.ErrorCode {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Version = 7
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", -1, -1
	assignment := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
	assignment.Replicas = replicas
	topic.ReplicaAssignment = append(topic.ReplicaAssignment, assignment)
	req.Topics = append(req.Topics, topic)
	resp, err := s.w.client(s.controller(), req)
	require.NoError(s.t, err)
	return model.ErrorCode(resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
}

// produce sends values=(a,b) to a node; the answer shows at the next run.
func (s *script) produce(d *datadriven.TestData) string {
	var node int
	var acks = "all"
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
			opts.ProducerID, opts.ProducerEpoch = int64(mustInt(s.t, arg.Vals[0])), 0
		case "seq":
			opts.BaseSequence = int32(mustInt(s.t, arg.Vals[0]))
		default:
			d.Fatalf(s.t, "unknown argument %q", arg.Key)
		}
	}
	req := produceRequest(values, acks, opts)
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

func (s *script) answers() string {
	out := strings.Join(s.pending, "\n")
	s.pending = nil
	if out != "" {
		out += "\n"
	}
	return out
}

// cut 1->2 2->1 cuts links; cut node=1 isolates a node.
func (s *script) cut(d *datadriven.TestData) string {
	for _, arg := range d.CmdArgs {
		if arg.Key == "node" {
			id := model.NodeID(mustInt(s.t, arg.Vals[0]))
			for _, other := range s.w.order {
				s.w.cut[[2]model.NodeID{id, other}] = other != id
				s.w.cut[[2]model.NodeID{other, id}] = other != id
			}
			continue
		}
		from, to, ok := strings.Cut(arg.Key, "->")
		require.True(s.t, ok, "cut wants 1->2, got %q", arg.Key)
		s.w.cut[[2]model.NodeID{model.NodeID(mustInt(s.t, from)), model.NodeID(mustInt(s.t, to))}] = true
	}
	return "ok"
}

func (s *script) eachNode(d *datadriven.TestData, do func(model.NodeID)) {
	for _, arg := range d.CmdArgs {
		do(model.NodeID(mustInt(s.t, arg.Key)))
	}
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

// prefer order=(2,1,3) reorders the replicas and elects the first.
func (s *script) prefer(d *datadriven.TestData) string {
	var replicas []int32
	for _, v := range d.CmdArgs[0].Vals {
		replicas = append(replicas, int32(mustInt(s.t, v)))
	}
	reorder := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	topic := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	topic.Topic = "t"
	p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	p.Replicas = replicas
	topic.Partitions = append(topic.Partitions, p)
	reorder.Topics = append(reorder.Topics, topic)
	resp, err := s.w.client(s.controller(), reorder)
	require.NoError(s.t, err)
	if code := resp.(*kmsg.AlterPartitionAssignmentsResponse).Topics[0].Partitions[0].ErrorCode; code != 0 {
		return model.ErrorCode(code).String()
	}
	elect := kmsg.NewPtrElectLeadersRequest()
	elect.Version = 2
	et := kmsg.NewElectLeadersRequestTopic()
	et.Topic, et.Partitions = "t", []int32{0}
	elect.Topics = append(elect.Topics, et)
	resp, err = s.w.client(s.controller(), elect)
	require.NoError(s.t, err)
	return model.ErrorCode(resp.(*kmsg.ElectLeadersResponse).Topics[0].Partitions[0].ErrorCode).String()
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
			require.NoError(t, r.ReadFrom(raw[:n+size]))
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

func mustInt(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func stringsOf(values [][]byte) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
