package nemesis

// ringNodes is the least size on which a ring or a bridge differs from the
// simpler shapes.
const ringNodes = 5

// cutLinks turns a partition of n nodes around the target into the links that
// it cuts. Clients, where the fault names them, are cut off the target's side,
// in the directions in which the shape cuts the target.
func cutLinks(f Fault, target, n int) Links {
	links := Links{}
	links.cutShape(f.Shape, target, n)
	if !f.Clients {
		return links
	}
	side := []int{target}
	if f.Shape == Halves {
		side = minority(target, n)
	}
	for _, node := range side {
		if f.Shape != OneWayOut {
			links.cut(int(Clients), node)
		}
		if f.Shape != OneWayIn {
			links.cut(node, int(Clients))
		}
	}
	return links
}

// cut cuts one direction; a node has no link to itself.
func (l Links) cut(from, to int) {
	if from != to {
		l[Link{From: Endpoint(from), To: Endpoint(to)}] = LinkState{Cut: true}
	}
}

func (l Links) cutBoth(a, b int) {
	l.cut(a, b)
	l.cut(b, a)
}

// cutBetween cuts every node of one group off every node of the other.
func (l Links) cutBetween(group, other []int) {
	for _, a := range group {
		for _, b := range other {
			l.cutBoth(a, b)
		}
	}
}

// cutShape cuts the links between nodes.
func (l Links) cutShape(shape Shape, target, n int) {
	switch shape {
	case Isolate:
		l.cutBetween([]int{target}, nodesUpTo(n))
	case Halves:
		side := minority(target, n)
		l.cutBetween(side, without(nodesUpTo(n), side))
	case OneWayIn:
		for other := 1; other <= n; other++ {
			l.cut(other, target)
		}
	case OneWayOut:
		for other := 1; other <= n; other++ {
			l.cut(target, other)
		}
	case Ring:
		for a := 1; a <= n; a++ {
			for b := a + 2; b <= n; b++ {
				if a != 1 || b != n { // 1 and n are neighbours
					l.cutBoth(a, b)
				}
			}
		}
	case Bridge:
		others := from(target, n)[1:]
		l.cutBetween(others[:len(others)/2], others[len(others)/2:])
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

// merge is the union of links that several faults cut.
func merge(into, more Links) {
	for link, state := range more {
		into[link] = state
	}
}
