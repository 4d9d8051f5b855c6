package server

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
)

func TestFirstStepIsATick(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		synctest.Wait()
		require.Len(t, inputs[broker.Tick](w), 1)
		require.Equal(t, []model.Time{{Mono: 0, Wall: startTime.UnixMilli()}}, w.core.stepped())
	})
}

func TestTickComesAtTheLastWakeUpTime(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		w.do(broker.WakeAt{At: 10 * time.Millisecond})
		w.do(broker.WakeAt{At: 30 * time.Millisecond})
		time.Sleep(29 * time.Millisecond)
		synctest.Wait()
		require.Len(t, w.core.stepped(), 1)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, model.Time{Mono: 30 * time.Millisecond, Wall: startTime.UnixMilli() + 30}, w.core.stepped()[1])
		w.do(broker.WakeAt{At: 30 * time.Millisecond}) // again, and already past
		require.Len(t, w.core.stepped(), 3)
	})
}

func TestTicksComeUnderLoad(t *testing.T) {
	d := newDriver(nil, Settings{})
	for range inputQueue {
		d.inputs <- broker.RaftMessage{}
	}
	l := newLoop(d)
	l.wake(0)
	// The timer is as likely as the queue each time: it cannot lose them all.
	for l.ready() != broker.Input(broker.Tick{}) {
	}
	require.NotEmpty(t, d.inputs, "the tick did not wait for the queue")
}

func TestExitEndsTheBroker(t *testing.T) {
	full := errors.New("append: no space left on device")
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		w.do(broker.Exit{Err: full}, broker.Exit{Err: errors.New("a consequence")})
		require.Equal(t, full, <-w.ended)
		require.Error(t, client.closed())
		w.driver.submit(broker.Tick{}) // does not block: nobody takes it any more
		require.Nil(t, w.driver.conns.add(nil), "no connection is taken in any more")
	})
}

func TestShutdownIsControlled(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		w.stop()
		synctest.Wait()
		require.NoError(t, <-w.ended)
		require.Len(t, inputs[broker.Shutdown](w), 1)
	})
}

func TestShutdownIsBounded(t *testing.T) {
	stuck := &scriptedCore{react: func(broker.Input) []broker.Effect { return nil }}
	inWorld(t, stuck, func(w *world) {
		w.stop()
		require.ErrorIs(t, <-w.ended, errShutdownTimeout)
		require.Equal(t, shutdownTimeout, time.Since(startTime))
	})
}

func TestTraceIsLogged(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		w.do(broker.Trace{Text: "isr-shrink partition=t-0"})
		require.Contains(t, w.logged.String(), `level=INFO msg="isr-shrink partition=t-0"`)
	})
}

func TestStatusIsPublishedOncePerInterval(t *testing.T) {
	inWorld(t, &scriptedCore{status: broker.Status{BrokerEpoch: 1}}, func(w *world) {
		synctest.Wait()
		require.EqualValues(t, 1, w.driver.status.Load().BrokerEpoch)
		w.core.setStatus(broker.Status{BrokerEpoch: 2})
		time.Sleep(statusInterval - time.Nanosecond)
		w.do()
		require.EqualValues(t, 1, w.driver.status.Load().BrokerEpoch)
		time.Sleep(time.Nanosecond)
		w.do()
		require.EqualValues(t, 2, w.driver.status.Load().BrokerEpoch)
	})
}

func TestUnknownPeerIsAnsweredAtOnce(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		w.do(broker.Send{To: 9, Token: 5, Request: metadataRequest()}, broker.SendRaft{To: 9})
		responses := inputs[broker.PeerResponse](w)
		require.Len(t, responses, 1)
		require.EqualValues(t, 5, responses[0].Token)
		require.ErrorIs(t, responses[0].Err, errUnknownPeer)
	})
}
