package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

const (
	inside  = "INSIDE"
	outside = "OUTSIDE"
)

// fakeNode is a broker around a real image. While it is the controller, it
// applies proposals at once, or, if holding, on release.
type fakeNode struct {
	Replication

	id, active model.NodeID
	image      *controller.Image
	defaults   map[string]string
	topicsMade byte

	holding bool
	held    []func()

	producerIDs  []int64
	producerCode model.ErrorCode

	heartbeats []controller.Heartbeat
	beat       controller.HeartbeatResult

	replies map[*Call][]kmsg.Response
}

func (n *fakeNode) ID() model.NodeID                { return n.id }
func (n *fakeNode) ClusterID() string               { return "test-cluster" }
func (n *fakeNode) InterBrokerListener() string     { return inside }
func (n *fakeNode) Image() *controller.Image        { return n.image }
func (n *fakeNode) ControllerID() model.NodeID      { return n.active }
func (n *fakeNode) Defaults() map[string]string     { return n.defaults }
func (n *fakeNode) DefaultReplicationFactor() int16 { return 2 }
func (n *fakeNode) DefaultPartitions() int32        { return 4 }
func (n *fakeNode) MaxMessageBytes(string) int      { return 1 << 20 }

func (n *fakeNode) NewTopicID() model.TopicID {
	n.topicsMade++
	return model.TopicID{15: n.topicsMade}
}

func (n *fakeNode) Propose(cmd controller.Command, done func(controller.Result)) {
	if n.active != n.id {
		done(controller.Result{Code: model.NotController})
		return
	}
	if n.holding {
		n.held = append(n.held, func() { done(n.apply(cmd)) })
		return
	}
	done(n.apply(cmd))
}

func (n *fakeNode) apply(cmd controller.Command) controller.Result {
	result, _ := n.image.Apply(n.image.Index+1, cmd, nil)
	return result
}

// release settles what was held, the last proposal first: answers must not
// depend on the order.
func (n *fakeNode) release() {
	for i := len(n.held) - 1; i >= 0; i-- {
		n.held[i]()
	}
	n.held = nil
}

func (n *fakeNode) Heartbeat(h controller.Heartbeat, done func(controller.HeartbeatResult)) {
	n.heartbeats = append(n.heartbeats, h)
	done(n.beat)
}

func (n *fakeNode) NextProducerID(done func(int64, model.ErrorCode)) {
	if n.producerCode != model.None {
		done(0, n.producerCode)
		return
	}
	id := n.producerIDs[0]
	n.producerIDs = n.producerIDs[1:]
	done(id, model.None)
}

func (n *fakeNode) Reply(call *Call, response kmsg.Response) {
	n.replies[call] = append(n.replies[call], response)
}

func (n *fakeNode) Drop(call *Call) {
	panic("dropped: " + kmsg.NameForKey(call.Request.Key()))
}

// newNode is broker 1, the controller of a cluster of brokers 1 to 3, of which
// all are unfenced.
func newNode(t *testing.T) *fakeNode {
	t.Helper()
	n := &fakeNode{
		id:       1,
		active:   1,
		image:    controller.NewImage(),
		defaults: map[string]string{},
		replies:  map[*Call][]kmsg.Response{},
	}
	for id := model.NodeID(1); id <= 3; id++ {
		n.must(t, controller.Command{RegisterBroker: &controller.RegisterBroker{
			ID:          id,
			Incarnation: [16]byte{byte(id)},
			Rack:        map[model.NodeID]string{2: "rack-b"}[id],
			Listeners: []controller.Listener{
				{Name: inside, Host: "broker", Port: 1000 + int32(id)},
				{Name: outside, Host: "localhost", Port: 9000 + int32(id)},
			},
			PreviousEpoch: model.NoBrokerEpoch,
		}})
		n.change(t, id, controller.Unfence)
	}
	return n
}

func (n *fakeNode) must(t *testing.T, cmd controller.Command) controller.Result {
	t.Helper()
	result := n.apply(cmd)
	require.Equal(t, model.None, result.Code, result.Message)
	return result
}

func (n *fakeNode) change(t *testing.T, id model.NodeID, to controller.Transition) {
	t.Helper()
	n.must(t, controller.Command{BrokerStateChange: &controller.BrokerStateChange{
		ID: id, Epoch: n.image.Brokers[id].Epoch, To: to,
	}})
}

// topic creates a topic with the given replicas per partition.
func (n *fakeNode) topic(t *testing.T, name string, replicas ...[]model.NodeID) *controller.Topic {
	t.Helper()
	return n.must(t, controller.Command{CreateTopic: &controller.CreateTopic{
		Name: name, ID: n.NewTopicID(),
		Partitions: int32(len(replicas)), ReplicationFactor: int16(len(replicas[0])), Replicas: replicas,
	}}).Topic
}

// ask sends a request through its handler and returns the one answer to it. Both
// travel as bytes, so that they are what a client would see.
func ask[R kmsg.Response](t *testing.T, n *fakeNode, listener string, version int16, req kmsg.Request) R {
	t.Helper()
	call := serve(t, n, listener, version, req)
	return answerTo[R](t, n, call)
}

func serve(t *testing.T, n *fakeNode, listener string, version int16, req kmsg.Request) *Call {
	t.Helper()
	req.SetVersion(version)
	sent := kmsg.RequestForKey(req.Key())
	sent.SetVersion(version)
	require.NoError(t, sent.ReadFrom(req.AppendTo(nil)))

	h, ok := Lookup(kmsg.Key(req.Key()), version, listener == inside)
	require.True(t, ok, "%s v%d is not served on %s", kmsg.NameForKey(req.Key()), version, listener)
	call := &Call{Listener: listener, Request: sent}
	h.Serve(n, call)
	return call
}

func answerTo[R kmsg.Response](t *testing.T, n *fakeNode, call *Call) R {
	t.Helper()
	require.Len(t, n.replies[call], 1, "answers to one request")
	resp := n.replies[call][0]
	require.Equal(t, call.Request.GetVersion(), resp.GetVersion())
	seen := call.Request.ResponseKind()
	require.NoError(t, seen.ReadFrom(resp.AppendTo(nil)))
	return seen.(R)
}

// message is what a nullable error message says; "" if null.
func message(m *string) string {
	if m == nil {
		return ""
	}
	return *m
}

func ptr[T any](v T) *T { return &v }
