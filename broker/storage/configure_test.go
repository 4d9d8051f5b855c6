package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigureHoldsForWhatComesNext(t *testing.T) {
	l, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
	appendValues(t, l, 0, 1)
	appendValues(t, l, 0, 1)
	require.Len(t, l.segments, 1)
	require.NoError(t, l.Configure(smallSegments(10)))
	appendValues(t, l, 0, 1)
	require.Len(t, l.segments, 2)

	require.ErrorContains(t, l.Configure(LogConfig{SegmentBytes: -5}), "SegmentBytes -5 must be > 0")
	require.Equal(t, int64(10), l.cfg.SegmentBytes)
	require.NoError(t, l.Configure(LogConfig{}), "zero values take the defaults")
	require.Equal(t, int64(defaultSegmentBytes), l.cfg.SegmentBytes)
}
