package controller

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// Changes tells what applied commands have touched, so that a broker looks only
// at what concerns it. Each list is sorted and free of repetition.
type Changes struct {
	// Changed partitions, new ones included, deleted ones not.
	Changed []model.TopicPartition
	// Deleted topics. They are to be handled first: a topic of the same name
	// may have been created since.
	Deleted []DeletedTopic
	// Reconfigured names the topics whose effective configuration may differ.
	Reconfigured []string
}

// DeletedTopic is what is left to say about a topic that is gone.
type DeletedTopic struct {
	Name       string
	ID         model.TopicID
	Partitions int32
}

// add appends another command's changes; settle must follow before use.
func (c *Changes) add(other Changes) {
	c.Changed = append(c.Changed, other.Changed...)
	c.Deleted = append(c.Deleted, other.Deleted...)
	c.Reconfigured = append(c.Reconfigured, other.Reconfigured...)
}

// settle sorts the lists and drops what the image no longer holds.
func (c *Changes) settle(image *Image) {
	gone := func(tp model.TopicPartition) bool {
		_, p := image.Lookup(tp)
		return p == nil
	}
	c.Changed = slices.DeleteFunc(c.Changed, gone)
	slices.SortFunc(c.Changed, comparePartitions)
	c.Changed = slices.Compact(c.Changed)
	slices.SortFunc(c.Deleted, func(a, b DeletedTopic) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
	})
	c.Reconfigured = slices.DeleteFunc(c.Reconfigured, func(name string) bool { return image.Topics[name] == nil })
	slices.Sort(c.Reconfigured)
	c.Reconfigured = slices.Compact(c.Reconfigured)
}

func comparePartitions(a, b model.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// difference tells what happened between two images when the commands in
// between were never seen: a snapshot has replaced them.
func difference(before, after *Image) Changes {
	var changes Changes
	for _, name := range before.TopicList() {
		old := before.Topics[name]
		if now := after.Topics[name]; now == nil || now.ID != old.ID {
			changes.Deleted = append(changes.Deleted,
				DeletedTopic{Name: name, ID: old.ID, Partitions: int32(len(old.Partitions))})
		}
	}
	for tp, now := range after.Partitions() {
		topic, old := before.Lookup(tp)
		if old == nil || topic.ID != after.Topics[tp.Topic].ID || !reflect.DeepEqual(old, now) {
			changes.Changed = append(changes.Changed, tp)
		}
	}
	changes.Reconfigured = after.TopicList()
	return changes
}
