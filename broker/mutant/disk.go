package mutant

// What is broken between a log and its disk.
const (
	EpochsNotRecovered       Mutant = "epochs-not-recovered"
	CleanMarkerKept          Mutant = "clean-marker-kept"
	TornBatchKept            Mutant = "torn-batch-kept"
	RecoveryPointBeforeSync  Mutant = "recovery-point-before-sync"
	LogStartAboveWatermark   Mutant = "log-start-above-watermark"
	CleanMarkerUnflushed     Mutant = "clean-marker-unflushed"
	SegmentNameUnsynced      Mutant = "segment-name-unsynced"
	FlushErrorIgnored        Mutant = "flush-error-ignored"
	TornTailNotCut           Mutant = "torn-tail-not-cut"
	TopicIDUnchecked         Mutant = "topic-id-unchecked"
	RecoveredCountsAsFlushed Mutant = "recovered-counts-as-flushed"
	SegmentsKeptAfterCut     Mutant = "segments-kept-after-cut"
	RecoveredEntriesUnsynced Mutant = "recovered-entries-unsynced"
	CheckpointOfAnotherTopic Mutant = "checkpoint-of-another-topic"
)

var disk = []Row{
	{4, EpochsNotRecovered, "does not rebuild the leader epochs of what it scans after an unclean stop",
		"KAFKA-10432"},
	{50, CleanMarkerKept, "leaves the marker of a clean shutdown where it is: the next start after a crash trusts what it should scan",
		"KAFKA-10471"},
	{52, TornBatchKept, "checks no CRC when it scans a log after an unclean stop",
		"batches torn by a power loss"},
	{53, RecoveryPointBeforeSync, "notes the end of the log as the recovery point, synced or not",
		"fsync order"},
	{57, LogStartAboveWatermark, "deletes segments by retention that are not committed yet",
		"retention and the high watermark"},
	{151, CleanMarkerUnflushed, "leaves the marker of a clean shutdown without having flushed the logs",
		"order of a shutdown"},
	{152, SegmentNameUnsynced, "flushes a new segment without its directory entry",
		"fsync(2): the entry needs an fsync of its own"},
	{153, FlushErrorIgnored, "counts records as flushed after a failed fsync",
		"fsyncgate"},
	{154, TornTailNotCut, "ends a recovered log at the first bad batch but leaves the bytes in the file, before what is appended next",
		"recovery that forgets to truncate"},
	{156, TopicIDUnchecked, "takes the data of a deleted topic for that of a new one of the same name",
		"KIP-516"},
	{157, RecoveredCountsAsFlushed, "takes what it finds in the files after a kill for what is on the disk",
		"the page cache outlives a process, not a machine"},
	{158, SegmentsKeptAfterCut, "cuts a segment at its first bad batch and keeps the segments behind it: a hole in the log",
		"recovery of one segment at a time"},
	{159, RecoveredEntriesUnsynced, "starts with entries of the metadata log that a kill left in the page cache, and does not sync them before it tells of them",
		"found in this broker by exploring"},
	{165, CheckpointOfAnotherTopic, "takes the checkpointed watermark of a deleted topic for that of a new one of the same name",
		"found in this broker by exploring"},
}
