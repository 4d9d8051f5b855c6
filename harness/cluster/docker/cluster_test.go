package docker

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
)

const topic = "orders"

func requireState(t *testing.T, c *Cluster, node int, want string) {
	t.Helper()
	state, err := c.Running(node)
	require.NoError(t, err)
	require.Equal(t, want, state)
}

func incarnationOf(t *testing.T, c *Cluster, node int) string {
	t.Helper()
	name, err := c.Incarnation(node)
	require.NoError(t, err)
	return name
}

func dataBytes(t *testing.T, c *Cluster, node int) int64 {
	t.Helper()
	bytes, err := c.DataBytes(node)
	require.NoError(t, err)
	return bytes
}

func newClient(t *testing.T, c *Cluster, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	kafka, err := kgo.NewClient(append(options, kgo.SeedBrokers(c.Bootstrap()...))...)
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	return kafka
}

// produce returns when a record is on all replicas of the topic.
func produce(t *testing.T, c *Cluster, value string) {
	t.Helper()
	kafka := newClient(t, c, kgo.DefaultProduceTopic(topic))
	require.NoError(t, kafka.ProduceSync(limited(t), kgo.StringRecord(value)).FirstErr())
}

// consume reads the topic from its beginning until a record has that value.
func consume(t *testing.T, c *Cluster, value string) {
	t.Helper()
	ctx := limited(t)
	kafka := newClient(t, c, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for {
		fetches := kafka.PollFetches(ctx)
		require.NoError(t, ctx.Err(), "record %q was not found", value)
		for _, record := range fetches.Records() {
			if string(record.Value) == value {
				return
			}
		}
	}
}

// The parts share one cluster, since a start takes seconds; each leaves it
// healthy.
func TestCluster(t *testing.T) {
	c := newCluster(t, Options{Nodes: 3})
	requireState(t, c, 1, nemesis.StateDead)
	require.Equal(t, "never started", incarnationOf(t, c, 1))
	require.NoError(t, c.Kill(t.Context(), 1), "killing the dead is no error")

	_, err := c.engine.ensureImages(t.Context(), c.options)
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, c.Start(limited(t)))
	fmt.Printf("3-node cluster ready in %v\n", time.Since(began).Round(time.Millisecond))
	for node := 1; node <= 3; node++ {
		requireState(t, c, node, nemesis.StateRunning)
	}
	admin := kadm.NewClient(newClient(t, c))
	_, err = admin.CreateTopic(limited(t), 1, 3, map[string]*string{"min.insync.replicas": kadm.StringPtr("2")}, topic)
	require.NoError(t, err)
	produce(t, c, "before all")
	consume(t, c, "before all")

	healed := func(t *testing.T) {
		require.NoError(t, c.Heal(limited(t)))
		require.NoError(t, c.Heal(limited(t)), "healing the healthy is no error")
		require.NoError(t, c.WaitHealthy(limited(t)))
	}
	parts := []struct {
		name string
		test func(*testing.T, *Cluster)
	}{
		{"describe", testDescribe},
		{"partition", testPartition},
		{"clients", testClients},
		{"delay", testDelay},
		{"kill", testKill},
		{"pause", testPause},
		{"wipe", testWipe},
		{"clock", testClock},
		{"schedule", testSchedule},
		{"crash", testCrash},
		{"sweep", testSweep},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.test(t, c); healed(t) })
	}
	produce(t, c, "after all")
	consume(t, c, "before all")
}

func testDescribe(t *testing.T, c *Cluster) {
	about := c.Describe()
	require.Equal(t, "docker", about["cluster"])
	require.Equal(t, c.Run(), about["run"])
	require.NotEmpty(t, about["docker.version"])
	require.Contains(t, about, "fault.netem")
	require.Len(t, c.Bootstrap(), c.Size())
}

func testPartition(t *testing.T, c *Cluster) {
	cut := nemesis.Links{
		{From: 2, To: 1}: {Cut: true}, {From: 3, To: 1}: {Cut: true},
		{From: 1, To: 2}: {Cut: true}, {From: 1, To: 3}: {Cut: true},
	}
	before := c.LinkStats()
	require.NoError(t, c.SetLinks(limited(t), cut))
	require.NoError(t, c.SetLinks(limited(t), cut), "the same again is no error")
	// Two of the three may have nothing to say to each other, but nobody has
	// nothing to say to all.
	eventually(t, "the cut holds bytes back both ways", func() bool {
		var in, out int64
		for link, now := range c.LinkStats() {
			held := now.Held - before[link].Held
			switch {
			case link.To == 1:
				in += held
			case link.From == 1:
				out += held
			}
		}
		return in > 0 && out > 0
	})
}

// This machine is a client, in either direction.
func testClients(t *testing.T, c *Cluster) {
	require.NoError(t, cluster.Healthy(t.Context(), c.nodes[2].health()))
	for _, link := range []nemesis.Link{{From: nemesis.Clients, To: 3}, {From: 3, To: nemesis.Clients}} {
		require.NoError(t, c.SetLinks(limited(t), nemesis.Links{link: {Cut: true}}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Error(t, cluster.Healthy(ctx, c.nodes[2].health()), "cut off: %+v", link)
		require.Positive(t, c.LinkStats()[link].Held, "%+v", link)
	}
	requireState(t, c, 3, nemesis.StateRunning)
}

func testDelay(t *testing.T, c *Cluster) {
	capabilities := c.Capabilities()
	if !capabilities.NFQueue.Supported && !capabilities.Netem.Supported {
		require.Error(t, c.SetLinks(limited(t), nemesis.Links{{From: 1, To: 2}: {Delay: 20}}))
		return
	}
	link := nemesis.Link{From: 1, To: 2}
	require.NoError(t, c.SetLinks(limited(t), nemesis.Links{link: {Delay: 20}}))
	eventually(t, "the link delivers late", func() bool { return c.LinkStats()[link].Delayed > 0 })
}

func testKill(t *testing.T, c *Cluster) {
	ctx := limited(t)
	before, addresses := incarnationOf(t, c, 1), c.Bootstrap()
	require.NoError(t, c.Pause(ctx, 1), "kill -9 ends a paused process too")
	require.NoError(t, c.Kill(ctx, 1))
	require.NoError(t, c.Kill(ctx, 1), "killing the dead is no error")
	requireState(t, c, 1, nemesis.StateDead)
	inspected, err := c.engine.api.ContainerInspect(ctx, c.nodes[0].broker, client.ContainerInspectOptions{})
	require.NoError(t, err)
	require.Equal(t, exitKilled, inspected.Container.State.ExitCode)
	well, err := c.EndedWell(ctx, 1)
	require.NoError(t, err)
	require.False(t, well)
	require.ErrorContains(t, c.Pause(ctx, 1), "pause node 1: it is dead")
	require.NoError(t, c.Resume(ctx, 1), "resuming the dead is no error")
	require.Equal(t, before, incarnationOf(t, c, 1))
	require.Positive(t, dataBytes(t, c, 1))

	require.NoError(t, c.Restart(ctx, 1))
	require.NoError(t, c.Restart(ctx, 1), "restarting the running is no error")
	requireState(t, c, 1, nemesis.StateRunning)
	require.NotEqual(t, before, incarnationOf(t, c, 1))
	require.Equal(t, addresses, c.Bootstrap())
	require.NoError(t, c.WaitHealthy(ctx))
	consume(t, c, "before all")
	require.Empty(t, c.Unexpected())

	text, err := os.ReadFile(c.Log(1))
	require.NoError(t, err)
	for _, once := range []string{" start 1\n", " start 2\n", " ended by order of the harness: exit code 137\n"} {
		require.Equal(t, 1, strings.Count(string(text), once), once)
	}
	require.Equal(t, 2, strings.Count(string(text), "msg=started"), "each incarnation's log, once")
}

func testPause(t *testing.T, c *Cluster) {
	ctx := limited(t)
	before := incarnationOf(t, c, 2)
	require.NoError(t, c.Pause(ctx, 2))
	require.NoError(t, c.Pause(ctx, 2))
	requireState(t, c, 2, nemesis.StateStopped)
	require.NoError(t, c.Resume(ctx, 2))
	require.NoError(t, c.Resume(ctx, 2))
	requireState(t, c, 2, nemesis.StateRunning)
	require.Equal(t, before, incarnationOf(t, c, 2))
	require.NoError(t, c.Pause(ctx, 2)) // for heal to resume
}

func testWipe(t *testing.T, c *Cluster) {
	ctx := limited(t)
	require.ErrorContains(t, c.WipeData(ctx, 3), "wipe node 3: it is running, allowed is dead")
	require.NoError(t, c.Kill(ctx, 3))
	require.Positive(t, dataBytes(t, c, 3))
	require.NoError(t, c.WipeData(ctx, 3))
	require.Zero(t, dataBytes(t, c, 3))
	metadata, err := c.nodes[2].agent.DataBytes(ctx, metadataDir)
	require.NoError(t, err)
	require.Positive(t, metadata, "the quorum's share stays")
}

func testClock(t *testing.T, c *Cluster) {
	hour := nemesis.Clock{Offset: nemesis.Millis(time.Hour.Milliseconds())}
	if clock := c.Capabilities().Clock; !clock.Supported {
		t.Skipf("SKIPPED: no clock faults: %s", clock.Reason)
	}
	requireSkew := func(want time.Duration) {
		process, host, err := c.ReadClock(1)
		require.NoError(t, err)
		require.WithinDuration(t, host.Add(want), process, time.Second)
		require.WithinDuration(t, time.Now(), host, time.Minute, "the host's is untouched")
	}
	requireSkew(0)
	require.NoError(t, c.SetClock(limited(t), 1, hour))
	requireSkew(time.Hour)
	require.NoError(t, c.Kill(limited(t), 1))
	require.NoError(t, c.Restart(limited(t), 1))
	eventually(t, "the next incarnation's clock is as wrong", func() bool {
		process, host, err := c.ReadClock(1)
		return err == nil && process.Sub(host).Round(time.Minute) == time.Hour
	})
	require.NoError(t, c.SetClock(limited(t), 1, nemesis.Clock{}))
	requireSkew(0)
}

// A broker that somebody else ends is on record, and a restart is no excuse.
func testCrash(t *testing.T, c *Cluster) {
	_, err := c.engine.api.ContainerKill(t.Context(), c.nodes[1].broker, client.ContainerKillOptions{Signal: "SIGKILL"})
	require.NoError(t, err)
	eventually(t, "crash on record", func() bool { return len(c.Unexpected()) == 1 })
	require.Contains(t, c.Unexpected()[0], "node 2 (started ")
	require.Contains(t, c.Unexpected()[0], "ended by itself: exit code 137: ")
	require.ErrorContains(t, c.WaitHealthy(limited(t)), "node 2: ended by itself: exit code 137")
	require.NoError(t, c.Restart(limited(t), 2))
	require.Len(t, c.Unexpected(), 1)
}

// What dead runs left is swept, and living runs are not.
func testSweep(t *testing.T, c *Cluster) {
	run := newRun()
	_, err := c.engine.api.VolumeCreate(t.Context(), client.VolumeCreateOptions{
		Name: "ackproof-" + run, Labels: nodeLabels(run, roleVolume, 1),
	})
	require.NoError(t, err)
	living := belongings(t, c.engine, c.Run())
	require.NoError(t, c.engine.sweep(limited(t)))
	require.Empty(t, belongings(t, c.engine, run))
	require.ElementsMatch(t, living, belongings(t, c.engine, c.Run()))
}
