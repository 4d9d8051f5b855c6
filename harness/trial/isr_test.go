package trial

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// TestISRsAreRecordedWhenTheyChangeAndAfterALoss, and an answer that was asked for
// before a loss says nothing of what is left after it.
func TestISRsAreRecordedWhenTheyChangeAndAfterALoss(t *testing.T) {
	var events []history.Event
	seen := &isrs{topic: "log", record: func(e history.Event) history.Event {
		events = append(events, e)
		return e
	}}
	state := func(partition, epoch int32, leader int, isr ...int) client.PartitionState {
		return client.PartitionState{Partition: partition, LeaderEpoch: epoch, Leader: leader, ISR: isr}
	}
	recorded := func(want ...history.Event) {
		require.Equal(t, want, events)
		events = nil
	}
	see := func(states ...client.PartitionState) { seen.see(seen.ask(), states) }

	see(state(0, 4, 1, 1, 2), state(1, 2, 2, 1, 2))
	recorded(history.SawISR("log", 0, 4, 1, []int{1, 2}), history.SawISR("log", 1, 2, 2, []int{1, 2}))
	see(state(0, 4, 1, 1, 2), state(1, 2, 2, 2))
	recorded(history.SawISR("log", 1, 2, 2, []int{2}))
	see(state(0, 4, 1, 1, 2), state(1, 3, 0, 2))
	recorded(history.SawISR("log", 1, 3, 0, []int{2}))

	before := seen.ask()
	lost := history.Event{F: "wipe"}
	seen.lose(lost)
	recorded(lost)
	seen.see(before, []client.PartitionState{state(0, 5, 2, 2)})
	recorded()
	see(state(0, 4, 1, 1, 2))
	recorded(history.SawISR("log", 0, 4, 1, []int{1, 2}))
}

func TestOnlyFaultsThatTakeDataMakeISRsWorthALook(t *testing.T) {
	for _, kind := range []nemesis.Kind{nemesis.Partition, nemesis.Stop, nemesis.Wipe, nemesis.Power, nemesis.Disk, nemesis.SkewClock, nemesis.Elect} {
		s := nemesis.Schedule{Steps: []nemesis.Step{{Fault: nemesis.Fault{Kind: nemesis.Kill}}, {Fault: nemesis.Fault{Kind: kind}}}}
		require.Equal(t, kind == nemesis.Wipe || kind == nemesis.Power, takesData(s), kind)
	}
	require.False(t, takesData(nemesis.Schedule{}))
}
