package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestMain builds the real binary once: what is tested is what ships.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ackbroker-test-")
	if err != nil {
		panic(err)
	}
	ackbroker = filepath.Join(dir, "ackbroker")
	if out, err := exec.Command("go", "build", "-o", ackbroker, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// ackbroker is the path of the binary.
var ackbroker string

// cluster is three real broker processes on loopback.
type cluster struct {
	bootstrap []string
	logs      []*bytes.Buffer
}

func startCluster(t *testing.T, properties ...string) *cluster {
	const nodes = 3
	ports := freePorts(t, 2*nodes)
	var voters []string
	for i := range nodes {
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", i+1, ports[i]))
	}
	c := &cluster{}
	dir := t.TempDir()
	for i := range nodes {
		outside := fmt.Sprintf("127.0.0.1:%d", ports[nodes+i])
		c.bootstrap = append(c.bootstrap, outside)
		cmd := exec.Command(ackbroker, append([]string{
			fmt.Sprintf("--node.id=%d", i+1),
			fmt.Sprintf("--listeners=INSIDE://127.0.0.1:%d,OUTSIDE://%s", ports[i], outside),
			"--inter.broker.listener.name=INSIDE",
			"--controller.quorum.voters=" + strings.Join(voters, ","),
			"--log.dirs=" + filepath.Join(dir, fmt.Sprint(i+1)),
		}, properties...)...)
		log := &bytes.Buffer{}
		cmd.Stderr, cmd.Stdout = log, log
		dieWithTest(t, cmd)
		c.logs = append(c.logs, log)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() {
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait() // killed: its exit says nothing
			if t.Failed() {
				t.Logf("broker %d:\n%s", i+1, log)
			}
		})
	}
	return c
}

// dieWithTest ends a broker with the test binary, also if that is killed.
func dieWithTest(t *testing.T, cmd *exec.Cmd) {
	ours, theirs, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	cmd.ExtraFiles = []*os.File{ours}
	cmd.Env = append(os.Environ(), "ACKBROKER_PARENT_PIPE=3")
}

func freePorts(t *testing.T, n int) []int {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (c *cluster) createTopic(t *testing.T, name string, partitions int32) {
	createTopic(t, c.bootstrap, name, partitions, int16(len(c.bootstrap)))
}

// createTopic waits for the brokers to take it.
func createTopic(t *testing.T, bootstrap []string, name string, partitions int32, replicas int16) {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap...))
	require.NoError(t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, err := admin.CreateTopic(ctx, partitions, replicas, nil, name)
		return err == nil || errors.Is(err, kerr.TopicAlreadyExists) // by a try whose answer came too late
	}, 20*time.Second, 50*time.Millisecond)
}

func TestFranzGoProducesAndConsumes(t *testing.T) {
	c := startCluster(t, "--min.insync.replicas=2")
	c.createTopic(t, "franz", 3)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	const records = 500
	producer, err := kgo.NewClient(kgo.SeedBrokers(c.bootstrap...), kgo.DefaultProduceTopic("franz"))
	require.NoError(t, err)
	defer producer.Close()
	for i := range records {
		producer.Produce(ctx, kgo.StringRecord(fmt.Sprintf("value %d", i)), func(_ *kgo.Record, err error) {
			require.NoError(t, err)
		})
	}
	require.NoError(t, producer.Flush(ctx))

	consumer, err := kgo.NewClient(kgo.SeedBrokers(c.bootstrap...), kgo.ConsumeTopics("franz"))
	require.NoError(t, err)
	defer consumer.Close()
	seen := map[string]int{}
	for len(seen) < records {
		fetches := consumer.PollFetches(ctx)
		require.NoError(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) { seen[string(r.Value)]++ })
	}
	for i := range records {
		require.Equal(t, 1, seen[fmt.Sprintf("value %d", i)])
	}
}

// TestKcatProducesAndConsumes stands for every librdkafka client.
func TestKcatProducesAndConsumes(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		require.Empty(t, os.Getenv("ACKPROOF_REQUIRE_KCAT"), "kcat is required and not installed")
		t.Skip("SKIPPED: kcat is not installed (Debian: apt-get install kcat); librdkafka clients are not tested here")
	}
	c := startCluster(t, "--min.insync.replicas=2")
	c.createTopic(t, "kcat", 1)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, codec := range []string{"none", "gzip", "lz4"} {
		produce := exec.CommandContext(ctx, kcat, "-P", "-b", c.bootstrap[0], "-t", "kcat", "-z", codec,
			"-X", "enable.idempotence=true", "-X", "acks=all")
		produce.Stdin = strings.NewReader(codec + "-1\n" + codec + "-2\n")
		out, err := produce.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	out, err := exec.CommandContext(ctx, kcat, "-C", "-b", c.bootstrap[1], "-t", "kcat", "-o", "beginning", "-e", "-q", "-f", `%o %s\n`).Output()
	require.NoError(t, err)
	require.Equal(t, "0 none-1\n1 none-2\n2 gzip-1\n3 gzip-2\n4 lz4-1\n5 lz4-2\n", string(out))

	listing, err := exec.CommandContext(ctx, kcat, "-L", "-b", c.bootstrap[2], "-t", "kcat").Output()
	require.NoError(t, err)
	require.Contains(t, string(listing), "3 brokers")
	require.Contains(t, string(listing), "leader")
}
