package local

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
)

func requireState(t *testing.T, c *Cluster, node int, want string) {
	t.Helper()
	state, err := c.Running(node)
	require.NoError(t, err)
	require.Equal(t, want, state)
}

func incarnation(t *testing.T, c *Cluster, node int) string {
	t.Helper()
	name, err := c.Incarnation(node)
	require.NoError(t, err)
	return name
}

// ask sends a line to an address and returns what comes back.
func ask(t *testing.T, address, line string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, line)
	require.NoError(t, err)
	answer := make([]byte, len(line))
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	return string(answer)
}

func TestClusterLifeOfANode(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 3})
	ctx := limited(t)
	requireState(t, c, 1, nemesis.StateDead)
	require.Equal(t, "never started", incarnation(t, c, 1))
	require.NoError(t, c.Kill(ctx, 1), "killing the dead is no error")

	require.NoError(t, c.Start(ctx))
	require.Equal(t, 3, c.Size())
	for node, address := range c.Bootstrap() {
		requireState(t, c, node+1, nemesis.StateRunning)
		require.Equal(t, "hello", ask(t, address, "hello"))
	}

	first := incarnation(t, c, 1)
	require.NoError(t, c.Pause(ctx, 1))
	require.NoError(t, c.Pause(ctx, 1))
	requireState(t, c, 1, nemesis.StateStopped)
	require.NoError(t, c.Resume(ctx, 1))
	require.NoError(t, c.Resume(ctx, 1))
	requireState(t, c, 1, nemesis.StateRunning)
	require.Equal(t, first, incarnation(t, c, 1))

	require.NoError(t, c.Pause(ctx, 1), "kill -9 ends a paused process too")
	require.NoError(t, c.Kill(ctx, 1))
	requireState(t, c, 1, nemesis.StateDead)
	require.NoError(t, c.Resume(ctx, 1), "resuming the dead is no error")
	require.ErrorContains(t, c.Pause(ctx, 1), "pause node 1: it is dead")

	address := c.Bootstrap()[0]
	require.NoError(t, c.Restart(ctx, 1))
	require.NoError(t, c.Restart(ctx, 1), "restarting the running is no error")
	require.NoError(t, c.WaitHealthy(ctx))
	require.NotEqual(t, first, incarnation(t, c, 1))
	require.Equal(t, address, c.Bootstrap()[0])
	require.Equal(t, "again", ask(t, address, "again"))
	require.Empty(t, c.Unexpected())

	log, err := os.ReadFile(c.Log(1))
	require.NoError(t, err)
	require.Contains(t, string(log), "start 1: ")
	require.Contains(t, string(log), "ended by order of the harness")
	require.Contains(t, string(log), "start 2: ")
}

func TestClusterEndsANodeInOrder(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 1})
	ctx := limited(t)
	require.NoError(t, c.Terminate(ctx, 1), "who never lived need not end")
	requireEndedWell(t, c, 1, false)
	require.NoError(t, c.Start(ctx))
	require.NoError(t, c.Pause(ctx, 1))
	require.NoError(t, c.Terminate(ctx, 1))
	require.NoError(t, c.Terminate(ctx, 1))
	requireState(t, c, 1, nemesis.StateStopped)
	requireEndedWell(t, c, 1, false)

	first := incarnation(t, c, 1)
	require.NoError(t, c.Resume(ctx, 1))
	require.Eventually(t, func() bool {
		state, err := c.Running(1)
		return err == nil && state == nemesis.StateDead
	}, 10*time.Second, time.Millisecond)
	requireEndedWell(t, c, 1, true)
	require.NoError(t, c.Restart(ctx, 1))
	require.NoError(t, c.WaitHealthy(ctx))
	require.NotEqual(t, first, incarnation(t, c, 1))
	require.NoError(t, c.Kill(ctx, 1))
	requireEndedWell(t, c, 1, false)
	require.Empty(t, c.Unexpected())
}

func requireEndedWell(t *testing.T, c *Cluster, node int, want bool) {
	t.Helper()
	well, err := c.EndedWell(limited(t), node)
	require.NoError(t, err)
	require.Equal(t, want, well)
}

func TestClusterHealUndoesEverything(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 3})
	ctx := limited(t)
	require.NoError(t, c.Start(ctx))
	require.NoError(t, c.Kill(ctx, 1))
	require.NoError(t, c.Pause(ctx, 2))
	require.NoError(t, c.SetLinks(ctx, nemesis.Links{{From: nemesis.Clients, To: 3}: {Cut: true}}))

	require.NoError(t, c.Heal(ctx))
	require.NoError(t, c.Heal(ctx))
	require.NoError(t, c.WaitHealthy(ctx))
	for _, address := range c.Bootstrap() {
		require.Equal(t, "hello", ask(t, address, "hello"))
	}
}

func TestClusterWipeTakesPartitionDataOnly(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 1})
	ctx := limited(t)
	require.NoError(t, c.Start(ctx))
	require.ErrorContains(t, c.WipeData(ctx, 1), "wipe node 1: it is running, allowed is dead")
	require.NoError(t, c.Kill(ctx, 1))
	vote := filepath.Join(c.nodes[0].metadataDir(), "vote")
	require.NoError(t, os.WriteFile(vote, []byte("1"), 0o644))

	size, err := c.DataBytes(1)
	require.NoError(t, err)
	require.EqualValues(t, len("acked"), size)
	require.NoError(t, c.WipeData(ctx, 1))
	size, err = c.DataBytes(1)
	require.NoError(t, err)
	require.Zero(t, size)
	require.FileExists(t, vote)
	require.NoError(t, c.Restart(ctx, 1))
	require.NoError(t, c.WaitHealthy(ctx))
}

func TestClusterRecordsACrash(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 2})
	ctx := limited(t)
	require.NoError(t, c.Start(ctx))
	response, err := http.Get("http://" + c.HTTP(2) + "/crash")
	if err == nil { // it may die before or after it answered
		response.Body.Close()
	}
	eventually(t, "crash on record", func() bool { return len(c.Unexpected()) == 1 })
	require.Contains(t, c.Unexpected()[0], "node 2 (pid ")
	require.Contains(t, c.Unexpected()[0], "exit status 3: panic: high watermark above log end (log: "+c.Log(2))
	require.ErrorContains(t, c.WaitHealthy(ctx), "node 2: ended by itself: exit status 3")

	require.NoError(t, c.Restart(ctx, 2))
	require.NoError(t, c.WaitHealthy(ctx))
	require.Len(t, c.Unexpected(), 1, "a restart does not excuse a crash")
}

// A broker that ends for want of disk is no broker that broke its word.
func TestAClusterIsLostWithItsDisk(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 2})
	ctx := limited(t)
	require.NoError(t, c.Start(ctx))
	require.NoError(t, c.Lost())
	response, err := http.Get("http://" + c.HTTP(2) + "/full")
	if err == nil { // it may die before or after it answered
		response.Body.Close()
	}
	eventually(t, "the cluster is lost", func() bool { return c.Lost() != nil })
	require.EqualError(t, c.Lost(), "the disk is full: node 2: ackbroker: append log: no space left on device")
	require.ErrorIs(t, c.Lost(), cluster.ErrDiskFull)
	require.Empty(t, c.Unexpected())
	require.ErrorContains(t, c.WaitHealthy(ctx), "node 2: ended by itself: exit status 1")
}

func TestClusterTakesOtherPortsWhereOneIsTaken(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 2})
	taken := address(c.nodes[0].ports.Load().outside)
	squatter, err := net.Listen("tcp", taken)
	require.NoError(t, err)
	defer squatter.Close()

	require.NoError(t, c.Start(limited(t)))
	require.NotEqual(t, taken, address(c.nodes[0].ports.Load().outside))
	require.Equal(t, "hello", ask(t, c.Bootstrap()[0], "hello"), "clients keep their address")
	require.Empty(t, c.Unexpected())
}

func TestClusterGivesUpOnABrokerThatCannotStart(t *testing.T) {
	t.Setenv(roleVariable, "none")
	binary := filepath.Join(t.TempDir(), "ackbroker")
	require.NoError(t, os.WriteFile(binary, []byte("#!/bin/sh\necho 'log.dirs: belongs to node 9' >&2\nexit 7\n"), 0o755))
	c, err := New(Options{Dir: t.TempDir(), Nodes: 1, Binary: binary})
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(limited(t)), "node 1: ended by itself: exit status 7: log.dirs: belongs to node 9 (log: ")
	require.NoError(t, c.Stop())
}

func TestClusterConfiguration(t *testing.T) {
	c := newTestCluster(t, Options{
		Nodes: 3, Mutant: "ack-before-replication",
		Properties: map[string]string{"min.insync.replicas": "2", "replica.lag.time.max.ms": "700"},
	})
	node := c.nodes[1]
	got := node.properties()
	require.Equal(t, "2", got["node.id"])
	require.Equal(t, "2", got["min.insync.replicas"])
	require.Equal(t, "700", got["replica.lag.time.max.ms"])
	require.Equal(t, "1000", got["broker.session.timeout.ms"])
	require.Equal(t, "ack-before-replication", got["mutant"])
	require.Equal(t, "OUTSIDE://"+c.Bootstrap()[1], got["advertised.listeners"])
	inside := address(node.ports.Load().inside)
	require.Equal(t, "INSIDE://"+inside+",OUTSIDE://"+address(node.ports.Load().outside), got["listeners"])
	require.Equal(t, strings.Join([]string{
		"1@" + c.proxies.address(2, 1), "2@" + inside, "3@" + c.proxies.address(2, 3),
	}, ","), got["controller.quorum.voters"])
	require.Equal(t, c.nodes[0].properties()["cluster.id"], got["cluster.id"])
	require.Equal(t, "ack-before-replication", c.Describe()["mutant"])
}

func TestClusterStopLeavesOnlyLogs(t *testing.T) {
	for _, keep := range []bool{false, true} {
		dir := t.TempDir()
		c := newTestCluster(t, Options{Dir: dir, Nodes: 2, KeepData: keep})
		require.NoError(t, c.Start(limited(t)))
		idle, err := net.Dial("tcp", c.Bootstrap()[0])
		require.NoError(t, err)
		require.NoError(t, c.Stop())
		require.NoError(t, c.Stop())
		requireState(t, c, 1, nemesis.StateDead)
		require.ErrorContains(t, c.Restart(t.Context(), 1), "start node 1: the cluster is stopped")
		require.FileExists(t, c.Log(1))
		_, err = os.Stat(nodeDir(dir, 1))
		require.Equal(t, keep, err == nil)
		require.Empty(t, c.Unexpected())
		idle.Close()
		eventually(t, "goroutines end", func() bool {
			return len(goroutinesOf("cluster/local.(*link)", "cluster/local.(*pump)", "cluster/local.(*thread)")) == 0
		})
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	used := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(used, "node-2"), 0o755))
	binary := testBinary(t)
	tests := map[string]struct {
		change func(*Options)
		want   string
	}{
		"no nodes":       {func(o *Options) { o.Nodes = 0 }, "nodes 0: allowed are 1 to 99"},
		"no dir":         {func(o *Options) { o.Dir = "" }, `dir "": a directory must be named`},
		"used dir":       {func(o *Options) { o.Dir = used }, "holds node-2 already"},
		"no binary":      {func(o *Options) { o.Binary = "/no/such/broker" }, `binary "/no/such/broker"`},
		"binary a dir":   {func(o *Options) { o.Binary = used }, "not an executable file"},
		"own property":   {func(o *Options) { o.Properties = map[string]string{"node.id": "7"} }, `property node.id="7": the cluster sets it`},
		"line break":     {func(o *Options) { o.Properties = map[string]string{"a": "b\nc=d"} }, "a line break is not allowed"},
		"negative limit": {func(o *Options) { o.StartTimeout = -1 }, "start timeout -1ns: allowed is 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := Options{Dir: t.TempDir(), Nodes: 3, Binary: binary}
			test.change(&options)
			_, err := New(options)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestClusterRefusesANodeThatDoesNotExist(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 2})
	ctx := limited(t)
	require.EqualError(t, c.Kill(ctx, 3), "node 3: allowed are 1 to 2")
	_, err := c.Running(0)
	require.EqualError(t, err, "node 0: allowed are 1 to 2")
	err = c.SetLinks(ctx, nemesis.Links{{From: 1, To: 3}: {Cut: true}})
	require.EqualError(t, err, "set links: no link from 1 to 3")
	require.Empty(t, c.Log(3))
}
