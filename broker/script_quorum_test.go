package broker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// controllers tells who takes itself for the active controller.
func (s *script) controllers(*datadriven.TestData) string {
	var active []string
	for _, id := range s.w.order {
		if n := s.w.nodes[id]; n.core != nil && n.core.Status().IsController {
			active = append(active, fmt.Sprint(id))
		}
	}
	return strings.Join(active, " ")
}

// brokers node=1 tells what a node's metadata says about each broker, and the epoch of
// its registration.
func (s *script) brokers(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	n := s.w.nodes[model.NodeID(node)]
	if n.core == nil {
		return "down"
	}
	var out []string
	image := n.core.Image()
	for _, id := range image.BrokerIDs() {
		state := "live"
		switch b := image.Brokers[id]; {
		case b.Fenced:
			state = "fenced"
		case b.ShuttingDown:
			state = "shutting down"
		}
		out = append(out, fmt.Sprintf("%d %s since %d", id, state, image.Brokers[id].Epoch))
	}
	return strings.Join(out, ", ")
}

// fill node=1 batches=4 sends batches of which no two fit into a segment of 1024
// bytes, and shows how many were acked. acks=1 does not wait for followers.
func (s *script) fill(d *datadriven.TestData) string {
	var node, batches int
	acks := "all"
	d.ScanArgs(s.t, "node", &node)
	d.ScanArgs(s.t, "batches", &batches)
	d.MaybeScanArgs(s.t, "acks", &acks)
	acked := 0
	for range batches {
		opts := storage.BatchOptions{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
		req := produceRequest([][]byte{slices.Repeat([]byte{'x'}, 600)}, acks, opts)
		resp, err := s.w.client(model.NodeID(node), req)
		if err == nil && resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode == 0 {
			acked++
		}
	}
	return fmt.Sprintf("%d acked", acked)
}

// verify node=1 checks the CRC of every batch that a replica holds.
func (s *script) verify(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	h := s.w.nodes[model.NodeID(node)].core.partitions.byName[model.TopicPartition{Topic: "t"}]
	if h == nil {
		return "not here"
	}
	return verifyLog(s.t, h.replica.Log())
}

func verifyLog(t *testing.T, log *storage.Log) string {
	from, to := log.StartOffset(), log.EndOffset()
	for from < to {
		run, err := log.Read(from, 1, to, true)
		if err != nil {
			return fmt.Sprintf("[%d,%d) cannot be read at %d", log.StartOffset(), to, from)
		}
		b, _, err := storage.FirstBatch(run)
		require.NoError(t, err)
		if errors.Is(b.Validate(), model.CorruptMessage) {
			return fmt.Sprintf("[%d,%d) is corrupt at %d", log.StartOffset(), to, from)
		}
		from = b.NextOffset()
	}
	return fmt.Sprintf("[%d,%d) is good", log.StartOffset(), to)
}

// tear node=1 is a power loss like crash-torn, but the names of files and the
// indexes of segments had reached the disk by themselves, and with keep=1.log the
// files that end so: nobody promises an order.
func (s *script) tear(d *datadriven.TestData) string {
	var node int
	kept := "index"
	d.ScanArgs(s.t, "node", &node)
	d.MaybeScanArgs(s.t, "keep", &kept)
	id := model.NodeID(node)
	fs := s.w.nodes[id].fs
	s.w.kill(id)
	require.NoError(s.t, fs.SyncDir("/logs/t-0"))
	fs.CrashTorn(func(name string, synced, written []byte) []byte {
		if strings.HasSuffix(name, "index") || strings.HasSuffix(name, kept) {
			return written
		}
		return onlyHeader(synced, written)
	})
	s.w.watch.Crashed(id)
	return "ok"
}

// onlyHeader is a file of full length with no more than a batch's header of what
// was not synced.
func onlyHeader(synced, written []byte) []byte {
	torn := make([]byte, len(written))
	copy(torn, written[:min(len(written), len(synced)+storage.BatchHeaderSize)])
	return torn
}
