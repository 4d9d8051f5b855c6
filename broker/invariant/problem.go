package invariant

import "fmt"

// Class names an invariant by what it looks like when broken. Failures are
// grouped by it, so it stays.
type Class string

// What a replica must hold by itself.
const (
	WatermarkOutsideLog     Class = "watermark-outside-log"     // log start <= HW <= log end
	WatermarkFell           Class = "watermark-fell"            // within a leadership
	WatermarkBelowMinISR    Class = "watermark-below-min-isr"   // it rose while the ISR was too small (KAFKA-15583)
	TruncatedBelowWatermark Class = "truncated-below-watermark" // and nothing allowed it
	EpochsFell              Class = "epochs-fell"               // leader epoch or partition epoch
	EpochNotStored          Class = "epoch-not-stored"          // a leader's own epoch is the last in its cache (KAFKA-7415)
	EpochsUnlikeLog         Class = "epochs-unlike-log"         // the epoch cache says what the batches say
	OffsetGap               Class = "offset-gap"                // a batch's base offset is the log's end
	BatchEpochFell          Class = "batch-epoch-fell"          // from one batch to the next
	SequenceBroken          Class = "sequence-broken"           // the batches of an idempotent producer do not follow each other (KIP-98, KIP-360)
	Unreadable              Class = "unreadable"                // a log cannot be read
)

// What replicas must hold together.
const (
	ISRMemberShort    Class = "isr-member-short"     // an electable replica lacks what is committed (ValidHighWatermark)
	FollowerOverrated Class = "follower-overrated"   // the leader takes an ISR member to hold more than it does (KIP-320)
	LeaderIncomplete  Class = "leader-incomplete"    // elected without what was committed (LeaderCompleteness)
	LogMismatch       Class = "log-mismatch"         // two logs differ below both watermarks (LogMatching)
	ProducerMismatch  Class = "producer-mismatch"    // equal logs, other state of producers
	ISRBeyondMaximal  Class = "isr-beyond-maximal"   // the controller holds an ISR that the leader rules out (KIP-497)
	TwoLeaders        Class = "two-leaders"          // of one leader epoch
	LeaderOutsideISR  Class = "leader-outside-isr"   // elected by the controller
	UncleanElection   Class = "unclean-election"     // where the topic forbids it (UncleanExclusion)
	ISREmpty          Class = "isr-empty"            // nobody can be elected again
	IneligibleInISR   Class = "ineligible-in-isr"    // fenced or shutting down (KIP-841, ValidControllerState)
	FencedTooSoon     Class = "fenced-too-soon"      // by a controller that was not in office for a session
	MetadataFell      Class = "metadata-fell"        // a broker unlearns, or an epoch falls
	MetadataDiffers   Class = "metadata-differs"     // two brokers applied different entries of one index
	TermForgotten     Class = "term-forgotten"       // a voter goes back to a term before one that it has spoken in
	TwoVotes          Class = "two-votes"            // of a voter in one term
	AckedUncommitted  Class = "acked-uncommitted"    // acks=all, at or above the watermark
	EndTooEarly       Class = "end-offset-too-early" // told before the leader has caught up with its epoch (KIP-207)
	ReadUncommitted   Class = "read-uncommitted"     // a consumer was given what is above the watermark
)

// Problem is a broken invariant.
type Problem struct {
	Class Class
	// Text says where, in one line.
	Text string
}

func (p Problem) String() string { return fmt.Sprintf("%s: %s", p.Class, p.Text) }
