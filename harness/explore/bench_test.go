package explore

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/timeline"
)

// BenchmarkSimulate draws a case, simulates and judges it, as exploring does. It
// tells how many simulated seconds go into one, and what the look inside costs.
func BenchmarkSimulate(b *testing.B) {
	for _, look := range []struct {
		name string
		Look
	}{
		{"black-box", Look{BlackBox: true}},
		{"white-box", Look{}},
	} {
		b.Run(look.name, func(b *testing.B) {
			b.ReportAllocs()
			var elapsed time.Duration
			var events uint64
			seed := uint64(0)
			for b.Loop() {
				seed++
				out, err := Simulate(drawProfile(seed, Bounds{}).Draw(seed), look.Look)
				require.NoError(b, err)
				elapsed += out.Elapsed
				events += out.Events
			}
			b.ReportMetric(elapsed.Seconds()/b.Elapsed().Seconds(), "simulated-s/s")
			b.ReportMetric(float64(events)/float64(b.N), "events/op")
		})
	}
}

// BenchmarkTenSeconds is the speed that exploring has to reach: schedules of 10
// simulated seconds in all, with 3 brokers and 5 clients, by two processes.
func BenchmarkTenSeconds(b *testing.B) {
	const jobs = 2
	var shares [jobs]share
	b.ResetTimer()
	work := make([]func() error, jobs)
	for i := range shares {
		shares[i] = share{First: i * b.N, Cases: (b.N + i) / jobs}
		work[i] = func() error { return shares[i].delegate(b.Context()) }
	}
	require.NoError(b, timeline.Each(timeline.Live, work, func(do func() error) error { return do() }))
	b.StopTimer()
	simulated, cpu := 0.0, time.Duration(0)
	for _, s := range shares {
		simulated += s.Simulated
		cpu += s.cpu
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(simulated/float64(b.N), "simulated-s/schedule")
	b.ReportMetric(simulated/b.Elapsed().Seconds()/jobs, "simulated-s/s/core")
	b.ReportMetric(simulated/cpu.Seconds(), "simulated-s/cpu-s") // the same if nobody else takes the cores
}

// share is what one of the processes does.
type share struct {
	First, Cases int
	Simulated    float64 // seconds
	cpu          time.Duration
}

// shareVariable turns this test binary into such a process.
const shareVariable = "ACKPROOF_TEST_EXPLORE_SHARE"

// delegate lets another process do it, one that ends with this one.
func (s *share) delegate(ctx context.Context) error {
	told, err := json.Marshal(s)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), shareVariable+"="+string(told))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // open for as long as both are there
		return err
	}
	done, err := cmd.Output()
	if err != nil {
		return err
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return json.Unmarshal(done, s)
}

// do simulates as a worker does, and prints what came of it, unless whoever asked is
// gone before.
func (s *share) do() error {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	boundGarbage()
	for i := range s.Cases {
		out, err := Simulate(tenSeconds(uint64(s.First+i)), Look{})
		if err != nil {
			return err
		}
		s.Simulated += out.Elapsed.Seconds()
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// tenSeconds draws a case that takes about ten seconds from the first boot to the
// end of the drain.
func tenSeconds(seed uint64) Case {
	p := drawProfile(seed, Bounds{Nodes: 3, Length: 6000})
	p.liveness = false
	p.clients.Producers, p.clients.Consumers, p.clients.Probers, p.clients.Tenants = 2, 2, 1, 0
	return p.Draw(seed)
}
