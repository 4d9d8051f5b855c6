package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A fault that is asked for is not yet a fault that happened. What follows
// reads back what each kind should have changed, and says whether it did.

// reading is what was read when a fault began.
type reading struct {
	roles        Roles
	rolesKnown   bool
	bitten       int64 // what linkEvidence counts
	states       map[int]string
	incarnations map[int]string
	hosts        map[int]hostClock
	skewed       time.Time // when clocks began to go wrong
	diskTrouble  map[int]int64
}

// counted is how the clusters count what a fault of links did.
type counted struct {
	name string
	of   func(LinkStats) int64
}

var linkEvidence = map[Kind]counted{
	Partition: {"held_bytes", func(s LinkStats) int64 { return s.Held }},
	Delay:     {"delayed_bytes", func(s LinkStats) int64 { return s.Delayed }},
	Loss:      {"lost_packets", func(s LinkStats) int64 { return s.Lost }},
	Reset:     {"resets", func(s LinkStats) int64 { return s.Reset }},
	Reorder:   {"reordered_packets", func(s LinkStats) int64 { return s.Reordered }},
}

// sum is the count on all the links since the cluster's start.
func (c counted) sum(stats map[Link]LinkStats, links Links) int64 {
	var sum int64
	for link := range links {
		sum += c.of(stats[link])
	}
	return sum
}

// judgeLinks reads, while the links are still bad, what that did to what went
// over them. A partition has also bitten if the cluster reacted, but only where
// no other fault could be what it reacted to.
func (r *runner) judgeLinks(ctx context.Context, f *fault) {
	if f.evidence["error"] != "" {
		return
	}
	count := linkEvidence[f.Fault.Kind]
	bitten := count.sum(r.cluster.LinkStats(), f.links) - f.before.bitten
	f.evidence[count.name] = strconv.FormatInt(bitten, 10)
	reacted := r.judgeRoles(ctx, f)
	f.bit = bitten > 0 || reacted && f.alone && f.Fault.Kind == Partition
}

// judgeRoles reads who has which role, and tells whether the cluster reacted
// since the fault began.
func (r *runner) judgeRoles(ctx context.Context, f *fault) (reacted bool) {
	now, err := r.roles(ctx)
	if err != nil || !f.before.rolesKnown {
		return false
	}
	was := f.before.roles
	f.evidence["leader"] = change(strconv.Itoa(was.Leader), strconv.Itoa(now.Leader))
	f.evidence["leader_epoch"] = change(epoch(was), epoch(now))
	f.evidence["isr"] = change(numbers(was.ISR), numbers(now.ISR))
	return now.LeaderEpoch != was.LeaderEpoch || numbers(now.ISR) != numbers(was.ISR)
}

// judgeState reads that every node is in the wanted state, and that at least
// one came into it by this fault.
func (r *runner) judgeState(f *fault, before map[int]string, want string) error {
	now, err := r.states(f.nodes)
	if err != nil {
		return err
	}
	f.evidence["state"] = perNode(f.nodes, func(node int) string { return change(before[node], now[node]) })
	f.bit = false
	for _, node := range f.nodes {
		if now[node] != want {
			f.bit = false
			return nil
		}
		f.bit = f.bit || before[node] != want
	}
	return nil
}

// judgeWipe reads that partition data is gone; how much there was is the
// evidence that it mattered.
func (r *runner) judgeWipe(f *fault, before map[int]int64) error {
	now, err := r.dataBytes(f.nodes)
	if err != nil {
		return err
	}
	f.evidence["data_bytes"] = perNode(f.nodes, func(node int) string {
		return change(strconv.FormatInt(before[node], 10), strconv.FormatInt(now[node], 10))
	})
	f.bit = slices.ContainsFunc(f.nodes, func(node int) bool { return now[node] < before[node] })
	return nil
}

// judgeRestart reads that the nodes that were started again are other
// processes than before.
func (r *runner) judgeRestart(f *fault, restarted []int) error {
	now, err := r.incarnations(restarted)
	if err != nil || f.before.incarnations == nil {
		return err
	}
	f.evidence["restarted"] = perNode(f.nodes, func(node int) string {
		if _, ok := now[node]; !ok {
			return "left to another step"
		}
		if now[node] == f.before.incarnations[node] {
			f.bit = false
		}
		return change(f.before.incarnations[node], now[node])
	})
	return nil
}

func (r *runner) states(nodes []int) (map[int]string, error) {
	return readEach(nodes, r.cluster.Running)
}

func (r *runner) incarnations(nodes []int) (map[int]string, error) {
	return readEach(nodes, r.cluster.Incarnation)
}

func (r *runner) dataBytes(nodes []int) (map[int]int64, error) {
	return readEach(nodes, r.cluster.DataBytes)
}

func readEach[T any](nodes []int, read func(int) (T, error)) (map[int]T, error) {
	values := map[int]T{}
	for _, node := range nodes {
		value, err := read(node)
		if err != nil {
			return nil, err
		}
		values[node] = value
	}
	return values, nil
}

func perNode(nodes []int, text func(int) string) string {
	parts := make([]string, len(nodes))
	for i, node := range nodes {
		parts[i] = fmt.Sprintf("%d: %s", node, text(node))
	}
	return strings.Join(parts, ", ")
}

func change(before, after string) string {
	if before == after {
		return before
	}
	return before + " -> " + after
}

func epoch(r Roles) string { return strconv.Itoa(int(r.LeaderEpoch)) }
