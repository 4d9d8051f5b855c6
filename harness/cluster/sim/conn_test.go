package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/nemesis"
)

// dialogue is a client's connection to a silent broker, and how its requests
// ended.
type dialogue struct {
	*conn
	cluster *Cluster
	node    *node
	ends    []ending
}

// ending is how a request ended: with an answer, which is told by its number, or
// an error.
type ending struct {
	request int
	answer  int32
	err     error
	at      time.Duration
}

func newDialogue(t *testing.T) *dialogue {
	c := silent(t, 1)
	n := c.node(1)
	return &dialogue{conn: c.connect(nemesis.Clients, n, outside), cluster: c, node: n}
}

// ask sends a request whose answer is awaited for so long.
func (d *dialogue) ask(number int, timeout time.Duration) {
	d.askSlowly(number, timeout, 0, 0)
}

func (d *dialogue) askSlowly(number int, timeout, slowOut, slowBack time.Duration) {
	req := metadata(topic)
	req.SetVersion(1) // the first that names the controller
	d.conn.send(req, timeout, slowOut, slowBack, func(resp kmsg.Response, err error) {
		end := ending{request: number, err: err, at: d.cluster.now}
		if err == nil {
			end.answer = resp.(*kmsg.MetadataResponse).ControllerID
		}
		d.ends = append(d.ends, end)
	})
}

// reply lets the broker answer the request that came as the nth.
func (d *dialogue) reply(nth int, answer int32) {
	call := d.node.calls()[nth]
	resp := call.Request.ResponseKind().(*kmsg.MetadataResponse)
	resp.ControllerID = answer
	d.node.reply(broker.Reply{Call: call, Response: resp})
}

const roundTrip = 2 * defaultHop

func TestARequestIsAnswered(t *testing.T) {
	d := newDialogue(t)
	d.ask(0, time.Second)
	d.cluster.happen(roundTrip)
	require.Len(t, d.node.calls(), 1)
	call := d.node.calls()[0]
	require.Equal(t, outside, call.Listener)
	require.Equal(t, topic, *call.Request.(*kmsg.MetadataRequest).Topics[0].Topic)
	d.reply(0, 7)
	d.cluster.happen(time.Minute)
	require.Equal(t, []ending{{answer: 7, at: roundTrip + defaultHop}}, d.ends)
	require.True(t, d.usable(), "an alarm that is out of date rings for nobody")
}

func TestATimeoutEndsTheConnection(t *testing.T) {
	d := newDialogue(t)
	d.ask(0, time.Minute)
	d.ask(1, time.Second)
	d.cluster.happen(100 * time.Millisecond)
	d.ask(2, 2*time.Second)
	d.cluster.happen(time.Hour)
	require.Equal(t, []ending{
		{request: 0, err: errTimeout, at: time.Second},
		{request: 1, err: errTimeout, at: time.Second},
		{request: 2, err: errTimeout, at: time.Second},
	}, d.ends)
	require.False(t, d.usable())

	for i := range 3 {
		d.reply(i, 7)
	}
	d.cluster.happen(time.Hour)
	require.Len(t, d.ends, 3, "answers that are too late are for nobody")
}

// TestEachRequestHasItsTime: one that is answered hands the alarm on to the next.
func TestEachRequestHasItsTime(t *testing.T) {
	d := newDialogue(t)
	d.ask(0, time.Second)
	d.ask(1, 3*time.Second)
	d.ask(2, 2*time.Second)
	d.cluster.happen(roundTrip)
	d.reply(0, 7)
	d.cluster.happen(time.Hour)
	require.Equal(t, []ending{
		{request: 0, answer: 7, at: roundTrip + defaultHop},
		{request: 1, err: errTimeout, at: 2 * time.Second},
		{request: 2, err: errTimeout, at: 2 * time.Second},
	}, d.ends)
}

// TestAnswersComeInTheOrderOfTheRequests, whatever the order in which the broker
// finds them.
func TestAnswersComeInTheOrderOfTheRequests(t *testing.T) {
	d := newDialogue(t)
	for i := range 4 {
		d.ask(i, time.Minute)
	}
	d.cluster.happen(roundTrip)
	for i, call := range d.node.calls() {
		require.Equal(t, uint64(i), call.Seq)
	}
	d.reply(2, 12)
	d.reply(1, 11)
	d.cluster.happen(time.Second)
	require.Empty(t, d.ends, "they wait for the first")
	d.reply(0, 10)
	d.cluster.happen(roundTrip)
	d.reply(3, 13)
	d.cluster.happen(roundTrip)
	require.Len(t, d.ends, 4)
	for i, end := range d.ends {
		require.Equal(t, i, end.request)
		require.Equal(t, int32(10+i), end.answer)
	}
}

func TestSlowWays(t *testing.T) {
	d := newDialogue(t)
	d.askSlowly(0, time.Minute, time.Second, 0)
	d.askSlowly(1, time.Minute, 0, time.Second)
	d.cluster.happen(2 * time.Second)
	require.Len(t, d.node.calls(), 2)
	d.reply(0, 11) // the second to be sent
	d.reply(1, 10)
	d.cluster.happen(2 * time.Second)
	require.Equal(t, []ending{
		{request: 0, answer: 10, at: 2*time.Second + defaultHop},
		{request: 1, answer: 11, at: 3*time.Second + defaultHop},
	}, d.ends)
}

// TestNobodyWaitsForTheAnswerToAcks0: neither the client nor the answers behind it.
func TestNobodyWaitsForTheAnswerToAcks0(t *testing.T) {
	d := newDialogue(t)
	produce := kmsg.NewPtrProduceRequest()
	produce.Acks = 0
	d.conn.send(produce, time.Second, 0, 0, func(kmsg.Response, error) { require.Fail(t, "it was told of the outcome") })
	d.ask(1, time.Minute)
	d.cluster.happen(2 * time.Second)
	require.True(t, d.usable(), "there is nothing that could be too late")
	d.reply(1, 7)
	d.cluster.happen(time.Second)
	require.Empty(t, d.ends, "the broker still works on what came before")
	d.node.reply(broker.Reply{Call: d.node.calls()[0]})
	d.cluster.happen(time.Second)
	require.Len(t, d.ends, 1)
	require.NoError(t, d.ends[0].err)
}

func TestTheDeadRefuse(t *testing.T) {
	d := newDialogue(t)
	d.node.die()
	d.ask(0, time.Minute)
	d.cluster.happen(time.Second)
	require.Equal(t, []ending{{err: errRefused, at: roundTrip}}, d.ends)
	require.False(t, d.usable())
}

// TestANewLifeKnowsNoOldConnections.
func TestANewLifeKnowsNoOldConnections(t *testing.T) {
	d := newDialogue(t)
	d.node.die()
	d.node.alive, d.node.paused, d.node.served = true, true, map[wire.ConnID]*conn{}
	d.ask(0, time.Minute)
	d.cluster.happen(time.Second)
	require.Equal(t, []ending{{err: errRefused, at: roundTrip}}, d.ends)
	require.Empty(t, d.node.calls())
}

func TestDeathHangsUp(t *testing.T) {
	d := newDialogue(t)
	d.ask(0, time.Minute)
	d.ask(1, time.Minute)
	d.cluster.happen(time.Second)
	d.ask(2, time.Minute) // arrives after the death
	d.node.die()
	d.cluster.happen(time.Second)
	require.Equal(t, []ending{
		{request: 0, err: errHungUp, at: time.Second + defaultHop},
		{request: 1, err: errHungUp, at: time.Second + defaultHop},
		{request: 2, err: errHungUp, at: time.Second + defaultHop},
	}, d.ends)
}

// TestABrokerClosesAConnection, and hears no more of it.
func TestABrokerClosesAConnection(t *testing.T) {
	d := newDialogue(t)
	other := d.cluster.connect(nemesis.Clients, d.node, outside)
	other.send(metadata(topic), time.Minute, 0, 0, func(kmsg.Response, error) { require.Fail(t, "the other connection has ended") })
	d.ask(0, time.Minute)
	d.cluster.happen(time.Second)
	d.ask(1, time.Minute)
	d.node.carryOut(broker.CloseConn{Conn: d.id})
	d.node.carryOut(broker.CloseConn{Conn: d.id})
	d.reply(1, 7)
	d.cluster.happen(time.Second)
	require.Len(t, d.ends, 2)
	for _, end := range d.ends {
		require.ErrorIs(t, end.err, errHungUp)
	}
	require.Len(t, d.node.calls(), 2, "of each connection the first")
	require.Equal(t, []wire.ConnID{other.id}, d.node.order)
}

func TestAResetLinkBreaksAndRefuses(t *testing.T) {
	for _, ends := range []nemesis.Link{{From: nemesis.Clients, To: 1}, {From: 1, To: nemesis.Clients}} {
		d := newDialogue(t)
		d.ask(0, time.Minute)
		d.cluster.happen(time.Second)
		require.NoError(t, d.cluster.SetLinks(background, nemesis.Links{ends: {Reset: true}}))
		d.cluster.happen(time.Second)
		require.Equal(t, []ending{{err: errHungUp, at: time.Second + defaultHop}}, d.ends)

		d.conn = d.cluster.connect(nemesis.Clients, d.node, outside)
		d.ask(1, time.Minute)
		d.cluster.happen(time.Second)
		require.Len(t, d.ends, 2)
		require.ErrorIs(t, d.ends[1].err, errRefused)
		require.Equal(t, int64(2), d.cluster.LinkStats()[ends].Reset)

		require.NoError(t, d.cluster.SetLinks(background, nil))
		d.conn = d.cluster.connect(nemesis.Clients, d.node, outside)
		d.ask(2, time.Minute)
		d.cluster.happen(time.Second)
		require.Len(t, d.node.calls(), 2)
	}
}

func TestACutLinkHoldsTheAnswer(t *testing.T) {
	d := newDialogue(t)
	d.ask(0, time.Minute)
	d.cluster.happen(time.Second)
	require.NoError(t, d.cluster.SetLinks(background, nemesis.Links{{From: 1, To: nemesis.Clients}: {Cut: true}}))
	d.reply(0, 7)
	d.ask(1, time.Minute)
	d.cluster.happen(time.Second)
	require.Empty(t, d.ends)
	require.Len(t, d.node.calls(), 2, "the other way is open")
	require.NoError(t, d.cluster.SetLinks(background, nil))
	d.cluster.happen(time.Second)
	require.Equal(t, []ending{{answer: 7, at: 2*time.Second + defaultHop}}, d.ends)
}

func TestOvertakingLinksAreRefused(t *testing.T) {
	err := silent(t, 2).SetLinks(background, nemesis.Links{oneToTwo: {Jitter: 10, Reorder: true}})
	require.ErrorContains(t, err, InOrder)
}
