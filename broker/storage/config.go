package storage

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/broker/mutant"
)

// LogConfig shapes a log. Zero values take Kafka's defaults, except for the
// retention limits, in which 0 is meant as it stands: use DefaultLogConfig.
type LogConfig struct {
	// SegmentBytes is the size beyond which a segment is not grown
	// (segment.bytes). A larger single batch gets a segment of its own.
	SegmentBytes int64
	// IndexIntervalBytes is the distance of index entries
	// (index.interval.bytes).
	IndexIntervalBytes int64
	// ProducerExpiry is how long a silent idempotent producer is remembered
	// (producer.id.expiration.ms).
	ProducerExpiry time.Duration
	// RetentionMS is the age beyond which segments are deleted, in
	// milliseconds (retention.ms); -1 keeps them for ever.
	RetentionMS int64
	// RetentionBytes is the size beyond which the oldest segments are deleted
	// (retention.bytes); -1 keeps all.
	RetentionBytes int64
	// TailBytes is how much of the log's end is kept in memory for reads.
	TailBytes int
	// Mutants are the planted bugs that are switched on.
	Mutants mutant.Set
}

const (
	defaultSegmentBytes       = 1 << 30
	defaultIndexIntervalBytes = 4096
	defaultProducerExpiry     = 24 * time.Hour
	defaultTailBytes          = 2 << 20
	keepForEver               = -1
)

// DefaultLogConfig is Kafka's default, but without retention: a harness that
// looks for lost records must not delete any unasked.
func DefaultLogConfig() LogConfig {
	c := LogConfig{RetentionMS: keepForEver, RetentionBytes: keepForEver}
	c.fillIn()
	return c
}

func (c *LogConfig) fillIn() {
	if c.SegmentBytes == 0 {
		c.SegmentBytes = defaultSegmentBytes
	}
	if c.IndexIntervalBytes == 0 {
		c.IndexIntervalBytes = defaultIndexIntervalBytes
	}
	if c.ProducerExpiry == 0 {
		c.ProducerExpiry = defaultProducerExpiry
	}
	if c.TailBytes == 0 {
		c.TailBytes = defaultTailBytes
	}
}

func (c *LogConfig) validate() error {
	c.fillIn()
	switch {
	case c.SegmentBytes < 0:
		return fmt.Errorf("log config: SegmentBytes %d must be > 0", c.SegmentBytes)
	case c.IndexIntervalBytes < 0:
		return fmt.Errorf("log config: IndexIntervalBytes %d must be > 0", c.IndexIntervalBytes)
	case c.ProducerExpiry < 0:
		return fmt.Errorf("log config: ProducerExpiry %s must be > 0", c.ProducerExpiry)
	case c.RetentionMS < keepForEver:
		return fmt.Errorf("log config: RetentionMS %d must be >= 0, or -1 to keep for ever", c.RetentionMS)
	case c.RetentionBytes < keepForEver:
		return fmt.Errorf("log config: RetentionBytes %d must be >= 0, or -1 to keep all", c.RetentionBytes)
	case c.TailBytes < 0:
		return fmt.Errorf("log config: TailBytes %d must be > 0", c.TailBytes)
	}
	return nil
}
