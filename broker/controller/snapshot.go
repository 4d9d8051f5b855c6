package controller

import (
	"bytes"
	"encoding/json"
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

const snapshotMagic = "AKPQSNP1"

// writeSnapshot puts a snapshot in place of the last one, durably.
func writeSnapshot(fs storage.FS, name string, snapshot *pb.Snapshot) error {
	payload, err := marshal(snapshot)
	if err != nil {
		return err
	}
	return storage.WriteFileAtomic(fs, name, appendFrame([]byte(snapshotMagic), payload), true)
}

// readSnapshot gives nil if there is none.
func readSnapshot(fs storage.FS, name string) (*pb.Snapshot, error) {
	data, found, err := storage.ReadFile(fs, name)
	if err != nil || !found {
		return nil, err
	}
	framed, ok := bytes.CutPrefix(data, []byte(snapshotMagic))
	if !ok {
		return nil, fmt.Errorf("%w: %s does not start with %q", ErrCorrupt, name, snapshotMagic)
	}
	payload, _, err := readFrame(framed)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err)
	}
	snapshot := &pb.Snapshot{}
	if err := proto.Unmarshal(payload, snapshot); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err)
	}
	return snapshot, nil
}

// imageToKeep is what a snapshot holds.
func (c *Controller) imageToKeep() *Image {
	image := *c.image
	if c.cfg.Mutants.Has(mutant.SnapshotForgetsProducerIDs) {
		image.NextProducerID = 0
	}
	return &image
}

// encodeImage gives equal bytes for equal images: JSON sorts the keys of maps.
func encodeImage(image *Image) ([]byte, error) { return json.Marshal(image) }

func decodeImage(data []byte) (*Image, error) {
	image := NewImage()
	if err := json.Unmarshal(data, image); err != nil {
		return nil, fmt.Errorf("%w: image in the snapshot: %w", ErrCorrupt, err)
	}
	image.TopicNames = make(map[model.TopicID]string, len(image.Topics))
	for name, topic := range image.Topics {
		image.TopicNames[topic.ID] = name
	}
	return image, nil
}
