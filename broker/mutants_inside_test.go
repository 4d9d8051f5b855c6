package broker

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/broker/mutant"
)

// convictions are the invariants that planted bugs break first, in the scripts
// that convict them.
var convictions = map[mutant.Mutant]invariant.Class{
	mutant.TruncateToWatermark:         invariant.ISRMemberShort,
	mutant.TruncateByOffsetOnly:        invariant.LogMismatch,
	mutant.EpochStartNotStored:         invariant.EpochNotStored,
	mutant.EpochsNotCut:                invariant.EpochsUnlikeLog,
	mutant.StaleDivergingAccepted:      invariant.TruncatedBelowWatermark,
	mutant.DivergingFetchCounted:       invariant.OffsetGap,
	mutant.FetchEpochUnchecked:         invariant.FollowerOverrated,
	mutant.AckOnSend:                   invariant.FollowerOverrated,
	mutant.WatermarkNotLowered:         invariant.WatermarkOutsideLog,
	mutant.MajorityWatermark:           invariant.ISRMemberShort,
	mutant.PendingExpansionIgnored:     invariant.ISRBeyondMaximal,
	mutant.AnyReplicasWatermark:        invariant.ISRMemberShort,
	mutant.ISRJoinBelowEpochStart:      invariant.ISRMemberShort,
	mutant.ISRJoinBelowWatermark:       invariant.ISRMemberShort,
	mutant.FollowerStateKept:           invariant.FollowerOverrated,
	mutant.StaleBrokerEpochJoins:       invariant.ISRMemberShort,
	mutant.ISRShrunkLocally:            invariant.ISRMemberShort,
	mutant.FailedProposalRolled:        invariant.ISRBeyondMaximal,
	mutant.PendingShrinkCounted:        invariant.ISRBeyondMaximal,
	mutant.NewLeaderCommitsItsLog:      invariant.ISRMemberShort,
	mutant.SameStateEndsProposal:       invariant.ISRMemberShort,
	mutant.RefusalEndsDoubt:            invariant.ISRMemberShort,
	mutant.ProposalRestamped:           invariant.ISRMemberShort,
	mutant.AckOnAppend:                 invariant.AckedUncommitted,
	mutant.MinISRIgnored:               invariant.WatermarkBelowMinISR,
	mutant.EndOffsetBeforeStart:        invariant.EndTooEarly,
	mutant.ReadsToLogEnd:               invariant.ReadUncommitted,
	mutant.AppendErrorIgnored:          invariant.TruncatedBelowWatermark,
	mutant.LostLeadershipAcked:         invariant.AckedUncommitted,
	mutant.TimeoutAcked:                invariant.AckedUncommitted,
	mutant.CommitOffByOne:              invariant.AckedUncommitted,
	mutant.FollowerFlushNotAwaited:     invariant.ISRMemberShort,
	mutant.LeaderFlushNotAwaited:       invariant.LeaderIncomplete,
	mutant.DedupeOnLeaderOnly:          invariant.SequenceBroken,
	mutant.ProducerStateNotCut:         invariant.ProducerMismatch,
	mutant.ProducerSnapshotNotReplayed: invariant.SequenceBroken,
	mutant.NoDedupe:                    invariant.SequenceBroken,
	mutant.SequenceGapAccepted:         invariant.SequenceBroken,
	mutant.ProducerEpochUnchecked:      invariant.SequenceBroken,
	mutant.DuplicateAckedAtOnce:        invariant.AckedUncommitted,
	mutant.UncleanByDefault:            invariant.UncleanElection,
	mutant.ElectAnyLive:                invariant.LeaderOutsideISR,
	mutant.PreferredOutsideISR:         invariant.LeaderOutsideISR,
	mutant.FencedElected:               invariant.IneligibleInISR,
	mutant.LeaderEpochKept:             invariant.TwoLeaders,
	mutant.ISREmptied:                  invariant.ISREmpty,
	mutant.NewPartitionOnFenced:        invariant.IneligibleInISR,
	mutant.FencedReplicaJoins:          invariant.IneligibleInISR,
	mutant.PartitionEpochUnchecked:     invariant.ISRMemberShort,
	mutant.AnswerBeforeCommit:          invariant.ISRBeyondMaximal,
	mutant.VoteNotSynced:               invariant.TwoVotes,
	mutant.EntriesNotSynced:            invariant.MetadataDiffers,
	mutant.SnapshotForgetsProducerIDs:  invariant.MetadataDiffers,
	mutant.WallClockSessions:           invariant.FencedTooSoon,
	mutant.SessionsKept:                invariant.FencedTooSoon,
	mutant.RegistrationUnmatched:       invariant.LeaderIncomplete,
	mutant.RegistrationOverSession:     invariant.IneligibleInISR,
	mutant.EpochsNotRecovered:          invariant.LogMismatch,
	mutant.CleanMarkerKept:             invariant.LogMismatch,
	mutant.TornBatchKept:               invariant.LogMismatch,
	mutant.RecoveryPointBeforeSync:     invariant.LogMismatch,
	mutant.LogStartAboveWatermark:      invariant.WatermarkOutsideLog,
	mutant.SegmentNameUnsynced:         invariant.TruncatedBelowWatermark,
	mutant.FlushErrorIgnored:           invariant.TruncatedBelowWatermark,
	mutant.TornTailNotCut:              invariant.TruncatedBelowWatermark,
	mutant.RecoveredCountsAsFlushed:    invariant.TruncatedBelowWatermark,
	mutant.SegmentsKeptAfterCut:        invariant.Unreadable,
	// The others break no invariant in the scripts that convict them: clients tell what
	// is wrong, or who leads does, or it is forgiven to the script's power loss.
}

// TestMutantsBreakInvariants runs the scripts with the mutants switched on and
// with the look inside. TestScripts runs them without: the correct broker is not
// accused.
func TestMutantsBreakInvariants(t *testing.T) {
	seen := 0
	for _, e := range slices.Concat(replicationEvidence, isrEvidence, acksEvidence, dedupeEvidence,
		electionEvidence, officeEvidence, sessionEvidence, diskEvidence) {
		class, convicted := convictions[e.mutant]
		if !convicted {
			continue
		}
		seen++
		t.Run(string(e.mutant), func(t *testing.T) {
			fixRaftJitter(t, 1)
			s := &script{t: t, mutants: mutant.Set{e.mutant: true}, inside: true}
			datadriven.RunTest(t, filepath.Join("testdata", e.script), func(t *testing.T, d *datadriven.TestData) string {
				s.t = t
				s.run(d)
				return d.Expected
			})
			s.w.watch.Quiet(s.w.brokers())
			require.NotEmpty(t, s.w.watch.Problems())
			require.Equal(t, class, s.w.watch.Problems()[0].Class, s.w.watch.Problems())
		})
	}
	require.Equal(t, len(convictions), seen, "each has a script")
}
