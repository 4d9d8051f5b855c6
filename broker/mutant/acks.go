package mutant

// What is broken between a client's request and its answer.
const (
	AckOnAppend             Mutant = "ack-on-append"
	MinISRIgnored           Mutant = "min-isr-ignored"
	MinISRCheckedOnce       Mutant = "min-isr-checked-once"
	EndOffsetBeforeStart    Mutant = "end-offset-before-epoch-start"
	ReadsToLogEnd           Mutant = "reads-to-log-end"
	AppendErrorIgnored      Mutant = "append-error-ignored"
	LostLeadershipAcked     Mutant = "lost-leadership-acked"
	TimeoutAcked            Mutant = "timeout-acked"
	CommitOffByOne          Mutant = "commit-off-by-one"
	FollowerFlushNotAwaited Mutant = "follower-flush-not-awaited"
	LeaderFlushNotAwaited   Mutant = "leader-flush-not-awaited"
)

// What is broken in the dedupe of idempotent producers.
const (
	NoDedupe                    Mutant = "no-dedupe"
	DedupeOnLeaderOnly          Mutant = "dedupe-on-leader-only"
	ProducerStateNotCut         Mutant = "producer-state-not-cut"
	SequenceGapAccepted         Mutant = "sequence-gap-accepted"
	ProducerSnapshotNotReplayed Mutant = "producer-snapshot-not-replayed"
	ProducerEpochUnchecked      Mutant = "producer-epoch-unchecked"
	DuplicateAckedAtOnce        Mutant = "duplicate-acked-at-once"
)

var acks = []Row{
	{14, AckOnAppend, "answers acks=all once the leader has appended, as if acks were 1", "a replication that is none"},
	{21, MinISRIgnored, "neither refuses a write nor holds the high watermark while the ISR is below min.insync.replicas", "KAFKA-15583"},
	{22, MinISRCheckedOnce, "compares the ISR with min.insync.replicas before the append only, not while the write waits", "KAFKA-15583"},
	{23, EndOffsetBeforeStart, "tells the end of the log before a new leader has caught up with what the one before has shown", "KIP-207, KAFKA-2334"},
	{24, ReadsToLogEnd, "shows consumers what is not committed", "no high watermark"},
	{55, AppendErrorIgnored, "goes on after a write that failed as if it had succeeded", "KAFKA-10778"},
	{58, NoDedupe, "appends a retried batch again", "before KIP-98"},
	{59, DedupeOnLeaderOnly, "builds the state of producers on the leader alone, so the next one knows none", "KIP-98"},
	{60, ProducerStateNotCut, "remembers batches of a producer that were cut off, and answers their retry as a duplicate", "KIP-98"},
	{62, SequenceGapAccepted, "takes a batch although the one before it is missing", "KIP-98"},
	{63, ProducerSnapshotNotReplayed, "takes a producer snapshot for the state of the whole log", "KIP-98"},
	{65, ProducerEpochUnchecked, "takes writes of an older epoch of a producer", "KIP-360"},
	{106, LostLeadershipAcked, "answers the writes that wait for their commit with success when the leadership is lost", "an error path that says success"},
	{107, TimeoutAcked, "answers a write that was not committed in time with success", "an error path that says success"},
	{108, CommitOffByOne, "takes a write for committed when its last record is not", "an inclusive offset taken for an exclusive one"},
	{109, FollowerFlushNotAwaited, "lets a follower count before its records are on the disk, against flush.policy=before-ack", "a flush that is started and not awaited"},
	{110, LeaderFlushNotAwaited, "lets the leader count before its records are on the disk, against flush.policy=before-ack", "a flush that is started and not awaited"},
	{111, DuplicateAckedAtOnce, "answers a retry before the first attempt is committed", "a duplicate taken for a commit"},
}
