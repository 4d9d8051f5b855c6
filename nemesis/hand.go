package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ackproof/ackproof/harness/timeline"
)

// Hand applies and heals faults one by one, as somebody asks for them. Its
// methods may be called from several goroutines; they take turns. Who ends it
// heals all. It works live only.
type Hand struct {
	mu     sync.Mutex
	runner *runner
	last   Report
	next   int
}

// RefusedError is why a hand did nothing: what was asked for cannot be.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

func refuse(format string, args ...any) error { return &RefusedError{fmt.Errorf(format, args...)} }

// NewHand makes a hand that has done nothing yet.
func NewHand(c Cluster, v View) *Hand {
	h := &Hand{}
	h.runner = &runner{
		schedule: Schedule{Nodes: c.Size()}, cluster: c, view: v, time: timeline.Live, start: timeline.Live.Now(),
		report: func(r Report) { h.last = r },
	}
	return h
}

// Apply brings a fault into force, on whoever has its target's role now, and
// tells what it did. The fault stays in force until it is healed; one that was
// applied in part is healed at once, and is an error.
func (h *Hand) Apply(ctx context.Context, f Fault) (Report, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := f.validate(h.runner.schedule.Nodes); err != nil {
		return Report{}, refuse("apply: fault: %w", err)
	}
	if err := f.unsupported(h.runner.cluster); err != nil {
		return Report{}, refuse("apply: %w", err)
	}
	h.next++
	if !h.runner.beginStep(ctx, Step{ID: h.next, Fault: f}, false) {
		return Report{}, refuse("apply: target %q: nobody alive has that role now", string(f.Target))
	}
	begun := h.last
	if reason := begun.Evidence["error"]; reason != "" {
		err := fmt.Errorf("apply %s: %s", f, reason)
		return begun, errors.Join(err, h.runner.healStep(ctx, h.next))
	}
	return begun, nil
}

// Heal ends the fault that Apply reported as that step; 0 ends all of them, and
// whatever else is wrong with the cluster. It tells what it healed.
func (h *Hand) Heal(ctx context.Context, step int) ([]Report, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if step != 0 {
		if !slices.ContainsFunc(h.runner.inForce, func(f *fault) bool { return f.ID == step }) {
			return nil, refuse("heal: step %d: it is not in force, allowed are %s", step, h.inForce())
		}
		err := h.runner.healStep(ctx, step)
		return []Report{h.last}, err
	}
	var healed []Report
	h.runner.report = func(r Report) { healed = append(healed, r) }
	defer func() { h.runner.report = func(r Report) { h.last = r } }()
	err := h.runner.healAll(ctx)
	return healed, err
}

// inForce lists the steps that can be healed.
func (h *Hand) inForce() string {
	ids := []int{0}
	for _, f := range h.runner.inForce {
		ids = append(ids, f.ID)
	}
	return numbers(ids)
}

// List tells of the faults in force, in the order of their beginning.
func (h *Hand) List() []Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Report{}
	for _, f := range h.runner.inForce {
		list = append(list, Report{
			Step: f.ID, Begin: true, Kind: f.Fault.Kind, Nodes: slices.Clone(f.nodes),
			Describe: f.Fault.on(f.nodes), Evidence: maps.Clone(f.evidence),
		})
	}
	return list
}
