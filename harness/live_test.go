package harness

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/workloads"
)

func TestAnInterruptionIsTheReasonForWhatItLedTo(t *testing.T) {
	failure := errors.New("the cluster did not recover")
	crash := workloads.Guard(func() { panic("bug") })
	ctx, interrupt := context.WithCancelCause(context.Background())
	require.Equal(t, failure, causeOf(ctx, failure))
	interrupt(errors.New("interrupt signal received"))
	require.EqualError(t, causeOf(ctx, failure), "interrupted: interrupt signal received")
	require.NoError(t, causeOf(ctx, nil))
	require.Equal(t, crash, causeOf(ctx, crash), "a panic is never excused")
}
