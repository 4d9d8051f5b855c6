package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ackproof/ackproof/harness/timeline"
)

// Report is what Run tells of a step: once when it is in force and once when
// it is healed.
type Report struct {
	Step     int               `json:"step"`
	Begin    bool              `json:"begin,omitempty"`
	Kind     Kind              `json:"kind"`
	Nodes    []int             `json:"nodes"`
	Describe string            `json:"describe"`
	Evidence map[string]string `json:"evidence,omitempty"`
	// Bit says whether the evidence shows that the fault had an effect; nil on
	// begin.
	Bit *bool `json:"bit,omitempty"`
	// Healing is when healing began, before anything of the fault was undone;
	// zero on begin. Until then a fault that bit was in force, and the heal's
	// report comes only when nodes may have been back for a while.
	Healing time.Time `json:"healing,omitzero"`
}

const (
	// healLimit bounds each healing, which goes on also after ctx ended.
	healLimit = 30 * time.Second
	// rolesLimit bounds one question for the roles: a fault may have hit the
	// node that would answer.
	rolesLimit = 500 * time.Millisecond
	// resolveLimit bounds the wait for somebody to have a step's role, but
	// never takes more than half of the step.
	resolveLimit = 2 * time.Second
	resolveEvery = 50 * time.Millisecond
)

// Run plays the schedule in the time of t, from now on, and returns after the
// last step is healed. It resolves roles when a step begins; if nobody has the
// role for a while it hits the nodes that come closest and says so in the
// evidence. Whatever happens, also a panic or the end of ctx, it heals every
// step that began and then the whole cluster, within a bounded time of its own.
//
// A fault that could not be applied is reported with Bit false and is no error;
// what could not be healed is one, for the run says nothing about recovery then.
func Run(ctx context.Context, t timeline.Timeline, s Schedule, c Cluster, v View, report func(Report)) (err error) {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("run schedule: %w", err)
	}
	if c.Size() != s.Nodes {
		return fmt.Errorf("run schedule: nodes %d: the cluster has %d", s.Nodes, c.Size())
	}
	if err := Unsupported(s, c); err != nil {
		return fmt.Errorf("run schedule: %w", err)
	}
	r := &runner{schedule: s, cluster: c, view: v, report: report, time: t, start: t.Now()}
	defer func() { err = errors.Join(err, r.healAll(ctx)) }()
	return r.play(ctx)
}

type runner struct {
	schedule Schedule
	cluster  Cluster
	view     View
	time     timeline.Timeline
	report   func(Report)
	start    time.Time
	inForce  []*fault // in the order of their beginning
	refused  string   // why the step that begins may not have what it asked for, if so
}

// fault is a step that began.
type fault struct {
	Step
	nodes []int
	links Links
	// before is what the begin read, for the heal to compare.
	before   reading
	evidence map[string]string
	bit      bool
	// stopping are the nodes that a stop has asked to end, and that no other step has
	// killed before they did.
	stopping []int
	// alone says that no other fault was in force at any time while this one was.
	alone bool
}

// action is one entry of the agenda.
type action struct {
	at     time.Duration // since the start
	step   Step
	heal   bool
	giveUp time.Duration // when a begin stops waiting for its event and for the role
	poised bool          // it waits for its event
	told   int           // how many there had been before
}

// order sorts actions by time. At the same time heals come first, so that a
// fault never begins under the shadow of one that is over.
func (a action) order(b action) int {
	switch {
	case a.at != b.at:
		return int(min(max(a.at-b.at, -1), 1))
	case a.heal != b.heal && a.heal:
		return -1
	case a.heal != b.heal:
		return 1
	}
	return a.step.ID - b.step.ID
}

// play works through the agenda in one goroutine. A begin that waits for its
// role goes back on the agenda, so that it delays no other step.
func (r *runner) play(ctx context.Context) error {
	var agenda []action
	for _, step := range r.schedule.Steps {
		at := step.At.Duration()
		agenda = append(agenda,
			action{at: at, step: step, giveUp: at + min(resolveLimit, step.For.Duration()/2)},
			action{at: at + step.For.Duration(), step: step, heal: true})
	}
	slices.SortFunc(agenda, action.order)
	for len(agenda) > 0 {
		if err := r.waitUntil(ctx, agenda[0].at, awaited(agenda)); err != nil {
			return err
		}
		r.hurry(agenda)
		next := agenda[0]
		if next.at > r.elapsed() {
			continue // nothing begins before its time, whatever woke us
		}
		agenda = agenda[1:]
		if next.heal {
			if err := r.healStep(ctx, next.step.ID); err != nil {
				return err
			}
			continue
		}
		if next.step.Upon != "" && !next.poised {
			agenda = append(agenda, r.poise(next))
			slices.SortFunc(agenda, action.order)
			continue
		}
		final := r.elapsed() >= next.giveUp
		if !r.beginStep(ctx, next.step, final) {
			next.at = min(r.elapsed()+resolveEvery, next.giveUp)
			place, _ := slices.BinarySearchFunc(agenda, next, action.order)
			agenda = slices.Insert(agenda, place, next)
		}
	}
	return nil
}

// waitUntil waits until a time, or for less if one of the events comes.
func (r *runner) waitUntil(ctx context.Context, at time.Duration, unless []Event) error {
	sleep := r.time.Sleep
	if len(unless) > 0 {
		sleep = func(ctx context.Context, d time.Duration) bool {
			return r.cluster.(EventCluster).SleepUnless(ctx, d, unless)
		}
	}
	if !sleep(ctx, at-r.elapsed()) {
		return fmt.Errorf("run schedule: %w", context.Cause(ctx))
	}
	return nil
}

// elapsed is the time since the start.
func (r *runner) elapsed() time.Duration { return r.time.Now().Sub(r.start) }

// beginStep applies the step and reports it. It returns false if nobody has
// the role and it is not yet time to take somebody else.
func (r *runner) beginStep(ctx context.Context, step Step, final bool) bool {
	r.refused = ""
	f := &fault{Step: step, evidence: map[string]string{}}
	if step.Upon != "" {
		f.evidence["upon"] = fmt.Sprintf("no broker told of %s, began all the same", step.Upon)
	}
	roles, err := r.roles(ctx)
	f.before.roles, f.before.rolesKnown = roles, err == nil
	f.nodes = r.capable(step, step.Fault.Target.resolve(roles, r.schedule.Nodes, step.ID))
	if len(f.nodes) == 0 {
		if !final {
			return false
		}
		f.nodes = step.Fault.Target.fallback(roles, r.schedule.Nodes, step.ID, r.alive)
		f.evidence["target"] = fmt.Sprintf("nobody alive was known as %s, took %s", step.Fault.Target, closest(f.nodes))
	}
	if step.Fault.Kind == Elect && !r.lead(ctx, f) && !final {
		r.refused = f.evidence["refused"]
		return false
	}
	f.alone = len(r.inForce) == 0
	for _, other := range r.inForce {
		other.alone = false
	}
	r.inForce = append(r.inForce, f)
	if len(f.nodes) > 0 {
		if err := r.apply(ctx, f); err != nil {
			f.evidence["error"] = err.Error()
			f.bit = false
		}
	}
	r.report(Report{
		Step: step.ID, Begin: true, Kind: step.Fault.Kind, Nodes: slices.Clone(f.nodes),
		Describe: step.Fault.on(f.nodes), Evidence: maps.Clone(f.evidence),
	})
	return true
}

// closest says who was taken in place of a role that nobody had.
func closest(nodes []int) string {
	if len(nodes) == 0 {
		return "nobody"
	}
	return "the closest"
}

// capable keeps the nodes on which a fault can show: a role that metadata
// still gives to a dead node is nobody's, unless the fault is about its data.
func (r *runner) capable(step Step, nodes []int) []int {
	if step.Fault.Kind == Wipe || step.Fault.Kind == Power {
		return nodes
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(node int) bool { return !r.alive(node) })
}

func (r *runner) alive(node int) bool {
	state, err := r.cluster.Running(node)
	return err == nil && state != StateDead
}

func (r *runner) roles(ctx context.Context) (Roles, error) {
	ctx, cancel := r.time.WithTimeout(ctx, rolesLimit)
	defer cancel()
	return r.view.Roles(ctx)
}

// healing is a context that outlives the run's, but not for long.
func (r *runner) healing(ctx context.Context) (context.Context, context.CancelFunc) {
	return r.time.WithTimeout(context.WithoutCancel(ctx), healLimit)
}

// healStep heals a step that began and reports it.
func (r *runner) healStep(ctx context.Context, id int) error {
	ctx, cancel := r.healing(ctx)
	defer cancel()
	i := slices.IndexFunc(r.inForce, func(f *fault) bool { return f.ID == id })
	if i < 0 {
		panic(fmt.Sprintf("nemesis: step %d heals without having begun", id))
	}
	f := r.inForce[i]
	r.inForce = slices.Delete(r.inForce, i, i+1)
	healing := r.time.Now()
	err := r.lift(ctx, f)
	if err != nil {
		f.evidence["error"] = err.Error()
		f.bit = false
		err = fmt.Errorf("heal step %d: %w", id, err)
	}
	r.report(Report{
		Step: f.ID, Kind: f.Fault.Kind, Nodes: slices.Clone(f.nodes),
		Describe: "healed: " + f.Fault.on(f.nodes), Evidence: maps.Clone(f.evidence), Bit: &f.bit, Healing: healing,
	})
	return err
}

// healAll heals what is still in force, in the order in which it would have
// been healed, and then the cluster as a whole.
func (r *runner) healAll(ctx context.Context) error {
	slices.SortStableFunc(r.inForce, func(a, b *fault) int { return int((a.At + a.For) - (b.At + b.For)) })
	var errs []error
	for len(r.inForce) > 0 {
		errs = append(errs, r.healStep(ctx, r.inForce[0].ID))
	}
	ctx, cancel := r.healing(ctx)
	defer cancel()
	if err := r.cluster.Heal(ctx); err != nil {
		errs = append(errs, fmt.Errorf("heal all: %w", err))
	}
	return errors.Join(errs...)
}
