package server

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/wire"
)

// metrics counts what the driver does, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	byKey    map[kmsg.Key]apiMetrics
	step     prometheus.Histogram
	syncs    prometheus.Histogram
}

// apiMetrics are the series of one API key, looked up once.
type apiMetrics struct {
	duration prometheus.Observer
	received prometheus.Counter
	sent     prometheus.Counter
}

func newMetrics(d *driver) *metrics {
	// Latencies of interest go from a step of microseconds to a parked fetch.
	buckets := prometheus.ExponentialBuckets(10e-6, 2, 20)
	m := &metrics{
		registry: prometheus.NewRegistry(),
		byKey:    map[kmsg.Key]apiMetrics{},
		step: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "ackbroker_core_step_seconds", Help: "Time that the core takes for one input, its effects included.", Buckets: buckets}),
		syncs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "ackbroker_fsync_seconds", Help: "Time of one fsync.", Buckets: buckets}),
	}
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ackbroker_request_seconds", Help: "Time from a request's last byte to its answer's hand-over to the network.", Buckets: buckets}, []string{"api"})
	received := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ackbroker_request_bytes_total", Help: "Bytes of requests answered."}, []string{"api"})
	sent := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ackbroker_response_bytes_total", Help: "Bytes of responses."}, []string{"api"})
	for _, api := range wire.APIKeys(true) {
		key := kmsg.Key(api.ApiKey)
		m.byKey[key] = apiMetrics{
			duration: duration.WithLabelValues(key.Name()),
			received: received.WithLabelValues(key.Name()),
			sent:     sent.WithLabelValues(key.Name()),
		}
	}
	queued := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ackbroker_inputs_queued", Help: "Inputs that wait for the core."},
		func() float64 { return float64(len(d.inputs)) })
	m.registry.MustRegister(duration, received, sent, m.step, m.syncs, queued, statusCollector{d},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) fsync(took time.Duration) { m.syncs.Observe(took.Seconds()) }

// countRequest counts a request that was answered.
func (m *metrics) countRequest(key kmsg.Key, bytes int, took time.Duration) {
	if api, ok := m.byKey[key]; ok {
		api.duration.Observe(took.Seconds())
		api.received.Add(float64(bytes))
	}
}

func (m *metrics) countReply(key kmsg.Key, bytes int) {
	if api, ok := m.byKey[key]; ok {
		api.sent.Add(float64(bytes))
	}
}

// statusCollector turns the core's published status into series, so that a
// partition that is gone has none.
type statusCollector struct{ *driver }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ackbroker_"+name, help, labels, nil)
}

var (
	connectionsDesc     = describe("connections", "Open connections.", "listener")
	fencedDesc          = describe("fenced", "1 while the controller keeps this broker out.")
	controllerDesc      = describe("controller", "1 on the active controller.")
	leadersDesc         = describe("partitions_led", "Partitions that this broker leads.")
	replicasDesc        = describe("replicas", "Replicas that this broker holds.")
	underReplicatedDesc = describe("under_replicated_partitions", "Partitions led here whose in-sync set is smaller than their replica set.")
	isrDesc             = describe("isr_size", "Size of the in-sync set, at its leader.", "topic", "partition")
	leoDesc             = describe("log_end_offset", "Offset of the next record to be appended.", "topic", "partition")
	hwDesc              = describe("high_watermark", "Offset below which records are committed.", "topic", "partition")
)

// Describe implements prometheus.Collector.
func (c statusCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		connectionsDesc, fencedDesc, controllerDesc, leadersDesc, replicasDesc, underReplicatedDesc, isrDesc, leoDesc, hwDesc,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c statusCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for listener, n := range c.conns.count() {
		gauge(connectionsDesc, float64(n), listener)
	}
	s := c.status.Load()
	if s == nil {
		return
	}
	gauge(fencedDesc, zeroOrOne(s.Fenced))
	gauge(controllerDesc, zeroOrOne(s.IsController))
	led, under := 0, 0
	for _, p := range s.Partitions {
		labels := []string{p.Topic, strconv.Itoa(int(p.Partition))}
		gauge(leoDesc, float64(p.LEO), labels...)
		gauge(hwDesc, float64(p.HW), labels...)
		if !p.IsLeader {
			continue
		}
		led++
		if len(p.ISR) < len(p.Replicas) {
			under++
		}
		gauge(isrDesc, float64(len(p.ISR)), labels...)
	}
	gauge(leadersDesc, float64(led))
	gauge(replicasDesc, float64(len(s.Partitions)))
	gauge(underReplicatedDesc, float64(under))
}

func zeroOrOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
