package broker

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/mutant"
)

var electionEvidence = []evidence{
	{mutant.UncleanByDefault, "39_only_isr_members_are_elected", "acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"settle", "node 3 t-0 leader epoch=3 isr=[3 1 2] log=[0,0) hw=0"}}},
	{mutant.ElectAnyLive, "39_only_isr_members_are_elected", "a leader from outside the ISR: acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"settle", "node 3 t-0 leader epoch=2 isr=[2] log=[0,0) hw=0"}}},
	{mutant.PreferredOutsideISR, "29_joining_needs_the_watermark", "acked a is lost",
		[]sight{{"run ms=20", "produce a to 1: acked at 0"}, {"read node=3", ""}}},
	{mutant.FencedElected, "135_only_the_living_are_elected", "a dead broker leads, and no write is taken",
		[]sight{{"run ms=150", "produce b to 3: NOT_LEADER_FOR_PARTITION"}, {"status", "node 3 t-0 follower epoch=0 isr=[1] log=[0,1) hw=0"}}},
	{mutant.LeaderEpochKept, "failover_keeps_acked", "the one that was elected does not know it, and no write is taken",
		[]sight{{"status", "node 2 t-0 follower epoch=0 isr=[2 3] log=[0,1) hw=0"}, {"run ms=200", "produce b to 2: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.ISREmptied, "137_the_last_member_stays_in_the_isr", "all replicas are back, and no write is taken",
		[]sight{{"status", "node 1 t-0 follower epoch=1 isr=[] log=[0,1) hw=1"}, {"run ms=150", "produce b to 1: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.NewPartitionOnFenced, "138_a_new_partition_starts_on_the_living", "a dead broker leads, and no write is taken",
		[]sight{{"run ms=150", "produce a to 2: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.FencedReplicaJoins, "32_a_fenced_replica_does_not_join", "the last leader is back, and no write is taken",
		[]sight{{"status", "node 1 t-0 leader epoch=0 isr=[1 2 3] log=[0,1) hw=1"}, {"run ms=150", "produce b to 1: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.PartitionEpochUnchecked, "33_an_older_proposal_is_refused", "acked a is lost",
		[]sight{{"run ms=50", "produce a to 1: acked at 0"}, {"settle", "node 3 t-0 leader epoch=1 isr=[3 1 2] log=[0,0) hw=0"}}},
}

var officeEvidence = []evidence{
	{mutant.AnswerBeforeCommit, "43_no_shrink_before_the_quorum_has_it", "acked a is lost, another value has its offset",
		[]sight{{"run ms=4000", "produce a to 1: acked at 0"}, {"read node=2", "0=b"}}},
	{mutant.ServeBeforeBarrier, "44_nothing_is_served_before_the_barrier", "a living broker is told that its life is over",
		[]sight{{"status", "node 3 down: node.id 3: another process has registered under it"}}},
	{mutant.VoteNotSynced, "45_a_vote_outlives_power_loss", "two controllers in one term, of which one finds the log to be another than its own",
		[]sight{{"controllers", "1 2"}, {"brokers node=2", "down"}}},
	{mutant.EntriesNotSynced, "46_the_quorum_survives_power_loss", "a topic vanishes with what was acked in it",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"read node=3", "UNKNOWN_TOPIC_OR_PARTITION"}}},
	{mutant.NoCheckQuorum, "139_a_controller_that_hears_nobody_resigns", "the leader's death is not noticed, and no write is taken",
		[]sight{{"controllers", "5"}, {"run ms=150", "produce a to 2: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.SnapshotForgetsProducerIDs, "140_snapshots_hold_the_next_producer_id", "b is acked and not written",
		[]sight{{"producer-id node=1", "1"}, {"producer-id node=1", "1"}, {"run ms=50", "produce b to 1: acked at 0"}, {"read node=1", "0=a"}}},
	{mutant.SnapshotChangesMissed, "141_a_snapshot_tells_what_has_changed", "the one that was elected does not know it, and no write is taken",
		[]sight{{"run ms=300", "produce a to 3: NOT_LEADER_FOR_PARTITION"}, {"status", "node 3 t-0 follower epoch=0 isr=[1 2 3] log=[0,0) hw=0"}}},
}

var sessionEvidence = []evidence{
	{mutant.WallClockSessions, "47_no_session_ends_by_the_wall_clock", "nobody was ever silent, and the leadership moves",
		[]sight{{"run ms=100", "produce a to 1: NOT_LEADER_FOR_PARTITION"}, {"status", "node 2 t-0 leader epoch=3 isr=[1 2 3] log=[0,0) hw=0"}}},
	{mutant.SilentBrokersUnknown, "132_who_dies_with_the_controller_is_fenced", "a dead broker leads, and no write is taken",
		[]sight{{"status", "node 2 t-0 follower epoch=0 isr=[1 2 3] log=[0,1) hw=1"}, {"run ms=150", "produce b to 2: NOT_LEADER_FOR_PARTITION"}}},
	{mutant.SessionsKept, "133_office_is_taken_with_fresh_sessions", "nobody is silent, and the leadership moves",
		[]sight{{"status", "node 3 t-0 leader epoch=2 isr=[1 2 3] log=[0,0) hw=0"}}},
	{mutant.RegistrationUnmatched, "49_an_older_registration_is_not_mine", "acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"settle", "node 1 t-0 leader epoch=0 isr=[1 2 3] log=[0,0) hw=0"}}},
	{mutant.RegistrationOverSession, "49_an_older_registration_is_not_mine", "acked a is lost",
		[]sight{{"run ms=150", "produce a to 1: acked at 0"}, {"settle", "node 1 t-0 leader epoch=0 isr=[1 2 3] log=[0,0) hw=0"}}},
	{mutant.LateRegistrationAccepted, "143_a_late_registration_takes_nothing_over", "a life that is over has the living broker's id",
		[]sight{{"brokers node=2", "1 fenced since 12, 2 live since 6, 3 live since 4"}, {"settle", "node 1 down: node.id 1: another process has registered under it"}}},
	{mutant.StaleHeartbeatAccepted, "136_an_older_life_sends_no_heartbeat", "a living broker never gets into the ISR again",
		[]sight{{"status", "node 1 t-0 follower epoch=1 isr=[2 3] log=[0,0) hw=0"}, {"brokers node=2", "1 shutting down since 12, 2 live since 6, 3 live since 4"}}},
}

var diskEvidence = []evidence{
	{mutant.EpochsNotRecovered, "04_epochs_are_recovered", "acked b is lost, another value has its offset",
		[]sight{{"run ms=150", "produce b to 2: acked at 1"}, {"log node=1", "0=a 1=x epochs=[]"}, {"read node=1", "0=a 1=x"}}},
	{mutant.CleanMarkerKept, "50_the_marker_vouches_for_one_life", "an ISR member holds garbage",
		[]sight{{"settle", "node 3 t-0 follower epoch=0 isr=[1 2 3] log=[0,4) hw=4"}, {"verify node=3", "[0,4) is corrupt at 0"}}},
	{mutant.TornBatchKept, "52_recovery_cuts_what_is_no_batch", "an ISR member holds garbage",
		[]sight{{"settle", "node 3 t-0 follower epoch=0 isr=[1 2 3] log=[0,2) hw=2"}, {"log node=3", "0=garbage epochs=[0@0]"}}},
	{mutant.RecoveryPointBeforeSync, "53_the_recovery_point_waits_for_the_sync", "an ISR member holds garbage",
		[]sight{{"settle", "node 3 t-0 follower epoch=0 isr=[1 2 3] log=[0,4) hw=4"}, {"verify node=3", "[0,4) is corrupt at 0"}}},
	{mutant.LogStartAboveWatermark, "57_retention_stops_at_the_watermark", "records are deleted before anybody could read them",
		[]sight{{"status", "node 1 t-0 leader epoch=0 isr=[1 2 3] log=[2,4) hw=0"}}},
	{mutant.CleanMarkerUnflushed, "151_a_clean_stop_keeps_what_was_acked", "acked a and b are lost",
		[]sight{{"run ms=150", "produce a,b to 1: acked at 0"}, {"status", "node 2 t-0 leader epoch=3 isr=[1 2 3] log=[0,0) hw=0"}}},
	{mutant.SegmentNameUnsynced, "152_new_segments_survive_power_loss", "three acked batches are lost",
		[]sight{{"fill node=1 batches=4", "4 acked"}, {"status", "node 3 t-0 leader epoch=4 isr=[1 2 3] log=[0,1) hw=1"}}},
	{mutant.FlushErrorIgnored, "153_no_ack_after_a_failed_fsync", "acked b is lost",
		[]sight{{"run ms=50", "produce b to 1: acked at 1"}, {"read node=1", "0=a"}}},
	{mutant.TornTailNotCut, "154_a_torn_tail_is_cut_off", "acked c is lost",
		[]sight{{"run ms=50", "produce c to 1: acked at 1"}, {"read node=1", "0=a"}}},
	{mutant.TopicIDUnchecked, "156_another_topic_takes_nothing_over", "a record of a deleted topic is read",
		[]sight{{"read node=3", "0=old"}, {"read node=3", "0=old 1=new"}}},
	{mutant.RecoveredCountsAsFlushed, "157_what_a_kill_left_is_flushed_first", "acked b is lost",
		[]sight{{"run ms=50", "produce b to 1: acked at 1"}, {"read node=1", "0=a"}}},
	{mutant.CheckpointOfAnotherTopic, "165_a_watermark_is_of_one_topic", "what nobody has committed counts as committed",
		[]sight{{"status", "node 1 t-0 follower epoch=0 isr=[2 3] log=[0,2) hw=2"}}},
	{mutant.SegmentsKeptAfterCut, "158_nothing_is_kept_behind_a_cut", "an ISR member's log has a hole",
		[]sight{{"settle", "node 3 t-0 follower epoch=0 isr=[1 2 3] log=[0,4) hw=4"}, {"verify node=3", "[0,4) cannot be read at 0"}}},
	{mutant.RecoveredEntriesUnsynced, "159_entries_that_a_kill_left_are_synced_first", "a voter forgets what it has told, and cannot go on",
		[]sight{{"settle", "node 1 down: controller: quorum log was lost: node 1 is known to have had entry 11, but /meta/quorum ends at 10"}}},
}

// TestQuorumMutantsAreConvicted runs each script with the mutant switched on.
// TestScripts runs it without: the correct broker does as it says.
func TestQuorumMutantsAreConvicted(t *testing.T) {
	for _, e := range slices.Concat(electionEvidence, officeEvidence, sessionEvidence, diskEvidence) {
		t.Run(string(e.mutant), func(t *testing.T) { e.convict(t) })
	}
}

// TestEveryMutantHasEvidence: a planted bug that no script convicts is none, or one
// that nobody would notice.
func TestEveryMutantHasEvidence(t *testing.T) {
	var convicted []mutant.Mutant
	for _, e := range slices.Concat(replicationEvidence, isrEvidence, acksEvidence, dedupeEvidence,
		electionEvidence, officeEvidence, sessionEvidence, diskEvidence) {
		convicted = append(convicted, e.mutant)
	}
	var known []mutant.Mutant
	for _, row := range mutant.Catalogue() {
		known = append(known, row.Name)
	}
	require.ElementsMatch(t, known, convicted)
}
