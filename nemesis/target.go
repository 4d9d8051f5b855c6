package nemesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Node is the target that names one node by number.
func Node(n int) Target { return Target(nodePrefix + strconv.Itoa(n)) }

const nodePrefix = "node:"

// LiveTargets are those of any live cluster that are not node:N. Who misses most can
// be told by looking into the logs alone.
func LiveTargets() []Target {
	return slices.DeleteFunc(slices.Clone(roleTargets), func(t Target) bool { return t == Laggard })
}

// roleTargets are the targets that are not node:N.
var roleTargets = []Target{Leader, Controller, Follower, Replica, Followers, Laggard, LastISR, Majority, All}

// isNode tells whether the target names a node, which is no role that another could
// get.
func (t Target) isNode() bool { return strings.HasPrefix(string(t), nodePrefix) }

// validate checks that the target can exist on a cluster of n nodes.
func (t Target) validate(n int) error {
	if slices.Contains(roleTargets, t) {
		return nil
	}
	if number, ok := strings.CutPrefix(string(t), nodePrefix); ok {
		if node, err := strconv.Atoi(number); err == nil && node >= 1 && node <= n && Node(node) == t {
			return nil
		}
		return fmt.Errorf("target %q: allowed nodes are node:1 to node:%d", string(t), n)
	}
	return fmt.Errorf("target %q: allowed are %s, node:N", string(t), words(roleTargets))
}

// resolve names the nodes that have the role now, and nothing if nobody has
// it. Pick chooses among equals: it is a step's id, so that steps take turns.
func (t Target) resolve(r Roles, n, pick int) []int {
	switch t {
	case Leader:
		return known(r.Leader)
	case Controller:
		return known(r.Controller)
	case Follower:
		return one(without(r.ISR, known(r.Leader)), pick)
	case Replica:
		return one(without(r.Replicas, known(r.Leader)), pick)
	case Laggard:
		return one(r.Laggards, pick)
	case Followers:
		if r.Leader == 0 {
			return nil
		}
		return without(r.Replicas, known(r.Leader))
	case LastISR:
		if len(r.ISR) != 1 {
			return nil
		}
		return r.ISR
	case Majority:
		if r.Leader == 0 {
			return nil
		}
		return from(r.Leader, n)[:n/2+1]
	default:
		return t.always(n)
	}
}

// always names the nodes of targets that are no roles.
func (t Target) always(n int) []int {
	if t == All {
		return nodesUpTo(n)
	}
	node, err := strconv.Atoi(strings.TrimPrefix(string(t), nodePrefix))
	if err != nil {
		panic(fmt.Sprintf("target %q was not validated", string(t)))
	}
	return []int{node}
}

// fallback names the nodes that come closest to a role that nobody has, among
// those that are alive; nil if there are none. A node that was named is no role:
// nobody else is hit in its place.
func (t Target) fallback(r Roles, n, pick int, alive func(int) bool) []int {
	if t.isNode() {
		return nil
	}
	candidates := [][]int{known(r.Leader), r.ISR, r.Replicas, known(r.Controller), nodesUpTo(n)}
	nobody := func(node int) bool { return !alive(node) }
	for _, nodes := range candidates {
		nodes = slices.DeleteFunc(slices.Clone(nodes), nobody)
		switch t {
		case Follower, Replica, Laggard:
			nodes = one(without(nodes, known(r.Leader)), pick)
		case Followers:
			nodes = without(nodes, known(r.Leader))
		case Majority:
			if len(nodes) > 0 {
				return from(nodes[0], n)[:n/2+1]
			}
		default:
			nodes = one(nodes, 0)
		}
		if len(nodes) > 0 {
			return nodes
		}
	}
	return nil
}

func known(node int) []int {
	if node == 0 {
		return nil
	}
	return []int{node}
}

func one(nodes []int, pick int) []int {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[pick%len(nodes):][:1]
}

func without(nodes, unwanted []int) []int {
	return slices.DeleteFunc(slices.Clone(nodes), func(node int) bool { return slices.Contains(unwanted, node) })
}
