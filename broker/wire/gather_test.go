package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func TestGatherWithoutItemsFinishesAtOnce(t *testing.T) {
	finished := 0
	(&gather{}).propose(newNode(t), func() { finished++ })
	require.Equal(t, 1, finished)
}

func TestGatherFinishesOnceAfterTheLastResult(t *testing.T) {
	for _, holding := range []bool{false, true} {
		n := newNode(t)
		n.holding = holding
		var all gather
		settled, finished := map[string]model.ErrorCode{}, 0
		for _, name := range []string{"one", "two", "three"} {
			all.add(controller.Command{DeleteTopic: &controller.DeleteTopic{Name: name}}, func(r controller.Result) {
				require.Zero(t, finished, "finished before %s", name)
				settled[name] = r.Code
			})
		}
		all.propose(n, func() { finished++ })
		if holding {
			require.Zero(t, finished)
			n.release()
		}
		require.Equal(t, 1, finished)
		require.Equal(t, map[string]model.ErrorCode{
			"one":   model.UnknownTopicOrPartition,
			"two":   model.UnknownTopicOrPartition,
			"three": model.UnknownTopicOrPartition,
		}, settled)
	}
}
