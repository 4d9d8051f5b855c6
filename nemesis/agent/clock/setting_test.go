package clock

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestSettingAt(t *testing.T) {
	tests := map[string]struct {
		setting Setting
		host    time.Duration // after noon
		want    time.Duration
	}{
		"none":               {Setting{}, time.Hour, time.Hour},
		"step":               {Setting{Offset: time.Hour}, 0, time.Hour},
		"step back":          {Setting{Offset: -24 * time.Hour}, time.Minute, time.Minute - 24*time.Hour},
		"rate 1 is no drift": {Setting{Rate: 1, Since: noon}, time.Hour, time.Hour},
		"twice as fast":      {Setting{Rate: 2, Since: noon}, time.Hour, 2 * time.Hour},
		"half as fast":       {Setting{Rate: 0.5, Since: noon}, time.Hour, 30 * time.Minute},
		"before it began":    {Setting{Rate: 2, Since: noon}, -time.Hour, -2 * time.Hour},
		"step and drift":     {Setting{Offset: time.Minute, Rate: 2, Since: noon}, time.Hour, 2*time.Hour + time.Minute},
		"ten years of drift": {Setting{Rate: 2, Since: noon.Add(-maxOffset)}, 0, maxOffset},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, noon.Add(test.want).UnixNano(), test.setting.At(noon.Add(test.host)).UnixNano())
		})
	}
}

func TestSettingStandsStillBefore1970(t *testing.T) {
	s := Setting{Offset: -maxOffset}
	require.Equal(t, int64(0), s.At(time.Unix(3600, 0)).UnixNano())
}

func TestSlotMultipliesExactly(t *testing.T) {
	for _, elapsed := range []int64{0, 1, -1, 123456789, -123456789, math.MaxInt32, int64(maxOffset), -int64(maxOffset)} {
		for _, rate := range []float64{0.01, 0.5, 0.999999, 1.000001, 2, 99.5} {
			s := Setting{Rate: rate, Since: noon}.slot()
			product := new(big.Int).Mul(big.NewInt(elapsed), big.NewInt(s.excess))
			product.Rsh(product, excessBits) // rounds down, as the code's shift does
			host := noon.UnixNano() + elapsed
			want := new(big.Int).Add(big.NewInt(host), product)
			if !want.IsInt64() {
				continue // centuries away
			}
			require.Equal(t, max(want.Int64(), 0), s.at(host), "elapsed %d at rate %v", elapsed, rate)
		}
	}
}

func TestSettingValidateNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		setting Setting
		want    string
	}{
		"too slow":  {Setting{Rate: 0.001}, "rate 0.001: allowed are 0.01 to 100, and 0 for 1"},
		"too fast":  {Setting{Rate: 101}, "rate 101: allowed are 0.01 to 100, and 0 for 1"},
		"backwards": {Setting{Rate: -1}, "rate -1: allowed are 0.01 to 100, and 0 for 1"},
		"no number": {Setting{Rate: math.NaN()}, "rate NaN: allowed are 0.01 to 100, and 0 for 1"},
		"too far":   {Setting{Offset: maxOffset + 1}, "offset 87600h0m0.000000001s: allowed are -87600h0m0s to 87600h0m0s"},
		"too early": {Setting{Offset: -maxOffset - 1}, "offset -87600h0m0.000000001s: allowed are -87600h0m0s to 87600h0m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.EqualError(t, test.setting.Validate(), test.want) })
	}
	require.NoError(t, Setting{Offset: maxOffset, Rate: maxRate}.Validate())
}

func TestFaultStrobes(t *testing.T) {
	f := Fault{Offset: time.Minute, Rate: 2, Strobe: time.Hour, Period: 10 * time.Millisecond}
	tests := map[time.Duration]time.Duration{
		0:                      time.Minute,
		9 * time.Millisecond:   time.Minute,
		10 * time.Millisecond:  time.Minute + time.Hour,
		19 * time.Millisecond:  time.Minute + time.Hour,
		20 * time.Millisecond:  time.Minute,
		999 * time.Millisecond: time.Minute + time.Hour,
	}
	for after, want := range tests {
		require.Equal(t, Setting{Offset: want, Rate: 2, Since: noon}, f.setting(noon, noon.Add(after)), after)
	}
	require.True(t, f.Strobes())
	require.False(t, Fault{Offset: time.Hour, Rate: 2}.Strobes())
}
