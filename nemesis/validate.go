package nemesis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

var (
	allKinds  = []Kind{Partition, Kill, Stop, Pause, Wipe, SkewClock, Elect, Power, Disk, Delay, Loss, Reset, Reorder}
	allShapes = []Shape{Isolate, Pair, Halves, OneWayIn, OneWayOut, Ring, Bridge}
	// peerShapes are those in which the target alone has bad links.
	peerShapes = []Shape{Isolate, OneWayIn, OneWayOut}
)

// Validate checks that the schedule can be run. Its error is one line that
// names the field, its value and what is allowed.
func (s Schedule) Validate() error {
	switch {
	case s.Format != Format:
		return fmt.Errorf("format %q: allowed is %q", s.Format, Format)
	case s.Version != Version:
		return fmt.Errorf("version %d: allowed is %d", s.Version, Version)
	case s.Nodes < 1 || s.Nodes > maxNodes:
		return fmt.Errorf("nodes %d: allowed are 1 to %d", s.Nodes, maxNodes)
	case s.Length <= 0:
		return fmt.Errorf("length_ms %d: allowed is 1 or more", s.Length)
	}
	ids := map[int]bool{}
	for i, step := range s.Steps {
		if err := step.validate(s); err != nil {
			return fmt.Errorf("steps[%d] (id %d): %w", i, step.ID, err)
		}
		if ids[step.ID] {
			return fmt.Errorf("steps[%d]: id %d: already used, each step needs its own", i, step.ID)
		}
		ids[step.ID] = true
		if i > 0 && step.At < s.Steps[i-1].At {
			return fmt.Errorf("steps[%d] (id %d): at_ms %d: the step before begins at %d, allowed is %[4]d or more",
				i, step.ID, step.At, s.Steps[i-1].At)
		}
	}
	return nil
}

func (step Step) validate(s Schedule) error {
	switch {
	case step.ID < 1:
		return fmt.Errorf("id %d: allowed is 1 or more", step.ID)
	case step.At < 0 || step.At > s.Length:
		return fmt.Errorf("at_ms %d: allowed are 0 to length_ms (%d)", step.At, s.Length)
	case step.For <= 0 || step.For > s.Length-step.At:
		return fmt.Errorf("for_ms %d: allowed are 1 to %d, so that the step heals within length_ms (%d)",
			step.For, s.Length-step.At, s.Length)
	}
	if err := cmp.Or(step.Upon.validate(), step.validateLater()); err != nil {
		return err
	}
	if err := step.Fault.validate(s.Nodes); err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	return nil
}

func (f Fault) validate(nodes int) error {
	if !slices.Contains(allKinds, f.Kind) {
		return fmt.Errorf("kind %q: allowed are %s", string(f.Kind), words(allKinds))
	}
	if err := f.Target.validate(nodes); err != nil {
		return err
	}
	if err := cmp.Or(f.validateElect(), f.validatePower(), f.validateDisk()); err != nil {
		return err
	}
	if f.Kind == SkewClock {
		if err := f.Clock.validate(); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
	} else if f.Clock != (Clock{}) {
		return fmt.Errorf("clock %v: allowed in a clock fault only, not in a %s", f.Clock, f.Kind)
	}
	if err := f.validateLinks(); err != nil {
		return err
	}
	if f.Kind.OnLinks() {
		return f.validateShape(nodes)
	}
	switch {
	case f.Shape != "":
		return fmt.Errorf("shape %q: allowed in faults of links only, not in a %s", string(f.Shape), f.Kind)
	case f.Clients:
		return fmt.Errorf("clients true: allowed in faults of links only, not in a %s", f.Kind)
	case f.Peer != "":
		return fmt.Errorf("peer %q: allowed in faults of links only, not in a %s", string(f.Peer), f.Kind)
	}
	return nil
}

// validateLinks checks what the fault does to its links.
func (f Fault) validateLinks() error {
	switch {
	case f.Kind == Delay && f.Delay == 0:
		return fmt.Errorf("delay_ms 0: allowed in a delay are 1 to %d", maxDelay)
	case f.Kind == Loss && f.Loss == 0:
		return fmt.Errorf("loss_percent 0: allowed in a loss is more, up to 100")
	case f.Delay != 0 && f.Kind != Delay && f.Kind != Reorder:
		return fmt.Errorf("delay_ms %d: allowed in a delay or a reorder only, not in a %s", f.Delay, f.Kind)
	case f.Jitter != 0 && f.Kind != Delay && f.Kind != Reorder:
		return fmt.Errorf("jitter_ms %d: allowed in a delay or a reorder only, not in a %s", f.Jitter, f.Kind)
	case f.Loss != 0 && f.Kind != Loss:
		return fmt.Errorf("loss_percent %v: allowed in a loss only, not in a %s", f.Loss, f.Kind)
	}
	return f.linkState().Validate()
}

func (f Fault) validateShape(nodes int) error {
	switch {
	case !slices.Contains(allShapes, f.Shape):
		return fmt.Errorf("shape %q: allowed are %s", string(f.Shape), words(allShapes))
	case (f.Shape == Ring || f.Shape == Bridge) && nodes < ringNodes:
		return fmt.Errorf("shape %q: allowed with %d nodes or more, the schedule has %d", string(f.Shape), ringNodes, nodes)
	case f.Shape == Ring && f.Clients:
		return fmt.Errorf("clients true: a ring has no side that clients could be on the other of, allowed is false")
	case f.Shape == OneWayOut && f.Clients && f.Kind != Partition:
		return fmt.Errorf("clients true: what goes to clients can only be cut, allowed with one-way-out in a %s is false", f.Kind)
	case f.Peer != "" && !slices.Contains(peerShapes, f.Shape):
		return fmt.Errorf("peer %q: allowed with the shapes %s only, not with %s", string(f.Peer), words(peerShapes), f.Shape)
	case f.Peer != "" && f.Clients:
		return fmt.Errorf("clients true: a peer's links are no client's, allowed with a peer is false")
	case nodes < 2:
		return fmt.Errorf("kind %q: allowed with 2 nodes or more, the schedule has %d", string(f.Kind), nodes)
	}
	if f.Peer != "" {
		if err := f.Peer.validate(nodes); err != nil {
			return fmt.Errorf("peer: %w", err)
		}
	}
	return nil
}

func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, word := range list {
		all[i] = string(word)
	}
	return strings.Join(all, ", ")
}
