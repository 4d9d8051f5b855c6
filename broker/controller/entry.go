package controller

import "fmt"

// entryVersion is the first byte of every entry, so that another encoding can be
// told from this one.
const entryVersion = 1

// entry is what one entry of the Raft log carries. A leader numbers its
// proposals; together with the entry's term, which has one leader only, the
// number names a proposal for all time.
type entry struct {
	Number  uint64
	Command Command
}

func encodeEntry(e entry) []byte {
	c := coder{bytes: []byte{entryVersion}}
	c.entry(&e)
	if c.err != nil {
		panic(fmt.Sprintf("controller: command cannot be encoded: %v", c.err))
	}
	return c.bytes
}

func decodeEntry(index uint64, data []byte) entry {
	e, err := readEntry(data)
	if err != nil {
		panic(fmt.Sprintf("controller: committed entry %d cannot be decoded: %v", index, err))
	}
	return e
}

func readEntry(data []byte) (entry, error) {
	if len(data) == 0 || data[0] != entryVersion {
		return entry{}, fmt.Errorf("it begins with %.1q, allowed is version %d", data, entryVersion)
	}
	c := coder{bytes: data[1:], reads: true}
	var e entry
	c.entry(&e)
	if c.err == nil && len(c.bytes) > 0 {
		c.err = fmt.Errorf("%d bytes are left over", len(c.bytes))
	}
	return e, c.err
}

func (c *coder) entry(e *entry) {
	number(c, &e.Number)
	c.command(&e.Command)
}

// command codes the number of the one field that is set, and that field. Numbers
// are for all time: those of commands that are gone are not given out again.
func (c *coder) command(cmd *Command) {
	kind := commandNumber(cmd)
	switch number(c, &kind); kind {
	case 1:
		coded(c, &cmd.Activate)
	case 2:
		coded(c, &cmd.RegisterBroker)
	case 3:
		coded(c, &cmd.BrokerStateChange)
	case 4:
		coded(c, &cmd.CreateTopic)
	case 5:
		coded(c, &cmd.DeleteTopic)
	case 6:
		coded(c, &cmd.CreatePartitions)
	case 7:
		coded(c, &cmd.AlterPartition)
	case 8:
		coded(c, &cmd.ElectLeader)
	case 9:
		coded(c, &cmd.ReorderReplicas)
	case 10:
		coded(c, &cmd.SetConfig)
	case 11:
		coded(c, &cmd.AllocateProducerIDs)
	default:
		c.fail("command %d is unknown", kind)
	}
}

func commandNumber(cmd *Command) int32 {
	switch {
	case cmd.Activate != nil:
		return 1
	case cmd.RegisterBroker != nil:
		return 2
	case cmd.BrokerStateChange != nil:
		return 3
	case cmd.CreateTopic != nil:
		return 4
	case cmd.DeleteTopic != nil:
		return 5
	case cmd.CreatePartitions != nil:
		return 6
	case cmd.AlterPartition != nil:
		return 7
	case cmd.ElectLeader != nil:
		return 8
	case cmd.ReorderReplicas != nil:
		return 9
	case cmd.SetConfig != nil:
		return 10
	case cmd.AllocateProducerIDs != nil:
		return 11
	}
	return 0
}

// coded codes a field of a command, which is made if it is read.
func coded[T any, C interface {
	*T
	code(*coder)
}](c *coder, field *C) {
	if c.reads {
		*field = new(T)
	}
	(*field).code(c)
}

func (a *Activate) code(c *coder) {
	number(c, &a.Node)
	number(c, &a.Term)
	c.properties(&a.StaticConfig)
}

func (r *RegisterBroker) code(c *coder) {
	number(c, &r.ID)
	c.fixed(r.Incarnation[:])
	list(c, &r.Listeners, func(l *Listener) {
		c.text(&l.Name)
		c.text(&l.Host)
		number(c, &l.Port)
	})
	c.text(&r.Rack)
	number(c, &r.PreviousEpoch)
	number(c, &r.Replaces)
}

func (b *BrokerStateChange) code(c *coder) {
	number(c, &b.ID)
	number(c, &b.Epoch)
	c.text((*string)(&b.To))
}

func (t *CreateTopic) code(c *coder) {
	c.text(&t.Name)
	c.fixed(t.ID[:])
	number(c, &t.Partitions)
	number(c, &t.ReplicationFactor)
	list(c, &t.Replicas, c.nodes)
	c.properties(&t.Config)
	c.flag(&t.ValidateOnly)
}

func (t *DeleteTopic) code(c *coder) {
	c.text(&t.Name)
	c.fixed(t.ID[:])
}

func (p *CreatePartitions) code(c *coder) {
	c.text(&p.Topic)
	number(c, &p.Total)
	list(c, &p.Replicas, c.nodes)
	c.flag(&p.ValidateOnly)
}

func (p *AlterPartition) code(c *coder) {
	c.fixed(p.TopicID[:])
	number(c, &p.Partition)
	number(c, &p.Leader)
	number(c, &p.BrokerEpoch)
	number(c, &p.LeaderEpoch)
	number(c, &p.PartitionEpoch)
	list(c, &p.ISR, func(m *ISRMember) {
		number(c, &m.ID)
		number(c, &m.Epoch)
	})
	c.flag(&p.Recovering)
}

func (e *ElectLeader) code(c *coder) {
	c.text(&e.Topic)
	number(c, &e.Partition)
	c.flag(&e.Unclean)
}

func (r *ReorderReplicas) code(c *coder) {
	c.text(&r.Topic)
	number(c, &r.Partition)
	c.nodes(&r.Replicas)
}

func (s *SetConfig) code(c *coder) {
	c.text(&s.Topic)
	c.text(&s.Name)
	optional(c, &s.Value, c.text)
}

func (a *AllocateProducerIDs) code(c *coder) {
	number(c, &a.ID)
	number(c, &a.Epoch)
	number(c, &a.Count)
}
