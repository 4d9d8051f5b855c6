package mutant

// What is broken between a leader and its followers: whose log is cut and
// where, and which fetches are believed.
const (
	TruncateToWatermark     Mutant = "truncate-to-watermark"
	TruncateByOffsetOnly    Mutant = "truncate-by-offset-only"
	EpochStartNotStored     Mutant = "epoch-start-not-stored"
	EpochsNotCut            Mutant = "epochs-not-cut"
	StaleDivergingAccepted  Mutant = "stale-diverging-accepted"
	DivergingFetchCounted   Mutant = "diverging-fetch-counted"
	FetchEpochUnchecked     Mutant = "fetch-epoch-unchecked"
	FetcherKeptAcrossEpochs Mutant = "fetcher-kept-across-epochs"
	IdleFetchBesideFlush    Mutant = "idle-fetch-beside-flush"
	AckOnSend               Mutant = "ack-on-send"
	WatermarkNotLowered     Mutant = "watermark-not-lowered"
)

// What is broken in the high watermark and the ISR that it waits for.
const (
	MajorityWatermark       Mutant = "majority-watermark"
	PendingExpansionIgnored Mutant = "pending-expansion-ignored"
	AnyReplicasWatermark    Mutant = "any-replicas-watermark"
	ISRJoinBelowEpochStart  Mutant = "isr-join-below-epoch-start"
	ISRJoinBelowWatermark   Mutant = "isr-join-below-watermark"
	FollowerStateKept       Mutant = "follower-state-kept"
	StaleBrokerEpochJoins   Mutant = "stale-broker-epoch-joins"
	ISRShrunkLocally        Mutant = "isr-shrunk-locally"
	FailedProposalRolled    Mutant = "failed-proposal-rolled-back"
	ISRNeverShrinks         Mutant = "isr-never-shrinks"
	PendingShrinkCounted    Mutant = "pending-shrink-counted"
	NewLeaderCommitsItsLog  Mutant = "new-leader-commits-its-log"
	SameStateEndsProposal   Mutant = "same-state-ends-proposal"
	RefusalEndsDoubt        Mutant = "refusal-ends-doubt"
	ProposalRestamped       Mutant = "proposal-restamped"
)

var replication = []Row{
	{1, TruncateToWatermark, "cuts a new follower's log at its own high watermark, which lags behind what was acked", "KIP-101"},
	{2, TruncateByOffsetOnly, "aligns a follower by the end offset of an epoch alone, whichever epoch it is the end of", "KIP-279, KAFKA-6361"},
	{3, EpochStartNotStored, "does not note where a new leader's epoch starts until it writes in it", "KAFKA-7415"},
	{5, EpochsNotCut, "keeps the epochs of records that were cut off", "a half-done truncation"},
	{6, StaleDivergingAccepted, "takes a leader's answer to a fetch of an older epoch, and cuts the log as it says", "KAFKA-18991"},
	{9, DivergingFetchCounted, "counts the offset of a fetch that it answers with where the logs part", "KAFKA-13141"},
	{11, FetchEpochUnchecked, "serves a fetch of an older leader epoch, whose sender may have truncated since", "KIP-320, the TLA+ model's first try"},
	{13, FetcherKeptAcrossEpochs, "goes on with a follower's old state in a new epoch of the same leader", "KIP-966's model, CHECK 2"},
	{15, AckOnSend, "counts records as replicated once they were sent to a follower", "an answer taken for an acknowledgement"},
	{16, MajorityWatermark, "advances the high watermark once a majority of the ISR has the records", "the habit of Raft"},
	{17, PendingExpansionIgnored, "does not wait for a replica whose way into the ISR is not confirmed yet", "KIP-497, the TLA+ model AsyncIsr"},
	{19, AnyReplicasWatermark, "advances the high watermark once any min.insync.replicas have the records, in the ISR or not", "a count in place of a set"},
	{26, WatermarkNotLowered, "leaves the high watermark above the end of a log that was cut or came back shorter; shows only after unclean elections and power losses", "KIP-101's discussion of checkpoints"},
	{28, ISRJoinBelowEpochStart, "lets a follower into the ISR at a new leader's high watermark, below what the leader before has acked", "KAFKA-7128"},
	{29, ISRJoinBelowWatermark, "lets a follower into the ISR below the high watermark", "KIP-966's model, CHECK 5"},
	{30, FollowerStateKept, "keeps what followers said in an earlier epoch when a leader is elected anew", "KIP-966's model, CHECK 3 and 4"},
	{31, StaleBrokerEpochJoins, "lets a broker into the ISR for what an earlier life of it had fetched", "KIP-903, KAFKA-14617"},
	{35, ISRShrunkLocally, "takes followers out of the ISR without waiting for the controller", "Jepsen: Kafka, 2013"},
	{36, FailedProposalRolled, "gives an ISR change up when its answer is lost, although it may have been applied", "KIP-497"},
	{37, ISRNeverShrinks, "never takes a follower that fell behind out of the ISR", "replica.lag.time.max.ms ignored"},
	{166, IdleFetchBesideFlush, "asks a leader for its idle partitions alone while a follower flushes what it got of another, which waits for the answer", "found in this broker by exploring"},
	{101, PendingShrinkCounted, "does not wait for a replica that it has asked to take out of the ISR, before the controller agrees", "KIP-497"},
	{102, NewLeaderCommitsItsLog, "takes all of a new leader's log for committed", "the habit of Raft, without its commit rule"},
	{103, SameStateEndsProposal, "takes metadata of the state that it has already for the end of an ISR change made since", "metadata that AlterPartition answers overtake"},
	{104, RefusalEndsDoubt, "gives an ISR change up when a copy of it is refused, although an earlier copy may still arrive", "requests that outlive their connection"},
	{105, ProposalRestamped, "asks again for an ISR change with the broker epochs of now, which no longer say who caught up", "KIP-903"},
}
