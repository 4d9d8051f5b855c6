package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// TestBatchesFollowEachOther takes what no log of ours would take in.
func TestBatchesFollowEachOther(t *testing.T) {
	known := ledger{entryOf(batch(0, 1, "ab")), entryOf(batch(2, 1, "cd"))}
	other := batch(2, 1, "cd")
	other[len(other)-1] ^= 1
	for _, row := range []struct {
		name  string
		from  model.Offset
		batch storage.Batch
		want  Class
	}{
		{"the same", 2, batch(2, 1, "cd"), ""},
		{"the next", 4, batch(4, 1, "e"), ""},
		{"the next, of a newer epoch", 4, batch(4, 2, "e"), ""},
		{"a hole", 4, batch(5, 1, "e"), OffsetGap},
		{"an offset twice", 4, batch(3, 1, "e"), OffsetGap},
		{"an older epoch", 4, batch(4, 0, "e"), BatchEpochFell},
		{"another number of records", 2, batch(2, 1, "c"), LogMismatch},
		{"another epoch", 2, batch(2, 2, "cd"), LogMismatch},
		{"other bytes", 2, other, LogMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := append(ledger{}, known...)
			c := l.compare(row.from, true)
			require.Equal(t, row.want, c.take(row.batch, LogMismatch))
			grown := row.want == "" && row.from == 4
			require.Equal(t, grown, len(l) > len(known))
			require.Equal(t, known, l[:2], "what is committed stays as it is")
		})
	}
}

func TestBatchesBetweenOffsets(t *testing.T) {
	l := ledger{entryOf(batch(0, 1, "ab")), entryOf(batch(2, 1, "cde")), entryOf(batch(5, 1, "f"))}
	require.Equal(t, l[:2], l.between(0, 5))
	require.Equal(t, l[1:], l.between(2, 6))
	require.Equal(t, l[:1], l.between(0, 4), "a batch that is committed in part does not count")
	require.Empty(t, l.between(5, 2))
	require.Empty(t, ledger{}.between(0, 4))
}
