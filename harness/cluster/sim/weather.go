package sim

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// Weather is how network, disks and clocks behave while no fault is in force.
// The zero value is a calm day; each odd is a chance in a thousand.
type Weather struct {
	// Hop is how long a message takes at least, and Jitter how much longer at
	// most; in microseconds. A hop of 0 stands for 500.
	Hop    int64 `json:"hop_us,omitempty"`
	Jitter int64 `json:"jitter_us,omitempty"`
	// Slow is how many of a thousand requests and answers between brokers take
	// longer, by SlowFor at most. SlowISR is the same for AlterPartition alone:
	// what can go wrong with an ISR mostly goes wrong there.
	Slow    int            `json:"slow_per_mille,omitempty"`
	SlowISR int            `json:"slow_isr_per_mille,omitempty"`
	SlowFor nemesis.Millis `json:"slow_ms,omitempty"`
	// Lost is how many of a thousand messages are sent again by the network, which
	// takes 200 ms; messages of the metadata quorum are lost for good. Twice is
	// how many of the quorum's come twice, the second time up to SlowFor later.
	Lost  int `json:"lost_per_mille,omitempty"`
	Twice int `json:"twice_per_mille,omitempty"`
	// Broken is how many of a thousand requests end with a broken connection, on
	// the way there or on the way back.
	Broken int `json:"broken_per_mille,omitempty"`
	// SlowFetch is how many of a thousand replica fetches and their answers are
	// slow, SlowISR notwithstanding: followers that lag and leaders that change
	// meanwhile.
	SlowFetch int `json:"slow_fetch_per_mille,omitempty"`
	// BrokenISR is the same for AlterPartition alone.
	BrokenISR int `json:"broken_isr_per_mille,omitempty"`
	// SlowLife is the same for registrations and heartbeats alone: signs of life that
	// come when their sender is fenced, or was started again.
	SlowLife int `json:"slow_life_per_mille,omitempty"`
	// SlowRaft is how many of a thousand of the quorum's messages take longer, by
	// SlowFor at most: a broker that learns late who leads.
	SlowRaft int `json:"slow_raft_per_mille,omitempty"`
	// StalledSend is at how many of a thousand produce requests the connection stalls,
	// for four times SlowFor at most: longer than a producer waits for an answer, and
	// than it may try. BrokenSend is at how many of them it breaks for the producer.
	// Whatever was sent arrives all the same.
	StalledSend int `json:"stalled_send_per_mille,omitempty"`
	BrokenSend  int `json:"broken_send_per_mille,omitempty"`
	// Sync is how long an fsync takes at most, in microseconds; 0 stands for 1000.
	Sync int64 `json:"sync_us,omitempty"`
	// Drift is how much faster or slower each node's monotonic clock runs at most,
	// in parts of a thousand.
	Drift int `json:"drift_per_mille,omitempty"`
}

// Defaults of a Weather.
const (
	defaultHop  = 500 * time.Microsecond
	defaultSync = time.Millisecond
	resendAfter = 200 * time.Millisecond
)

func (w Weather) hop() time.Duration {
	if w.Hop == 0 {
		return defaultHop
	}
	return time.Duration(w.Hop) * time.Microsecond
}

func (w Weather) sync() time.Duration {
	if w.Sync == 0 {
		return defaultSync
	}
	return time.Duration(w.Sync) * time.Microsecond
}

// calm is the weather once everything is healed: messages still take their time,
// and clocks still drift.
func (w Weather) calm() Weather {
	return Weather{Hop: w.Hop, Jitter: min(w.Jitter, int64(w.hop()/time.Microsecond)), Sync: w.Sync, Drift: w.Drift}
}

// Rough tells whether brokers may miss each other although nothing is at fault.
func (w Weather) Rough() bool {
	return w.Slow+w.SlowISR+w.SlowFetch+w.SlowLife+w.Lost+w.Twice+w.Broken+w.BrokenISR+w.SlowRaft+w.Drift > 0 || w.sync() > 10*time.Millisecond ||
		w.hop()+time.Duration(w.Jitter)*time.Microsecond > 10*time.Millisecond
}

// Validate names the first field that cannot be.
func (w Weather) Validate() error {
	for _, field := range []struct {
		name        string
		value, most int64
	}{
		{"hop_us", w.Hop, 1_000_000}, {"jitter_us", w.Jitter, 1_000_000},
		{"slow_per_mille", int64(w.Slow), 1000}, {"slow_isr_per_mille", int64(w.SlowISR), 1000},
		{"slow_ms", int64(w.SlowFor), 60_000}, {"lost_per_mille", int64(w.Lost), 500},
		{"twice_per_mille", int64(w.Twice), 1000}, {"broken_per_mille", int64(w.Broken), 500},
		{"slow_fetch_per_mille", int64(w.SlowFetch), 900}, {"slow_life_per_mille", int64(w.SlowLife), 900},
		{"broken_isr_per_mille", int64(w.BrokenISR), 900}, {"slow_raft_per_mille", int64(w.SlowRaft), 900},
		{"stalled_send_per_mille", int64(w.StalledSend), 900}, {"broken_send_per_mille", int64(w.BrokenSend), 900},
		{"sync_us", w.Sync, 10_000_000}, {"drift_per_mille", int64(w.Drift), 500},
	} {
		if field.value < 0 || field.value > field.most {
			return fmt.Errorf("weather: %s is %d, allowed are 0 to %d", field.name, field.value, field.most)
		}
	}
	return nil
}
