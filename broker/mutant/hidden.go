package mutant

// Hidden says why what clients see does not convict this bug, or only after
// long: what it would take. It is empty for a bug that clients see soon.
func (r Row) Hidden() string { return hidden[r.Name] }

var hidden = map[Mutant]string{
	FencedReplicaJoins: "A replica that is fenced and fetches holds all that its leader calls committed, so nothing is lost by its " +
		"being in the ISR. It cannot be elected until it is unfenced: clients see a longer outage where all other members die at that " +
		"time, and nothing is promised under two faults at once.",
	SessionsKept: "The living are fenced until their next heartbeat: leaders move and ISRs shrink for a moment, as after any fault, and " +
		"nothing is lost or stuck. Only a controller that loses office and gets it back does it, which takes faults that do the same.",
	PartitionEpochUnchecked: "A proposal must be so late that it was asked for again, applied, and taken back by a second one; writes must " +
		"be acked after that without its member; and the leader must die before the member has caught up or the metadata has told of it. " +
		"Rare: not in 700 cases.",
	ServeBeforeBarrier: "Commands are checked where they are applied, so that an early office decides nothing wrong. What remains is a broker " +
		"that is told that its life is over: it must have registered anew just before the controller died, hear of its successor, and send a " +
		"heartbeat before the successor has heard, in one round trip, that its first entry is committed. Rare: not in 1,000 cases.",
	StaleHeartbeatAccepted: "A heartbeat in which a broker asked to shut down must arrive when that broker has ended, in order and by another " +
		"heartbeat's answer, and has registered anew. It is then kept out of every ISR, which clients see if nothing stops it once more " +
		"before the end. Rare: not in 500 cases.",
	CheckpointOfAnotherTopic: "A broker must die between the creation of a topic under a used name and the next checkpoint, and then lead " +
		"while a consumer reads what it took for committed and loses. Rare: not in 400 cases.",
}
