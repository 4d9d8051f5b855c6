package sim

import (
	"slices"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// sightings are what the newest metadata of any broker, dead or alive, says of ISRs:
// what a live run asks for as often as it can, and may miss. They go into the history
// from the first fault on that takes data, as only then does anything hang on them.
type sightings struct {
	index uint64 // of the newest metadata
	known []seen // in the order of topics and partitions
	// lives are the names that topics have in the history, of those that bear others.
	lives map[model.TopicID]string
	to    *Recorder // nil while nobody records them
}

// seen is a partition as the metadata shows it.
type seen struct {
	id        model.TopicID
	topic     string
	partition int32
	epoch     int32
	leader    int // 0 if it has none
	isr       []int
}

// look looks at a broker after a step.
func (s *sightings) look(core *broker.Core) {
	image := core.Image()
	if image.Index <= s.index {
		return
	}
	s.index = image.Index
	before := s.known
	s.known = nil
	for tp, p := range image.Partitions() {
		now := seen{
			id: image.Topics[tp.Topic].ID, topic: tp.Topic, partition: tp.Partition,
			epoch: int32(p.LeaderEpoch), leader: role(p.Leader), isr: roles(p.ISR),
		}
		s.known = append(s.known, now)
		if !slices.ContainsFunc(before, now.equal) {
			s.tell(now)
		}
	}
}

func (s seen) equal(other seen) bool {
	return s.id == other.id && s.partition == other.partition &&
		s.epoch == other.epoch && s.leader == other.leader && slices.Equal(s.isr, other.isr)
}

// named hears what a topic is called in the history.
func (s *sightings) named(id model.TopicID, life string) {
	if s.lives == nil {
		s.lives = map[model.TopicID]string{}
	}
	s.lives[id] = life
	for _, p := range s.known {
		if p.id == id {
			s.tell(p)
		}
	}
}

// begin lets r record from now on.
func (s *sightings) begin(r *Recorder) {
	if s.to == nil {
		s.to = r
		s.tellAll()
	}
}

func (s *sightings) tellAll() {
	for _, p := range s.known {
		s.tell(p)
	}
}

func (s *sightings) tell(p seen) {
	if s.to == nil {
		return
	}
	topic := p.topic
	if life, named := s.lives[p.id]; named {
		topic = life
	}
	s.to.Record(history.SawISR(topic, p.partition, p.epoch, p.leader, p.isr))
}

// takesData says whether an event of the history is the begin of a fault that
// takes from a disk what was acknowledged.
func (c *Cluster) takesData(e history.Event) bool {
	if e.Fault == nil || e.Type != history.Invoke {
		return false
	}
	kind := nemesis.Kind(e.Fault.Kind)
	return kind == nemesis.Wipe || kind == nemesis.Power && c.options.Flush != broker.FlushBeforeAck
}
