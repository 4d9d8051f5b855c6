package storage_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/storage/osfs"
)

func benchBatch(records, size int) storage.Batch {
	values := make([][]byte, records)
	for i := range values {
		values[i] = make([]byte, size)
	}
	return storage.BuildBatch(values, storage.BatchOptions{ProducerID: 1})
}

func benchLog(b *testing.B, cfg storage.LogConfig) *storage.Log {
	l, _, err := storage.OpenLog(osfs.New(), b.TempDir()+"/log", cfg, false)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close(false)) })
	return l
}

// BenchmarkAppend writes to the page cache of a real disk.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ records, size int }{{1, 1024}, {100, 100}} {
		b.Run(fmt.Sprintf("%dx%dB", c.records, c.size), func(b *testing.B) {
			cfg := storage.DefaultLogConfig()
			cfg.SegmentBytes = 256 << 20
			cfg.RetentionBytes = 512 << 20
			l := benchLog(b, cfg)
			batch := benchBatch(c.records, c.size)
			b.SetBytes(int64(len(batch)))
			b.ReportAllocs()
			for b.Loop() {
				batch.Stamp(l.EndOffset(), 0)
				if err := l.Append(batch); err != nil {
					b.Fatal(err)
				}
				if l.SizeBytes() > 2*cfg.RetentionBytes {
					if _, err := l.EnforceRetention(0, l.EndOffset()); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N*c.records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkTailRead reads what was just appended, from memory and from the file.
func BenchmarkTailRead(b *testing.B) {
	for _, c := range []struct {
		name      string
		tailBytes int
	}{{"memory", 0}, {"file", 1}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := storage.DefaultLogConfig()
			cfg.TailBytes = c.tailBytes
			l := benchLog(b, cfg)
			const held = 20
			for range held {
				batch := benchBatch(100, 100)
				batch.Stamp(l.EndOffset(), 0)
				require.NoError(b, l.Append(batch))
			}
			b.ReportAllocs()
			for b.Loop() {
				data, err := l.Read(l.EndOffset()-100*model.Offset(10), 1<<20, l.EndOffset(), true)
				if err != nil || len(data) == 0 {
					b.Fatal(len(data), err)
				}
				b.SetBytes(int64(len(data)))
			}
		})
	}
}

// BenchmarkValidate is the price of the CRC, which every replica pays.
func BenchmarkValidate(b *testing.B) {
	batch := benchBatch(100, 100)
	b.SetBytes(int64(len(batch)))
	for b.Loop() {
		if err := batch.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}
