package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

func (c *Cluster) tenant(t *testing.T) *tenant {
	made, err := c.dialer(t, client.Settings{Acks: "all", Idempotent: true}).(workloads.TenantDialer).Tenant(0)
	require.NoError(t, err)
	return made.(*tenant)
}

// holds checks that the tenant's topic holds nothing but a value that is sent now,
// and who shows it.
func (n *tenant) holds(t *testing.T, leader int, value int64) {
	offset, failed := n.Send(background, value)
	require.Nil(t, failed)
	require.Zero(t, offset)
	node, failed := n.Leader(background)
	require.Nil(t, failed)
	require.Equal(t, leader, node)
	records, high, failed := n.Read(background, node, 0)
	require.Nil(t, failed)
	require.Equal(t, []history.Record{{Offset: 0, Value: value}}, records)
	require.EqualValues(t, 1, high)
}

// TestATenantTakesNoOldTopicForItsOwn: a leader that is cut off goes on leading a
// topic that is deleted, and a new one has its name.
func TestATenantTakesNoOldTopicForItsOwn(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		n := c.tenant(t)
		require.Nil(t, n.Create(background, workloads.NewTopic{Name: "home", Replicas: []int32{1, 2, 3}}))
		n.holds(t, 1, 1)
		alone := nemesis.Links{}
		for _, other := range []nemesis.Endpoint{2, 3} {
			alone[nemesis.Link{From: 1, To: other}] = nemesis.LinkState{Cut: true}
			alone[nemesis.Link{From: other, To: 1}] = nemesis.LinkState{Cut: true}
		}
		require.NoError(t, c.SetLinks(background, alone))
		require.True(t, c.Sleep(background, 5*time.Second)) // another controller
		require.Nil(t, n.Delete(background))
		require.Nil(t, n.Create(background, workloads.NewTopic{Name: "home", Replicas: []int32{2, 3}}))
		n.holds(t, 2, 2)
		old, _, failed := n.Read(background, 1, 0)
		require.Nil(t, failed)
		require.Equal(t, int64(1), old[0].Value, "node 1 goes on showing what it has")
	})
}

// TestATenantReplacesWhatIsLeft: the answer to a creation was lost, or that to a
// deletion.
func TestATenantReplacesWhatIsLeft(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		first, second := c.tenant(t), c.tenant(t)
		ids := map[model.TopicID]bool{}
		for value, n := range []*tenant{first, second, first} {
			require.Nil(t, n.Create(background, workloads.NewTopic{Name: "home", Replicas: []int32{2, 3}}))
			n.holds(t, 2, int64(value+1))
			ids[n.at.id] = true
		}
		require.Len(t, ids, 3)
		require.Nil(t, second.Delete(background), "its topic is gone already")
		_, failed := first.Leader(background)
		require.Nil(t, failed, "and the other one of that name is left alone")
	})
}

func TestATenantIsRefusedAtOnce(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		n := c.tenant(t)
		limited, cancel := c.WithTimeout(background, time.Minute)
		defer cancel()
		began := c.now
		failed := n.Create(limited, workloads.NewTopic{Name: "home", Factor: 2})
		require.Equal(t, "INVALID_REPLICATION_FACTOR", failed.Name)
		require.Less(t, c.now-began, 10*time.Second)
	})
}
