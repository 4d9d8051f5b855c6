package nemesis

import (
	"maps"
	"slices"
)

// Shapes are all shapes.
func Shapes() []Shape { return slices.Clone(allShapes) }

// ringNodes is the least size on which a ring or a bridge differs from the
// simpler shapes.
const ringNodes = 5

// badLinks turns a fault around the target, of n nodes, into the links that it
// makes bad. Clients, where the fault names them, have bad links with the
// target's side, in the directions in which the shape acts on the target. What
// goes to clients can only be cut: nobody is at their side who could do more.
func badLinks(f Fault, target, n int) Links {
	links := Links{}
	links.addShape(f.Shape, target, n)
	if f.Clients {
		side := []int{target}
		if f.Shape == Halves {
			side = minority(target, n)
		}
		for _, node := range side {
			if f.Shape != OneWayOut {
				links.add(int(Clients), node)
			}
			if f.Shape != OneWayIn && f.Kind == Partition {
				links.add(node, int(Clients))
			}
		}
	}
	for link := range links {
		links[link] = f.linkState()
	}
	return links
}

// linkState is what the fault does to each of its links.
func (f Fault) linkState() LinkState {
	return LinkState{
		Cut: f.Kind == Partition, Reset: f.Kind == Reset, Reorder: f.Kind == Reorder,
		Delay: f.Delay, Jitter: f.Jitter, Loss: f.Loss,
	}
}

// add adds one direction; a node has no link to itself.
func (l Links) add(from, to int) {
	if from != to {
		l[Link{From: Endpoint(from), To: Endpoint(to)}] = LinkState{}
	}
}

func (l Links) addBoth(a, b int) {
	l.add(a, b)
	l.add(b, a)
}

// addBetween adds what is between the nodes of one group and those of the other.
func (l Links) addBetween(group, other []int) {
	for _, a := range group {
		for _, b := range other {
			l.addBoth(a, b)
		}
	}
}

// keepWith leaves the links that one of the peers has an end of.
func (l Links) keepWith(peers []int) {
	maps.DeleteFunc(l, func(link Link, _ LinkState) bool {
		return !slices.Contains(peers, int(link.From)) && !slices.Contains(peers, int(link.To))
	})
}

// addShape adds the links between nodes.
func (l Links) addShape(shape Shape, target, n int) {
	switch shape {
	case Isolate:
		l.addBetween([]int{target}, nodesUpTo(n))
	case Pair:
		l.addBoth(target, target%n+1)
	case Halves:
		side := minority(target, n)
		l.addBetween(side, without(nodesUpTo(n), side))
	case OneWayIn:
		for other := 1; other <= n; other++ {
			l.add(other, target)
		}
	case OneWayOut:
		for other := 1; other <= n; other++ {
			l.add(target, other)
		}
	case Ring:
		for a := 1; a <= n; a++ {
			for b := a + 2; b <= n; b++ {
				if a != 1 || b != n { // 1 and n are neighbours
					l.addBoth(a, b)
				}
			}
		}
	case Bridge:
		others := from(target, n)[1:]
		l.addBetween(others[:len(others)/2], others[len(others)/2:])
	}
}

// minority is the largest set of nodes around the target that is no majority
// and leaves one: of 3 nodes it is the target, of 5 the target and the next.
func minority(target, n int) []int { return from(target, n)[:max(1, (n-1)/2)] }

// from lists all nodes in the order of their numbers, beginning at first.
func from(first, n int) []int {
	nodes := make([]int, 0, n)
	for i := range n {
		nodes = append(nodes, (first-1+i)%n+1)
	}
	return nodes
}

func nodesUpTo(n int) []int { return from(1, n) }
