package controller

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Apply changes the image by the command that the quorum's log holds at index.
// It reads nothing but its arguments and the image: equal logs give equal
// images, given equal mutants. A refused command changes nothing but Index.
func (i *Image) Apply(index uint64, cmd Command, mutants mutant.Set) (Result, Changes) {
	if index <= i.Index {
		panic(fmt.Sprintf("controller: entry %d applied after entry %d", index, i.Index))
	}
	i.Index = index
	a := &application{image: i, index: index, mutants: mutants}
	result := a.dispatch(cmd)
	result.Index = index
	a.changes.settle(i)
	return result, a.changes
}

// application is the work on one command.
type application struct {
	image   *Image
	index   uint64
	mutants mutant.Set
	changes Changes
}

func (a *application) dispatch(cmd Command) Result {
	switch {
	case cmd.Activate != nil:
		return a.activate(cmd.Activate)
	case cmd.RegisterBroker != nil:
		return a.registerBroker(cmd.RegisterBroker)
	case cmd.BrokerStateChange != nil:
		return a.brokerStateChange(cmd.BrokerStateChange)
	case cmd.CreateTopic != nil:
		return a.createTopic(cmd.CreateTopic)
	case cmd.DeleteTopic != nil:
		return a.deleteTopic(cmd.DeleteTopic)
	case cmd.CreatePartitions != nil:
		return a.createPartitions(cmd.CreatePartitions)
	case cmd.AlterPartition != nil:
		return a.alterPartition(cmd.AlterPartition)
	case cmd.ElectLeader != nil:
		return a.electLeader(cmd.ElectLeader)
	case cmd.ReorderReplicas != nil:
		return a.reorderReplicas(cmd.ReorderReplicas)
	case cmd.SetConfig != nil:
		return a.setConfig(cmd.SetConfig)
	case cmd.AllocateProducerIDs != nil:
		return a.allocateProducerIDs(cmd.AllocateProducerIDs)
	default:
		return refuse(model.InvalidRequest, "The command is of no kind that this controller knows.")
	}
}

// replace stores a partition's new state. The partition epoch grows with every
// change, the leader epoch with every change of leader, also to none.
func (a *application) replace(tp model.TopicPartition, next Partition) *Partition {
	topic, old := a.image.Lookup(tp)
	next.PartitionEpoch = old.PartitionEpoch + 1
	if next.Leader != old.Leader && !a.mutants.Has(mutant.LeaderEpochKept) {
		next.LeaderEpoch = old.LeaderEpoch + 1
	}
	topic.Partitions[tp.Partition] = &next
	a.changes.Changed = append(a.changes.Changed, tp)
	return &next
}

// refuse answers a command that changes nothing.
func refuse(code model.ErrorCode, format string, args ...any) Result {
	return Result{Code: code, Message: fmt.Sprintf(format, args...)}
}

// unknownTopic is the protocol's own sentence for a name that is not there.
func unknownTopic() Result {
	return refuse(model.UnknownTopicOrPartition, "This server does not host this topic-partition.")
}
