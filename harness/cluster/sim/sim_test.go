package sim

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/trial"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

func course(t testing.TB, seed uint64) (*Cluster, *Recorder, error) {
	c, err := New(Options{Nodes: 3, Seed: seed, Times: DefaultTimes(), Flush: "never"})
	require.NoError(t, err)
	s, err := nemesis.Draw(nemesis.DrawOptions{Seed: seed, Nodes: 3, Length: 10 * time.Second, Mix: []string{"mixed"}})
	require.NoError(t, err)
	rec := c.NewRecorder()
	err = c.Run(func() error {
		ctx := context.Background()
		limit, _ := c.WithTimeout(ctx, 20*time.Second)
		if err := c.AwaitHealthy(limit); err != nil {
			return err
		}
		load := workloads.LogDefaults("log", 2, seed).Share(5)
		load.Rate = 40
		load.Lanes = 2
		return trial.Trial{
			Time: c.Time(), Cluster: c, Clients: c.Clients(),
			Settings: client.Settings{Acks: "all", Idempotent: true},
			Topic: client.Topic{Name: "log", Partitions: 2, ReplicationFactor: 3, Configs: map[string]string{
				"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}},
			Workload: load, Schedule: s, Recorder: rec, AckedAfter: 5,
			Stage: func(string) {}, Counts: func(func() int64) {},
		}.Run(ctx)
	})
	return c, rec, err
}

func TestOne(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		began := time.Now()
		c, rec, err := course(t, seed)
		took := time.Since(began)
		h := &history.History{Header: history.Header{Workload: "log", Cluster: "sim", Nodes: 3, Config: history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 3, Idempotent: true, Flush: "never"}}, Events: rec.Events}
		began = time.Now()
		r := checker.Check(h, checker.Options{})
		fmt.Println(seed, err, len(rec.Events), c.Events(), c.Elapsed(), took, time.Since(began), c.Hash(), r.Status, r.Reason, c.Unexpected(), c.Coverage())
	}
}

func BenchmarkCourse(b *testing.B) {
	var elapsed time.Duration
	for i := range b.N {
		c, _, err := course(b, uint64(i+1))
		require.NoError(b, err)
		elapsed += c.Elapsed()
	}
	b.ReportMetric(elapsed.Seconds()/b.Elapsed().Seconds(), "sim-s/s")
}
