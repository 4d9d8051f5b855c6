package agent

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const (
	maxDelayMS  = 60_000
	maxOffsetMS = 10 * 365 * 24 * 3600 * 1000
	minRate     = 0.01
	maxRate     = 100
)

var peerName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Validate checks a state before anything of it comes into force. Its error is
// one line that names the field, its value and what is allowed.
func (s State) Validate() error {
	owner := map[netip.Addr]string{}
	for _, peer := range slices.Sorted(maps.Keys(s.Peers)) {
		if !peerName.MatchString(peer) {
			return fmt.Errorf("peers %q: allowed are names of 1 to 64 letters, digits, '.', '_', '-'", peer)
		}
		address, err := netip.ParseAddr(s.Peers[peer])
		if err != nil || !address.Is4() {
			return fmt.Errorf("peers.%s %q: allowed is an IPv4 address", peer, s.Peers[peer])
		}
		if other, taken := owner[address]; taken {
			return fmt.Errorf("peers.%s %s: already the address of %s, each peer needs its own", peer, address, other)
		}
		owner[address] = peer
	}
	for _, peer := range slices.Sorted(maps.Keys(s.Links)) {
		if _, known := s.Peers[peer]; !known {
			return fmt.Errorf("links.%s: no such peer, allowed are %s", peer, strings.Join(slices.Sorted(maps.Keys(s.Peers)), ", "))
		}
		if err := s.Links[peer].validate(); err != nil {
			return fmt.Errorf("links.%s: %w", peer, err)
		}
	}
	if s.Clock != nil {
		if err := s.Clock.validate(); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
	}
	return nil
}

// A comparison with NaN is false, so the allowed range is what is asked for.
func (l Link) validate() error {
	switch {
	case l.Cut && l.Reset:
		return fmt.Errorf("reset true: a cut link carries no RST, allowed is one of cut and reset")
	case !(l.LossPercent >= 0 && l.LossPercent <= 100):
		return fmt.Errorf("loss_percent %v: allowed are 0 to 100", l.LossPercent)
	case l.DelayMS < 0 || l.DelayMS > maxDelayMS:
		return fmt.Errorf("delay_ms %d: allowed are 0 to %d", l.DelayMS, maxDelayMS)
	case l.JitterMS < 0 || l.JitterMS > maxDelayMS:
		return fmt.Errorf("jitter_ms %d: allowed are 0 to %d", l.JitterMS, maxDelayMS)
	case l.Reorder && l.JitterMS == 0:
		return fmt.Errorf("reorder true: needs a jitter_ms of 1 or more, packets of equal delay keep their order")
	}
	return nil
}

func (c Clock) validate() error {
	switch {
	case c.OffsetMS < -maxOffsetMS || c.OffsetMS > maxOffsetMS:
		return fmt.Errorf("offset_ms %d: allowed are %d to %d (ten years)", c.OffsetMS, -maxOffsetMS, maxOffsetMS)
	case c.Rate != 0 && !(c.Rate >= minRate && c.Rate <= maxRate):
		return fmt.Errorf("rate %v: allowed are %v to %v, and 0 for 1", c.Rate, minRate, maxRate)
	case c.StrobeMS < -maxOffsetMS || c.StrobeMS > maxOffsetMS:
		return fmt.Errorf("strobe_ms %d: allowed are %d to %d (ten years)", c.StrobeMS, -maxOffsetMS, maxOffsetMS)
	case c.StrobePeriodMS < 0 || c.StrobePeriodMS > maxOffsetMS:
		return fmt.Errorf("strobe_period_ms %d: allowed are 0 to %d", c.StrobePeriodMS, maxOffsetMS)
	case (c.StrobeMS == 0) != (c.StrobePeriodMS == 0):
		return fmt.Errorf("strobe_ms %d with strobe_period_ms %d: allowed is both or none", c.StrobeMS, c.StrobePeriodMS)
	}
	return nil
}
