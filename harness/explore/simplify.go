package explore

import (
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// dropSteps leaves out the faults that are not needed.
func (s *shrinker) dropSteps() {
	reduce(s.best.Schedule.Steps, 1, offered(s, func(c Case, rest []nemesis.Step) Case {
		c.Schedule.Steps = rest
		return c
	}))
}

// offered makes candidates of what would be left of something.
func offered[T any](s *shrinker, with func(Case, []T) Case) func(iter.Seq[[]T]) int {
	return func(rests iter.Seq[[]T]) int {
		before := s.best
		return s.first(func(yield func(Case) bool) {
			for rest := range rests {
				if !yield(with(before, rest)) {
					return
				}
			}
		})
	}
}

// dropOps leaves out the operations that are not needed: first those of whole
// workers, then in chunks, of which there are so many at least.
func (s *shrinker) dropOps(parts int) {
	if s.best.Plan == nil {
		s.fewerWorkers()
		return
	}
	var workers []string
	for _, op := range s.best.Plan {
		if !slices.Contains(workers, op.Worker) {
			workers = append(workers, op.Worker)
		}
	}
	reduce(workers, 1, offered(s, func(c Case, rest []string) Case {
		c.Plan = slices.DeleteFunc(slices.Clone(c.Plan), func(op workloads.Op) bool { return !slices.Contains(rest, op.Worker) })
		return c
	}))
	reduce(s.best.Plan, len(s.best.Plan)/parts, offered(s, func(c Case, rest []workloads.Op) Case {
		c.Plan = rest
		return c
	}))
}

// fewerPartitions leaves one partition, the one that roles are about: everything
// moves there, or the operations of all but one go; tenants have topics of their
// own. Where a fault hit the right node for another partition by chance, it may have
// to be aimed at the leader.
func (s *shrinker) fewerPartitions() {
	if s.best.Partitions > 1 {
		s.first(s.best.onePartition())
	}
}

// onePartition are the cases to try.
func (c Case) onePartition() iter.Seq[Case] {
	only := func(part int32) Case {
		c := c
		c.Partitions = 1
		if c.Plan != nil {
			c.Plan = slices.DeleteFunc(slices.Clone(c.Plan), func(op workloads.Op) bool {
				return part >= 0 && op.Partition != part && !strings.HasPrefix(op.Worker, "tenant ")
			})
		}
		for i := range c.Plan {
			c.Plan[i].Partition = 0
		}
		return c
	}
	return func(yield func(Case) bool) {
		for part := int32(-1); part < c.Partitions; part++ {
			if !yield(only(part)) || !yield(only(part).aimed(nemesis.Leader)) {
				return
			}
		}
	}
}

// aimed is the case with all of its faults aimed at one target.
func (c Case) aimed(at nemesis.Target) Case {
	c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
	for i := range c.Schedule.Steps {
		c.Schedule.Steps[i].Fault.Target = at
	}
	return c
}

// fewerNodes tries smaller clusters, the smallest first.
func (s *shrinker) fewerNodes() {
	var candidates []Case
	for n := max(1, s.best.Config.ReplicationFactor); n < s.best.Nodes(); n++ {
		c := s.best
		c.Schedule.Nodes = n
		c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
		for i := range c.Schedule.Steps {
			target := &c.Schedule.Steps[i].Fault.Target
			if number, ok := strings.CutPrefix(string(*target), "node:"); ok {
				if node, err := strconv.Atoi(number); err == nil && node > n {
					*target = nemesis.Node((node-1)%n + 1)
				}
			}
		}
		c.Plan = slices.Clone(c.Plan)
		for i := range c.Plan {
			if lead := &c.Plan[i].Lead; *lead > n {
				*lead = (*lead-1)%n + 1
			}
		}
		candidates = append(candidates, c)
	}
	s.first(slices.Values(candidates))
}

// calmWeather takes away what is not needed of the weather. That is worth many
// seeds: where nothing is drawn for a message, leaving one out changes no other.
func (s *shrinker) calmWeather() {
	calm := s.best
	calm.Weather = sim.Weather{}
	if s.firstWith(calmSeeds, slices.Values([]Case{calm})) == 0 {
		return
	}
	var changes []func(Case) Case
	for i := range reflect.TypeFor[sim.Weather]().NumField() {
		changes = append(changes, func(c Case) Case {
			reflect.ValueOf(&c.Weather).Elem().Field(i).SetZero()
			return c
		})
	}
	s.each(changes...)
}

// usualTimes puts timeouts, intervals and sizes back to what they usually are.
func (s *shrinker) usualTimes() {
	s.each(
		func(c Case) Case { c.Times = sim.DefaultTimes(); return c },
		func(c Case) Case { c.Times.Retention = 0; return c },
		func(c Case) Case { c.Times.Recovery = 0; return c },
		func(c Case) Case { c.Config.RetentionBytes = 0; return c },
		func(c Case) Case { c.SegmentBytes = 0; return c },
		func(c Case) Case { c.FetchBytes = 0; return c },
		func(c Case) Case { c.SnapshotEvery = 0; return c },
		func(c Case) Case { c.Clients.Retry = 0; return c },
		func(c Case) Case { c.Clients.Delivery = 0; return c },
	)
}

// onePlainFault tries whether a single fault that everybody knows does it too, at the
// time of one of those that are left. What fails by luck, such as a node that dies
// in the millisecond after a send, often has a cause that can be had without.
func (s *shrinker) onePlainFault() {
	if len(s.best.Schedule.Steps) > 10 {
		return // it is too early to tell which matter
	}
	for _, plain := range []nemesis.Fault{
		{Kind: nemesis.Partition, Shape: nemesis.Isolate, Target: nemesis.Leader},
		{Kind: nemesis.Kill, Target: nemesis.Leader},
	} {
		if slices.ContainsFunc(s.best.Schedule.Steps, func(step nemesis.Step) bool { return step.Fault == plain }) {
			continue
		}
		var candidates []Case
		for _, step := range slices.Backward(s.best.Schedule.Steps) {
			c := s.best
			c.Schedule.Steps = []nemesis.Step{{ID: 1, At: step.At, For: plainLength, Fault: plain}}
			c.Schedule.Length = max(c.Schedule.Length, step.At+plainLength)
			candidates = append(candidates, c)
		}
		if s.first(slices.Values(candidates)) >= 0 {
			return
		}
	}
}

// plainLength is how long a fault lasts of which everybody takes notice.
const plainLength = nemesis.Millis(4000)

// simplerFaults makes each fault that is left wait for nothing and do less, or at
// least what is known best, and counts them from 1.
func (s *shrinker) simplerFaults() {
	var changes []func(Case) Case
	for i := range s.best.Schedule.Steps {
		for _, simpler := range []func(*nemesis.Step){
			func(s *nemesis.Step) { s.Upon, s.Later = "", 0 },
			func(s *nemesis.Step) { s.Later = 0 },
			func(s *nemesis.Step) { s.Fault.Peer = "" },
			func(s *nemesis.Step) { s.Fault.Target = nemesis.Leader },
			func(s *nemesis.Step) { s.Fault.Clients = false },
			func(s *nemesis.Step) { s.Fault.MidStep = false },
			func(s *nemesis.Step) { s.Fault.Torn = false },
			func(s *nemesis.Step) { s.Fault.PowerOff = false },
			func(s *nemesis.Step) {
				if s.Fault.Kind == nemesis.Partition {
					s.Fault.Shape = nemesis.Isolate
				}
			},
			func(s *nemesis.Step) {
				if s.Fault.Kind == nemesis.Wipe || s.Fault.Kind == nemesis.Power {
					s.Fault.Kind, s.Fault.Torn = nemesis.Kill, false
				}
			},
		} {
			changes = append(changes, func(c Case) Case {
				c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
				simpler(&c.Schedule.Steps[i])
				return c
			})
		}
	}
	s.each(append(changes, Case.counted)...)
}

// counted is the case with its faults counted from 1.
func (c Case) counted() Case {
	c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
	for i := range c.Schedule.Steps {
		c.Schedule.Steps[i].ID = i + 1
	}
	return c
}

// nameNodes names the node that was hit where the role says less than that: one
// follower of several, or a role that nobody had.
func (s *shrinker) nameNodes() {
	out, err := Simulate(s.best, Look{BlackBox: s.how.BlackBox})
	if err != nil {
		s.err = err
		return
	}
	var changes []func(Case) Case
	for i, step := range s.best.Schedule.Steps {
		nodes, fallback := hit(out.History, step.ID)
		vague := fallback || slices.Contains([]nemesis.Target{nemesis.Follower, nemesis.Replica, nemesis.Laggard}, step.Fault.Target)
		if len(nodes) != 1 || !vague {
			continue
		}
		changes = append(changes, func(c Case) Case {
			c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
			c.Schedule.Steps[i].Fault.Target = nemesis.Node(nodes[0])
			return c
		})
	}
	s.each(changes...)
}

// hit tells whom a step hit, and whether only because nobody had the role.
func hit(h *history.History, step int) (nodes []int, fallback bool) {
	for _, e := range h.Events {
		if e.Fault != nil && e.Fault.Step == step {
			_, fallback = e.Fault.Evidence["target"]
			return e.Fault.Nodes, fallback
		}
	}
	return nil, false
}
