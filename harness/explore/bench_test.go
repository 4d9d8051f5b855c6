package explore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
