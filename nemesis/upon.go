package nemesis

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Event is something that brokers tell of, which a step may wait for: what is in
// the midst of it finds bugs that a fault at any other time misses.
type Event string

// The events. A broker registers with the controller and is fenced or not; a
// replica leads or follows in a new epoch, cuts its log, wants another ISR or
// hears that there is one.
const (
	Registered     Event = "registered"
	Fenced         Event = "fenced=true"
	Unfenced       Event = "fenced=false"
	BecameLeader   Event = "role=leader"
	BecameFollower Event = "role=follower"
	Truncated      Event = "truncate"
	ISRProposed    Event = "propose"
	ISRChanged     Event = "isr"
)

// Events are all of them.
func Events() []Event {
	return []Event{Registered, Fenced, Unfenced, BecameLeader, BecameFollower, Truncated, ISRProposed, ISRChanged}
}

// validateLater checks that the step begins before it heals, whenever its event comes.
func (step Step) validateLater() error {
	switch {
	case step.Later < 0 || step.Later > 0 && step.Later >= step.For-step.For/2:
		return fmt.Errorf("later_ms %d: allowed are 0 to less than half of for_ms (%d)", step.Later, step.For)
	case step.Later > 0 && step.Upon == "":
		return fmt.Errorf("later_ms %d: allowed in a step that waits for an event only, upon is not set", step.Later)
	}
	return nil
}

// EventCluster is a cluster whose brokers' events are heard of at once, and into
// whose logs its views can look.
type EventCluster interface {
	// Told is how many events of a kind brokers have told of since the start.
	Told(Event) int
	// SleepUnless sleeps as a timeline does, and not longer than until a broker
	// tells of one of the events.
	SleepUnless(ctx context.Context, d time.Duration, events []Event) bool
}

func (e Event) validate() error {
	if e != "" && !slices.Contains(Events(), e) {
		return fmt.Errorf("upon %q: allowed are %s", string(e), words(Events()))
	}
	return nil
}

// poise lets a begin that is due wait for its event instead.
func (r *runner) poise(a action) action {
	a.poised, a.told = true, r.cluster.(EventCluster).Told(a.step.Upon)
	a.giveUp += a.step.Later.Duration()
	a.at = a.giveUp
	return a
}

// awaited are the events that begins wait for.
func awaited(agenda []action) (events []Event) {
	for _, a := range agenda {
		if a.poised && a.step.Upon != "" {
			events = append(events, a.step.Upon)
		}
	}
	return events
}

// hurry makes the begins due whose event has come.
func (r *runner) hurry(agenda []action) {
	for i := range agenda {
		a := &agenda[i]
		if a.poised && a.step.Upon != "" && r.cluster.(EventCluster).Told(a.step.Upon) > a.told {
			a.at, a.step.Upon = min(a.at, r.elapsed()+a.step.Later.Duration()), ""
		}
	}
	slices.SortFunc(agenda, action.order)
}
