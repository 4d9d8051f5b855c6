package broker

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/mutant"
)

// sight is what a command of a script showed; an empty answer means nothing.
type sight struct{ command, answer string }

func (s sight) in(answer string) bool {
	if s.answer == "" {
		return strings.TrimSpace(answer) == ""
	}
	return slices.Contains(strings.Split(answer, "\n"), s.answer)
}

// evidence is a script that convicts a mutant: with it the broker shows these
// sights one after the other, and at least one that the script does not expect.
// Together they are the anomaly.
type evidence struct {
	mutant  mutant.Mutant
	script  string
	anomaly string
	sights  []sight
}

var replicationEvidence = []evidence{
	{mutant.TruncateToWatermark, "01_no_truncation_to_the_watermark", "acked m is lost",
		[]sight{{"run ms=6", "produce m to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.TruncateByOffsetOnly, "02_truncation_by_epoch_and_offset", "offsets 1 and 2 hold two values",
		[]sight{{"log node=1", "0=a 1=x1 2=x2 3=z1 4=z2 epochs=[0@0 2@3]"}, {"read node=2", "0=a 1=y1 2=y2 3=z1 4=z2"}}},
	{mutant.EpochStartNotStored, "03_an_epoch_has_a_start_before_it_has_a_record", "everybody lives, and no write is taken",
		[]sight{{"run ms=100", "produce z to 1: NOT_ENOUGH_REPLICAS"}, {"status", "node 1 t-0 leader epoch=2 isr=[1] log=[0,2) hw=1"}}},
	{mutant.EpochsNotCut, "05_epochs_are_cut_with_the_log", "node 2 is stuck, and the write with it",
		[]sight{{"run ms=3000", ""}, {"log node=2", "0=a epochs=[0@0 1@1]"}}},
	{mutant.StaleDivergingAccepted, "06_stale_diverging_answer_is_ignored", "acked y is lost",
		[]sight{{"run ms=150", "produce y to 3: acked at 1"}, {"read node=2", "0=a"}}},
	{mutant.DivergingFetchCounted, "09_diverging_fetch_leaves_no_trace", "acked b and c are lost",
		[]sight{{"run ms=100", "produce b,c to 2: acked at 1"}, {"read node=3", "0=a 1=x 2=y 3=z"}}},
	{mutant.FetchEpochUnchecked, "11_fetch_of_an_older_epoch_is_fenced", "x is read and vanishes",
		[]sight{{"read node=1", "0=a 1=x"}, {"read node=3", "0=a"}}},
	{mutant.FetcherKeptAcrossEpochs, "13_follower_starts_anew_in_each_epoch", "node 2 lives and replicates nothing any more",
		[]sight{{"run ms=100", ""}, {"status", "node 2 t-0 follower epoch=2 isr=[1 3] log=[0,0) hw=0"}}},
	{mutant.IdleFetchBesideFlush, "166_a_flush_waits_for_no_idle_partition", "an ack takes as long as a fetch may be held",
		[]sight{{"run ms=100", ""}}},
	{mutant.AckOnSend, "24_consumers_read_to_the_watermark", "acked a is lost",
		[]sight{{"run ms=20", "produce a to 1: acked at 0"}, {"read node=2", ""}}},
	{mutant.WatermarkNotLowered, "26_the_watermark_goes_down_with_the_log", "x is acked although node 2, in the ISR, has nothing, and is lost with one broker",
		[]sight{{"status", "node 2 t-0 leader epoch=2 isr=[1 2] log=[0,0) hw=0"}, {"run ms=5", "produce x to 1: acked at 0"}, {"read node=2", ""}}},
}

var isrEvidence = []evidence{
	{mutant.MajorityWatermark, "16_watermark_waits_for_the_whole_isr", "acked a is lost",
		[]sight{{"run ms=500", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.PendingExpansionIgnored, "17_watermark_waits_for_a_pending_expansion", "acked x is lost",
		[]sight{{"run ms=500", "produce x to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.AnyReplicasWatermark, "19_watermark_waits_for_members_not_for_a_number", "acked x is lost",
		[]sight{{"run ms=100", "produce x to 1: acked at 0"}, {"read node=2", ""}}},
	{mutant.ISRJoinBelowEpochStart, "28_joining_needs_the_start_of_the_epoch", "acked b and c are lost",
		[]sight{{"run ms=6", "produce b,c to 1: acked at 1"}, {"read node=3", "0=a"}}},
	{mutant.ISRJoinBelowWatermark, "29_joining_needs_the_watermark", "acked a is lost",
		[]sight{{"run ms=20", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.FollowerStateKept, "30_an_epoch_starts_with_followers_unheard", "acked x is lost",
		[]sight{{"run ms=100", "produce x to 1: acked at 1"}, {"read node=3", "0=a"}}},
	{mutant.StaleBrokerEpochJoins, "31_an_older_life_does_not_join", "acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.ISRShrunkLocally, "35_a_zombie_cannot_shrink_the_isr", "acked a is lost, another value has its offset",
		[]sight{{"run ms=4000", "produce a to 1: acked at 0"}, {"read node=2", "0=b"}}},
	{mutant.FailedProposalRolled, "36_a_lost_answer_rolls_nothing_back", "acked x is lost",
		[]sight{{"run ms=400", "produce x to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.ISRNeverShrinks, "37_a_follower_that_fell_behind_leaves_the_isr", "one follower holds up every write",
		[]sight{{"run ms=6000", "produce a to 1: REQUEST_TIMED_OUT"}}},
	{mutant.PendingShrinkCounted, "101_a_pending_shrink_frees_nobody", "acked x is lost",
		[]sight{{"run ms=800", "produce x to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.NewLeaderCommitsItsLog, "102_a_new_leader_waits_for_its_followers", "x is read and vanishes",
		[]sight{{"read node=2", "0=a 1=x"}, {"read node=3", "0=a"}}},
	{mutant.SameStateEndsProposal, "103_known_metadata_ends_no_proposal", "acked x is lost",
		[]sight{{"run ms=100", "produce x to 1: acked at 1"}, {"read node=3", "0=a"}}},
	{mutant.RefusalEndsDoubt, "104_doubt_outlives_a_refusal", "acked a is lost",
		[]sight{{"run ms=200", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.ProposalRestamped, "31_an_older_life_does_not_join", "acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
}

var acksEvidence = []evidence{
	{mutant.AckOnAppend, "14_not_acked_before_replication", "acked a is lost",
		[]sight{{"run ms=5", "produce a to 1: acked at 0"}, {"read node=2", ""}}},
	{mutant.MinISRIgnored, "21_min_isr_holds_a_write_back", "acked a is lost with one disk",
		[]sight{{"run ms=100", "produce a to 1: acked at 0"}, {"read node=1", ""}}},
	{mutant.MinISRCheckedOnce, "22_min_isr_is_checked_again_at_the_ack", "an ack that one disk stands for",
		[]sight{{"run ms=2500", "produce a to 1: acked at 0"}, {"status", "node 1 t-0 leader epoch=0 isr=[1] log=[0,1) hw=1"}}},
	{mutant.EndOffsetBeforeStart, "23_no_end_offset_before_the_epoch_is_committed", "the end goes back from 1 to 0",
		[]sight{{"end-offset node=1", "offset=1 epoch=0"}, {"end-offset node=2", "offset=0 epoch=1"}}},
	{mutant.ReadsToLogEnd, "24_consumers_read_to_the_watermark", "a is read and vanishes",
		[]sight{{"read node=1", "0=a"}, {"read node=2", ""}}},
	{mutant.AppendErrorIgnored, "55_a_write_that_failed_is_not_acked", "acked a is lost",
		[]sight{{"run ms=50", "produce a to 1: acked at 0"}, {"read node=1", ""}}},
	{mutant.LostLeadershipAcked, "zombie_leader_truncates", "an acked write is lost",
		[]sight{{"settle", "produce waits to 1: acked at 2"}, {"read node=2", "0=a 1=b 2=c"}}},
	{mutant.TimeoutAcked, "35_a_zombie_cannot_shrink_the_isr", "acked a is lost",
		[]sight{{"run ms=2000", "produce a to 1: acked at 0"}, {"read node=2", "0=b"}}},
	{mutant.CommitOffByOne, "14_not_acked_before_replication", "acked a is lost",
		[]sight{{"run ms=5", "produce a to 1: acked at 0"}, {"read node=2", ""}}},
	{mutant.FollowerFlushNotAwaited, "109_a_follower_is_not_counted_before_its_flush", "acked x is lost",
		[]sight{{"run ms=5", "produce x to 1: acked at 1"}, {"read node=2", "0=a"}}},
	{mutant.LeaderFlushNotAwaited, "110_a_leader_is_not_counted_before_its_flush", "acked x is lost",
		[]sight{{"run ms=1", "produce x to 1: acked at 0"}, {"read node=1", ""}}},
}

var dedupeEvidence = []evidence{
	{mutant.NoDedupe, "58_a_retry_is_told_the_first_offset", "duplicates",
		[]sight{{"read node=1", "0=a 1=b 2=a 3=b"}}},
	{mutant.DedupeOnLeaderOnly, "idempotent_producer", "a duplicate",
		[]sight{{"read node=2", "0=a 1=b 2=b 3=c"}}},
	{mutant.ProducerStateNotCut, "60_producer_state_is_cut_with_the_log", "acked b is lost",
		[]sight{{"run ms=200", "produce b to 1: acked at 1"}, {"read node=1", "0=a 1=c"}}},
	{mutant.SequenceGapAccepted, "62_a_gap_in_the_sequence_is_refused", "b comes after c",
		[]sight{{"read node=2", "0=a 1=c 2=b 3=d"}}},
	{mutant.ProducerSnapshotNotReplayed, "63_a_producer_snapshot_is_not_the_whole_state", "a duplicate",
		[]sight{{"read node=1", "0=a 1=b 2=b"}}},
	{mutant.ProducerEpochUnchecked, "62_a_gap_in_the_sequence_is_refused", "a write of a fenced producer",
		[]sight{{"read node=2", "0=a 1=b 2=c 3=d 4=e"}}},
	{mutant.DuplicateAckedAtOnce, "111_a_retry_waits_for_the_commit_too", "acked a is lost",
		[]sight{{"run ms=10", "produce a to 1: acked at 0"}, {"read node=2", ""}}},
}

// TestReplicationMutantsAreConvicted runs each script with the mutant switched
// on. TestScripts runs it without: the correct broker does as it says.
func TestReplicationMutantsAreConvicted(t *testing.T) {
	for _, e := range slices.Concat(replicationEvidence, isrEvidence, acksEvidence, dedupeEvidence) {
		t.Run(string(e.mutant), func(t *testing.T) { e.convict(t) })
	}
}

func (e evidence) convict(t *testing.T) {
	fixRaftJitter(t, 1)
	s := &script{t: t, mutants: mutant.Set{e.mutant: true}}
	ahead, unexpected := e.sights, false
	var transcript strings.Builder
	datadriven.RunTest(t, filepath.Join("testdata", e.script), func(t *testing.T, d *datadriven.TestData) string {
		s.t = t
		answer := s.run(d)
		transcript.WriteString(d.FullCmd() + "\n" + answer + "\n")
		if len(ahead) > 0 && ahead[0].command == d.FullCmd() && ahead[0].in(answer) {
			unexpected = unexpected || !ahead[0].in(d.Expected)
			ahead = ahead[1:]
		}
		return d.Expected // whatever a mutant says is taken: it is judged at the end
	})
	require.Empty(t, ahead, "%s: was not seen in\n%s", e.anomaly, transcript.String())
	require.True(t, unexpected, "the correct broker is said to show the same")
}
