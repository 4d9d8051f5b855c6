package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
)

func get(t *testing.T, d *driver, path string) (int, string) {
	recorder := httptest.NewRecorder()
	d.httpHandler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(recorder.Result().Body)
	require.NoError(t, err)
	return recorder.Code, string(body)
}

func TestHealth(t *testing.T) {
	d := newDriver(nil, Settings{})
	for _, test := range []struct {
		status *broker.Status
		code   int
		body   string
	}{
		{nil, 503, "starting\n"},
		{&broker.Status{Fenced: true}, 503, "not registered with the controller\n"},
		{&broker.Status{Registered: true, Fenced: true}, 503, "fenced by the controller\n"},
		{&broker.Status{Registered: true}, 200, "ok\n"},
	} {
		d.status.Store(test.status)
		code, body := get(t, d, "/healthz")
		require.Equal(t, test.code, code)
		require.Equal(t, test.body, body)
	}
}

func TestMetrics(t *testing.T) {
	core := &scriptedCore{status: broker.Status{
		Registered: true, IsController: true,
		Partitions: []broker.PartitionStatus{
			{Topic: "t", Partition: 0, IsLeader: true, LEO: 12, HW: 10, ISR: []model.NodeID{1}, Replicas: []model.NodeID{1, 2}},
			{Topic: "t", Partition: 1, LEO: 5, HW: 4, ISR: []model.NodeID{2}, Replicas: []model.NodeID{1, 2}},
		},
	}}
	inWorld(t, core, func(w *world) {
		client := w.connect("OUTSIDE")
		client.request(metadataRequest(), 1)
		w.do(answer(inputs[broker.Request](w)[0].Call))
		require.Len(t, client.received(), 1)
		synctest.Wait()
		code, body := get(t, w.driver, "/metrics")
		require.Equal(t, 200, code)
		for _, line := range []string{
			`ackbroker_request_seconds_count{api="Metadata"} 1`,
			`ackbroker_request_seconds_count{api="Produce"} 0`,
			`ackbroker_request_bytes_total{api="Metadata"} 19`,
			`ackbroker_response_bytes_total{api="Metadata"} 26`,
			`ackbroker_connections{listener="OUTSIDE"} 1`,
			`ackbroker_inputs_queued 0`,
			`ackbroker_fenced 0`,
			`ackbroker_controller 1`,
			`ackbroker_partitions_led 1`,
			`ackbroker_replicas 2`,
			`ackbroker_under_replicated_partitions 1`,
			`ackbroker_isr_size{partition="0",topic="t"} 1`,
			`ackbroker_log_end_offset{partition="1",topic="t"} 5`,
			`ackbroker_high_watermark{partition="0",topic="t"} 10`,
		} {
			require.Contains(t, body, "\n"+line+"\n")
		}
		require.NotContains(t, body, `ackbroker_isr_size{partition="1"`, "only its leader knows")
	})
}
