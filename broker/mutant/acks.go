package mutant

// What is broken between a produce request and its answer.
const (
	AckOnAppend   Mutant = "ack-on-append"
	MinISRIgnored Mutant = "min-isr-ignored"
)

var acks = []Row{
	{14, AckOnAppend, "answers acks=all once the leader has appended, as if acks were 1", "a replication that is none"},
	{21, MinISRIgnored, "neither refuses a write nor holds the high watermark while the ISR is below min.insync.replicas", "KAFKA-15583"},
}
