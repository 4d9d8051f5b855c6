package invariant

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// planted is a run that may not be accused, and what then breaks an invariant.
type planted struct {
	name  string
	class Class
	clean func(*scene)
	wrong func(*scene)
}

func runPlanted(t *testing.T, rows []planted) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, Options{})
			row.clean(s)
			require.Empty(t, s.Problems())
			row.wrong(s)
			require.Contains(t, s.classes(), row.class)
		})
	}
}

// committed is two batches on all replicas, both committed.
func committed(s *scene) {
	s.seeAll(0)
	s.write(0, 1, 2, 3)
	s.seeAll(0)
	s.seeAll(2)
	s.write(0, 1, 2, 3)
	s.seeAll(2)
	s.seeAll(4)
}

func TestWhatAReplicaMustHoldByItself(t *testing.T) {
	runPlanted(t, []planted{
		{"watermark above the end", WatermarkOutsideLog, committed, func(s *scene) { s.see(2, 5) }},
		{"watermark below the start", WatermarkOutsideLog, committed, func(s *scene) {
			s.see(2, 1, func(l *look) { l.start = 2 })
		}},
		{"a leader's watermark falls", WatermarkFell, func(s *scene) {
			committed(s)
			s.see(2, 2) // a follower's may
		}, func(s *scene) { s.see(1, 2) }},
		{"a new leader's watermark lags", WatermarkFell, func(s *scene) {
			committed(s)
			s.elect(2, 1, 2, 3)
			s.see(2, 2)
		}, func(s *scene) { s.see(2, 0) }},
		{"committed below the minimum", WatermarkBelowMinISR, func(s *scene) {
			committed(s)
			s.write(0, 1)
			s.elect(1, 0, 1)
			s.see(1, 4)
		}, func(s *scene) { s.see(1, 6) }},
		{"truncated below the watermark", TruncatedBelowWatermark, func(s *scene) {
			committed(s)
			s.write(0, 2)
			s.see(2, 4)
			s.truncate(2, 4)
			s.see(2, 4)
		}, func(s *scene) {
			s.truncate(2, 2)
			s.see(2, 2)
		}},
		{"truncated below the watermark by a restart", TruncatedBelowWatermark, func(s *scene) {
			committed(s)
			s.reboot(2)
			s.see(2, 0) // the watermark need not survive, the records must
		}, func(s *scene) {
			s.see(2, 4)
			s.reboot(2)
			s.truncate(2, 2)
			s.see(2, 2)
		}},
		{"the leader epoch falls", EpochsFell, func(s *scene) {
			s.elect(2, 1, 1, 2, 3)
			s.seeAll(0)
			s.reboot(3)
			s.see(3, 0, func(l *look) { l.state.LeaderEpoch = 0 }) // a life begins with old metadata
		}, func(s *scene) { s.see(1, 0, func(l *look) { l.state.LeaderEpoch = 0 }) }},
		{"the partition epoch falls", EpochsFell, committed, func(s *scene) {
			s.see(2, 4, func(l *look) { l.state.PartitionEpoch-- })
		}},
		{"the start of an epoch is not stored", EpochNotStored, func(s *scene) {
			committed(s)
			s.elect(2, 1, 1, 2, 3)
			s.seeAll(4)
		}, func(s *scene) {
			s.elect(3, 2, 1, 2, 3)
			s.see(3, 4, func(l *look) { l.epoch = storage.EpochEntry{Epoch: 0, Start: 0} })
		}},
		{"epochs of records that were cut off stay", EpochsUnlikeLog, func(s *scene) {
			committed(s)
			s.elect(2, 1, 1, 2, 3)
			s.seeAll(4) // 2 has not written
			s.elect(3, 2, 1, 2, 3)
			s.seeAll(4)
		}, func(s *scene) {
			s.put(2, 4, 1, "a")
			s.see(2, 4, func(l *look) { l.epoch = storage.EpochEntry{Epoch: 2, Start: 4} })
		}},
		{"an epoch starts beyond the log", EpochsUnlikeLog, committed, func(s *scene) {
			s.see(2, 4, func(l *look) { l.epoch = storage.EpochEntry{Epoch: 1, Start: 5} })
		}},
		{"the end is not that of the last batch", OffsetGap, committed, func(s *scene) {
			s.see(2, 4, func(l *look) { l.end = 6 })
		}},
		{"a log cannot be read", Unreadable, func(s *scene) {
			s.put(1, 0, 0, string(make([]rune, 2000))) // more than is kept in memory
			s.put(2, 0, 0, string(make([]rune, 2000)))
			s.put(3, 0, 0, string(make([]rune, 2000)))
			s.seeAll(0)
		}, func(s *scene) {
			s.disks[1].FailNext(storage.OpRead, errors.New("input/output error"))
			s.seeAll(2000)
		}},
	})
}

// TestOfDeletedRecordsNothingIsSaid: a log whose records are all deleted and that is
// cut at its end knows no epoch, although its last segment is there still.
func TestOfDeletedRecordsNothingIsSaid(t *testing.T) {
	for start, accused := range map[model.Offset]bool{4: false, 2: true} {
		s := newScene(t, Options{})
		committed(s)
		s.see(2, 4, func(l *look) {
			l.start, l.epoch = start, storage.EpochEntry{Epoch: model.NoEpoch, Start: model.NoOffset}
		})
		require.Equal(t, accused, len(s.Problems()) > 0, "from %d", start)
	}
}
