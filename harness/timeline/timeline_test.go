package timeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLiveSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := Live.Now()
		require.True(t, Live.Sleep(t.Context(), time.Hour))
		require.Equal(t, time.Hour, Live.Now().Sub(start))
		require.True(t, Until(Live, t.Context(), start.Add(3*time.Hour)))
		require.Equal(t, 3*time.Hour, Live.Now().Sub(start))
		require.True(t, Until(Live, t.Context(), start), "that was long ago")
	})
}

func TestLiveSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := Live.Now()
		ctx, cancel := Live.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.False(t, Live.Sleep(ctx, time.Hour))
		require.Equal(t, time.Minute, Live.Now().Sub(start))
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		// Where both are due at once, chance must not decide.
		for range 100 {
			require.False(t, Live.Sleep(ctx, 0), "it is done already")
		}

		ctx, cancel = Live.WithTimeout(t.Context(), time.Hour)
		time.AfterFunc(time.Second, cancel)
		require.False(t, Live.Sleep(ctx, time.Minute))
		require.Equal(t, time.Minute+time.Second, Live.Now().Sub(start), "live at once")
		require.ErrorIs(t, ctx.Err(), context.Canceled)
	})
}

func TestLiveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := Live.Now()
		done := make([]bool, 2)
		Live.Together()
		Live.Together(
			func() { done[0] = Live.Sleep(t.Context(), time.Minute) },
			func() { done[1] = Live.Sleep(t.Context(), time.Hour) },
		)
		require.Equal(t, []bool{true, true}, done)
		require.Equal(t, time.Hour, Live.Now().Sub(start), "side by side")
	})
}

func TestEachJoinsTheErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := Live.Now()
		first, second := errors.New("first"), errors.New("second")
		err := Each(Live, []error{second, nil, first}, func(err error) error {
			Live.Sleep(t.Context(), time.Second)
			return err
		})
		require.EqualError(t, err, "second\nfirst", "in the order of the list")
		require.ErrorIs(t, err, first)
		require.ErrorIs(t, err, second)
		require.Equal(t, time.Second, Live.Now().Sub(start), "side by side")
		require.NoError(t, Each(Live, []error{nil, nil}, func(err error) error { return err }))
		require.NoError(t, Each(Live, nil, func(error) error { return first }))
	})
}
