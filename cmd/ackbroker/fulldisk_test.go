package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// smallDisk is a disk of its own that ends with the test.
type smallDisk struct {
	t    *testing.T
	path string
}

func mountSmallDisk(t *testing.T) smallDisk {
	d := smallDisk{t, t.TempDir()}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", d.path).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no tmpfs can be mounted here (needs root on Linux), a full disk is not tested: %s", bytes.TrimSpace(out))
	}
	t.Cleanup(func() {
		out, err := exec.Command("umount", d.path).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	return d
}

// grow gives the disk more space; what is on it stays.
func (d smallDisk) grow() {
	out, err := exec.Command("mount", "-o", "remount,size=64m", d.path).CombinedOutput()
	require.NoError(d.t, err, string(out))
}

// single starts one broker alone, with its data in dir.
func single(t *testing.T, dir string, properties ...string) (cmd *exec.Cmd, log *bytes.Buffer, bootstrap string) {
	ports := freePorts(t, 2)
	bootstrap = fmt.Sprintf("127.0.0.1:%d", ports[1])
	cmd = exec.Command(ackbroker, append(properties, "--log.dirs="+dir, "--broker.session.timeout.ms=1000", "--broker.heartbeat.interval.ms=100",
		fmt.Sprintf("--listeners=INSIDE://127.0.0.1:%d,OUTSIDE://%s", ports[0], bootstrap))...)
	log = &bytes.Buffer{}
	cmd.Stderr = log
	dieWithTest(t, cmd)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("broker:\n%s", log)
		}
	})
	return cmd, log, bootstrap
}

// A full disk ends the broker in one line, before it acks what it could not
// write. With more space it has all that it acked.
func TestAFullDiskEndsTheBrokerAndLosesNothing(t *testing.T) {
	for _, flush := range []string{"never", "before-ack"} {
		t.Run("flush.policy="+flush, func(t *testing.T) { fillDisk(t, flush) })
	}
}

func fillDisk(t *testing.T, flush string) {
	disk := mountSmallDisk(t)
	dir := filepath.Join(disk.path, "data")
	cmd, log, bootstrap := single(t, dir, "--flush.policy="+flush, "--log.segment.bytes=1048576")
	createTopic(t, []string{bootstrap}, "full", 1, 1)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		_ = cmd.Wait() // the test looks at how it ended
		cancel()
	}()
	acked := produceUntil(t, ctx, bootstrap)
	require.NotErrorIs(t, ctx.Err(), context.DeadlineExceeded, "the broker lives on a full disk")
	require.NotEmpty(t, acked)

	require.Positive(t, cmd.ProcessState.ExitCode())
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	last := lines[len(lines)-1]
	require.Regexp(t, `^ackbroker: .*no space left on device$`, last)
	require.Equal(t, 1, strings.Count(log.String(), "ackbroker: "))
	require.NotContains(t, log.String(), "goroutine ")

	disk.grow()
	_, _, bootstrap = single(t, dir)
	requireRecords(t, bootstrap, acked)
}

// produceUntil sends values until ctx is done, and returns those that were
// acked by their offsets.
func produceUntil(t *testing.T, ctx context.Context, bootstrap string) map[int64]uint64 {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.DefaultProduceTopic("full"), kgo.MetadataMinAge(50*time.Millisecond),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(8))
	require.NoError(t, err)
	defer client.Close()
	var (
		mu    sync.Mutex
		acked = map[int64]uint64{}
	)
	for value := uint64(1); ctx.Err() == nil; value++ {
		record := &kgo.Record{Value: binary.BigEndian.AppendUint64(make([]byte, 0, 8<<10), value)[:8<<10]}
		client.Produce(ctx, record, func(r *kgo.Record, err error) {
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				acked[r.Offset] = value
			}
		})
	}
	mu.Lock()
	defer mu.Unlock()
	return maps.Clone(acked) // the broker is dead: what comes later is no ack
}

// requireRecords reads until each of these values was seen at its offset.
func requireRecords(t *testing.T, bootstrap string, want map[int64]uint64) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics("full"), kgo.MetadataMinAge(50*time.Millisecond))
	require.NoError(t, err)
	defer client.Close()
	for missing := len(want); missing > 0; {
		fetches := client.PollFetches(ctx)
		require.NoError(t, ctx.Err(), "%d of %d acked records are missing", missing, len(want))
		fetches.EachRecord(func(r *kgo.Record) {
			if value, acked := want[r.Offset]; acked {
				require.Equal(t, value, binary.BigEndian.Uint64(r.Value), "offset %d", r.Offset)
				missing--
			}
		})
	}
}
