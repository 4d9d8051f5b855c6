package nemesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

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

// handLimit is how long Apply waits for somebody to have its target's role: a leader
// that has just died is followed by the next one a session later.
const handLimit = 10 * time.Second

// Apply brings a fault into force, on whoever has its target's role, and tells
// what it did. Where nobody alive has the role it waits a while for somebody to
// get it; other calls go on meanwhile. The fault stays in force until it is
// healed; one that was applied in part is healed at once, and is an error.
func (h *Hand) Apply(ctx context.Context, f Fault) (Report, error) {
	if err := f.validate(h.runner.schedule.Nodes); err != nil {
		return Report{}, refuse("apply: fault: %w", err)
	}
	if err := f.unsupported(h.runner.cluster); err != nil {
		return Report{}, refuse("apply: %w", err)
	}
	for giveUp := h.runner.elapsed() + handLimit; ; {
		begun, lacks, err := h.begin(ctx, f)
		switch {
		case lacks == "":
			return begun, err
		case lacks == nobody && f.Target.isNode():
			return Report{}, refuse("apply: target %q: it is dead, allowed is one that is alive", string(f.Target))
		case h.runner.elapsed() >= giveUp:
			return Report{}, refuse("apply: target %q: %s, for %v", string(f.Target), lacks, handLimit)
		case !h.runner.time.Sleep(ctx, resolveEvery):
			return Report{}, fmt.Errorf("apply %s: %w", f, context.Cause(ctx))
		}
	}
}

// nobody is what a fault lacks whose target is nobody's role.
const nobody = "nobody alive has that role"

// begin applies the fault, or says what it lacks.
func (h *Hand) begin(ctx context.Context, f Fault) (begun Report, lacks string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.runner.beginStep(ctx, Step{ID: h.next + 1, Fault: f}, false) {
		return Report{}, cmp.Or(h.runner.refused, nobody), nil
	}
	h.next++
	begun = h.last
	if reason := begun.Evidence["error"]; reason != "" {
		err = errors.Join(fmt.Errorf("apply %s: %s", f, reason), h.runner.healStep(ctx, h.next))
	}
	return begun, "", err
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
