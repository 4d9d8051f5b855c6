package mutant

// Hidden says why what clients see does not convict this bug, or only after
// long: what it would take. It is empty for a bug that clients see soon.
func (r Row) Hidden() string { return hidden[r.Name] }

var hidden = map[Mutant]string{
	EpochStartNotStored: "Rare: a leader must be elected, write nothing, and answer a follower whose log is longer, and that follower must be elected in " +
		"turn before anything is written: about one case in five hundred. The look inside sees it at once.",
	PendingExpansionIgnored: "Rare: while a follower's way into the ISR is not confirmed, a record must be acked without it, and the follower be elected " +
		"before it has fetched that record: about one case in three hundred. The look inside sees it at once.",
	FailedProposalRolled: "Rare: the answer to a change must be lost after the change was made, a record be acked without the member that it added, and " +
		"that member be elected before it has fetched it: about one case in three hundred. The look inside sees it soon.",
	NewPartitionOnFenced: "It takes a topic that is made while a broker is down and then has nobody else to lead it: `explore --liveness` sees that after 66 " +
		"cases, and without it such cases are few. The look inside sees it at once.",
	VoteNotSynced:            "A client sees it only where a voter loses power within the few milliseconds before its vote's next sync, is back before the election is over, and two candidates that cannot hear each other both get its vote; the look inside sees the first voter that forgets.",
	LogStartAboveWatermark:   "Retention may take any record, read or not, so that a client cannot tell what was deleted too early from what was deleted; what it took was not committed, and only the brokers know that.",
	FlushErrorIgnored:        "It takes a sync that fails and a power loss of that node before the next sync succeeds, which makes good for the one that failed; and no other replica may have the record.",
	RecoveredEntriesUnsynced: "It takes a kill during the sync of the metadata log, a restart, an answer to the controller, and a power loss, all before the next entry is synced: about one case in five hundred.",
	StaleDivergingAccepted: "Rare: the answer must come two elections late, at the moment at which the follower's log, cut and grown again, " +
		"ends where it had ended, and the follower must be elected before it has fetched again what it then cuts off.",
	FetchEpochUnchecked: "Rare: the late fetch must name records that its sender has cut off since, and the sender must be elected before it " +
		"has fetched them again; a late fetch alone is frequent, and mostly names no more than its sender still holds.",
	WatermarkNotLowered: "Not in principle: the watermark is above the log's end only after what was committed is lost, to an unclean election, to power " +
		"without a flush or with the last member of an ISR, and whoever configures that is promised neither durability nor that an offset keeps its value.",
	ISRJoinBelowEpochStart: "Rare: the guard decides in every fifth case, but the follower that joins too early is short of what was committed only until " +
		"the answer to the same fetch arrives: that must be slow, and the follower elected meanwhile. The look inside sees it soon.",
	FollowerStateKept: "Rare: a leader must hear of its end and of its next election at once, both within one session, and a follower that had cut its log " +
		"in between must be elected before it has fetched again.",
	StaleBrokerEpochJoins: "Rare: the request for the change, or a fetch of the earlier life, must be under way while the replica is wiped and " +
		"comes back, which takes a session, and the empty replica be elected before it has caught up.",
	SameStateEndsProposal: "Rare: metadata must come after the answer that told the same and after the leader has asked for one more member, and that member " +
		"must be elected while it lags. The look inside sees it soon.",
	RefusalEndsDoubt: "Rare: of one change an early copy must be late by more than a later one and its refusal, its replica be fenced and come back " +
		"without a new life in between, and be elected while it lags.",
	ProposalRestamped: "Rare: the answer to a change must be lost or late for as long as its replica takes to die, lose its disk, register and fetch anew, " +
		"which is a session at least, and the empty replica be elected before it has caught up.",
	FencedReplicaJoins: "A replica that is fenced and fetches holds all that its leader calls committed, so nothing is lost by its " +
		"being in the ISR. It cannot be elected until it is unfenced: clients see a longer outage where all other members die at that " +
		"time, and nothing is promised under two faults at once.",
	FencedElected: "Rare: fenced members of an ISR are few, and most of them hold all that was committed. " +
		"Seen after 747 cases of one build, and not in 1,285 of another. The look inside sees it at once.",
	IdleFetchBesideFlush: "Nothing is lost by it: acks take longer, by a fetch wait at most. A client can tell that from any delay only where " +
		"a follower has much to fetch, a little at a time and each time with a wait, and is not back in the ISR in the time that it has: " +
		"seen once in 1,392 cases with flush.policy=before-ack among others, and not in 1,289.",
	SessionsKept: "The living are fenced until their next heartbeat: leaders move and ISRs shrink for a moment, as after any fault, and " +
		"nothing is lost or stuck. Only a controller that loses office and gets it back does it, which takes faults that do the same.",
	PartitionEpochUnchecked: "A proposal must be so late that it was asked for again, applied, and taken back by a second one; writes must " +
		"be acked after that without its member; and the leader must die before the member has caught up or the metadata has told of it. " +
		"Rare: not in 950 cases.",
	ServeBeforeBarrier: "Commands are checked where they are applied, so that an early office decides nothing wrong. What remains is a broker " +
		"that is told that its life is over: it must have registered anew just before the controller died, hear of its successor, and send a " +
		"heartbeat before the successor has heard, in one round trip, that its first entry is committed. Rare: not in 860 cases.",
	StaleHeartbeatAccepted: "A heartbeat in which a broker asked to shut down must arrive when that broker has ended, in order and by another " +
		"heartbeat's answer, and has registered anew. It is then kept out of every ISR, which clients see if nothing stops it once more " +
		"before the end: about one case in three hundred.",
	CheckpointOfAnotherTopic: "A broker must die between the creation of a topic under a used name and the next checkpoint, and then lead " +
		"while a consumer reads what it took for committed and loses. Rare: not in 400 cases.",
}
