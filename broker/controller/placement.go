package controller

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// assignment gives the replicas of count new partitions: the manual ones if
// there are any, checked, else a round robin over the eligible brokers.
func (a *application) assignment(count int32, factor int16, manual [][]model.NodeID) ([][]model.NodeID, Result) {
	if manual != nil {
		count = int32(len(manual))
	}
	switch {
	case count <= 0:
		return nil, refuse(model.InvalidPartitions, "Number of partitions was set to an invalid non-positive value.")
	case count > maxPartitionsPerCommand:
		return nil, refuse(model.PolicyViolation,
			"Unable to perform excessively large batch operation: %d partitions, at most %d are allowed.", count, maxPartitionsPerCommand)
	case manual != nil:
		return manual, a.checkAssignment(manual)
	case factor <= 0:
		return nil, refuse(model.InvalidReplicationFactor, "Replication factor must be larger than 0.")
	}
	return a.spread(int(count), int(factor))
}

// spread starts where the partitions so far have stopped, so that the leaders of
// many small topics do not pile up on the first broker.
func (a *application) spread(count, factor int) ([][]model.NodeID, Result) {
	brokers := a.image.eligibleBrokers()
	if factor > len(brokers) {
		return nil, refuse(model.InvalidReplicationFactor, "Unable to replicate the partition %d time(s): The target "+
			"replication factor of %d cannot be reached because only %d broker(s) are registered and unfenced.",
			factor, factor, len(brokers))
	}
	start := 0
	for range a.image.Partitions() {
		start++
	}
	assignment := make([][]model.NodeID, count)
	for n := range assignment {
		for r := range factor {
			assignment[n] = append(assignment[n], brokers[(start+n+r)%len(brokers)])
		}
	}
	return assignment, Result{}
}

func (a *application) checkAssignment(assignment [][]model.NodeID) Result {
	for n, replicas := range assignment {
		if len(replicas) == 0 {
			return refuse(model.InvalidReplicaAssignment, "The manual partition assignment includes an empty replica list.")
		}
		if got, want := len(replicas), len(assignment[0]); got != want {
			return refuse(model.InvalidReplicaAssignment, "The manual partition assignment includes a partition with %d "+
				"replica(s), but this is not consistent with previous partitions, which have %d replica(s).", got, want)
		}
		live := false
		for at, id := range replicas {
			b := a.image.Brokers[id]
			if b == nil {
				return refuse(model.InvalidReplicaAssignment,
					"The manual partition assignment includes broker %d, but no such broker is registered.", id)
			}
			if slices.Contains(replicas[:at], id) {
				return refuse(model.InvalidReplicaAssignment,
					"The manual partition assignment includes the broker %d more than once.", id)
			}
			live = live || b.Eligible()
		}
		if !live {
			return refuse(model.InvalidReplicaAssignment, "All brokers specified in the manual partition assignment "+
				"for partition %d are fenced or in controlled shutdown.", n)
		}
	}
	return Result{}
}

// newPartition starts with every eligible replica in the ISR: all logs are
// equally empty.
func (a *application) newPartition(replicas []model.NodeID) *Partition {
	isr := slices.DeleteFunc(slices.Clone(replicas), func(id model.NodeID) bool {
		return !a.image.Brokers[id].Eligible() && !a.mutants.Has(mutant.NewPartitionOnFenced)
	})
	return &Partition{Replicas: slices.Clone(replicas), ISR: isr, Leader: isr[0]}
}
