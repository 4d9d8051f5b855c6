package mutant

// What is broken in the metadata quorum and in a broker's life in it.
const (
	FencedReplicaJoins         Mutant = "fenced-replica-joins"
	PartitionEpochUnchecked    Mutant = "partition-epoch-unchecked"
	UncleanByDefault           Mutant = "unclean-by-default"
	ElectAnyLive               Mutant = "elect-any-live"
	AnswerBeforeCommit         Mutant = "answer-before-commit"
	ServeBeforeBarrier         Mutant = "serve-before-barrier"
	VoteNotSynced              Mutant = "vote-not-synced"
	EntriesNotSynced           Mutant = "entries-not-synced"
	WallClockSessions          Mutant = "wall-clock-sessions"
	RegistrationUnmatched      Mutant = "registration-unmatched"
	RegistrationOverSession    Mutant = "registration-over-live-session"
	SilentBrokersUnknown       Mutant = "silent-brokers-unknown"
	SessionsKept               Mutant = "sessions-kept"
	LeaderEpochKept            Mutant = "leader-epoch-kept"
	FencedElected              Mutant = "fenced-elected"
	StaleHeartbeatAccepted     Mutant = "stale-heartbeat-accepted"
	ISREmptied                 Mutant = "isr-emptied"
	NewPartitionOnFenced       Mutant = "new-partition-on-fenced"
	NoCheckQuorum              Mutant = "no-check-quorum"
	SnapshotForgetsProducerIDs Mutant = "snapshot-forgets-producer-ids"
	SnapshotChangesMissed      Mutant = "snapshot-changes-missed"
	PreferredOutsideISR        Mutant = "preferred-outside-isr"
	LateRegistrationAccepted   Mutant = "late-registration-accepted"
)

var quorum = []Row{
	{32, FencedReplicaJoins, "lets a fenced broker into an ISR, asked by the leader and checked by the controller",
		"KIP-841, KAFKA-13916"},
	{33, PartitionEpochUnchecked, "applies a proposal for an ISR that was overtaken by other changes of it: no compare-and-set",
		"KIP-497"},
	{38, UncleanByDefault, "elects a replica outside the ISR when nobody else is left, though no configuration allows it",
		"Kafka before 0.11"},
	{39, ElectAnyLive, "elects the first live replica, in the ISR or not",
		"taking alive for complete"},
	{43, AnswerBeforeCommit, "answers from speculative state as soon as a command is proposed, before a majority has it",
		"KRaft: an answer waits for the commit"},
	{44, ServeBeforeBarrier, "takes the controller's office once elected, before all that was committed earlier is applied",
		"Raft thesis, 6.4"},
	{45, VoteNotSynced, "sends its vote before term and vote are on the disk",
		"Raft, figure 2: persistent state"},
	{46, EntriesNotSynced, "acknowledges entries of the metadata log that are not on the disk",
		"Raft, figure 2; Jepsen: NATS 2.12.1"},
	{47, WallClockSessions, "measures the sessions of brokers by the controller's wall clock, which can be set: whoever sets it fences the living",
		"clocks that are set; NTP steps"},
	{49, RegistrationUnmatched, "takes a registration of its own id for its own, though an earlier life made it",
		"Vanlightly's KRaft model, the incarnation check"},
	{131, RegistrationOverSession, "registers a new incarnation while the old one's session lasts, so leaderships pass to a life that may have lost records",
		"KIP-631"},
	{132, SilentBrokersUnknown, "opens no session at a change of controller: a broker that died together with the old one is never fenced",
		"soft state after a failover"},
	{133, SessionsKept, "goes on from the sessions of its last time in office, which have run out since: the living are fenced",
		"soft state after a failover"},
	{134, LeaderEpochKept, "elects a leader without a new leader epoch, by which replicas tell an election from an ISR change",
		"KIP-101"},
	{135, FencedElected, "elects brokers that are fenced",
		"KAFKA-19522"},
	{136, StaleHeartbeatAccepted, "takes a heartbeat of a broker's earlier life for one of its present life",
		"KIP-631: the broker epoch of a heartbeat"},
	{137, ISREmptied, "takes the last member out of the ISR too: nobody can be elected again, not even the one who holds everything",
		"the ISR is never empty without ELR (KIP-966)"},
	{138, NewPartitionOnFenced, "counts fenced replicas into a new partition's ISR and lets them lead it",
		"KIP-841"},
	{139, NoCheckQuorum, "stays controller although it hears from no majority, and keeps the others from electing one",
		"KAFKA-15489"},
	{140, SnapshotForgetsProducerIDs, "leaves the next producer id out of metadata snapshots: ids are given out again",
		"KIP-730; a field forgotten in a snapshot"},
	{141, SnapshotChangesMissed, "does not tell the broker what has changed where a snapshot replaced the log",
		"a delta forgotten at a snapshot"},
	{142, PreferredOutsideISR, "gives a partition to its preferred replica on demand, in the ISR or not",
		"KIP-460"},
	{143, LateRegistrationAccepted, "registers whoever asks for a fenced broker's id, also an earlier life of it that asked long ago",
		"found in this broker by exploring"},
}
