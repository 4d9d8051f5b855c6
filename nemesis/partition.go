package nemesis

// ringNodes is the least size on which a ring or a bridge differs from the
// simpler shapes.
const ringNodes = 5

// cutLinks turns a partition of n nodes around the target into the links that
// it cuts. Clients, where the fault names them, are cut off the target's side,
// in the directions in which the shape cuts the target.
func cutLinks(f Fault, target, n int) Links {
	links := Links{}
	cut := func(from, to int) {
		if from != to {
			links[Link{From: Endpoint(from), To: Endpoint(to)}] = LinkState{Cut: true}
		}
	}
	both := func(a, b int) { cut(a, b); cut(b, a) }

	side := []int{target} // the nodes that clients lose
	switch f.Shape {
	case Isolate:
		for other := 1; other <= n; other++ {
			both(target, other)
		}
	case Halves:
		side = minority(target, n)
		for _, inside := range side {
			for _, outside := range without(nodesUpTo(n), side) {
				both(inside, outside)
			}
		}
	case OneWayIn:
		for other := 1; other <= n; other++ {
			cut(other, target)
		}
	case OneWayOut:
		for other := 1; other <= n; other++ {
			cut(target, other)
		}
	case Ring:
		for a := 1; a <= n; a++ {
			for b := a + 2; b <= n; b++ {
				if a != 1 || b != n { // 1 and n are neighbours
					both(a, b)
				}
			}
		}
	case Bridge:
		others := from(target, n)[1:]
		left, right := others[:len(others)/2], others[len(others)/2:]
		for _, a := range left {
			for _, b := range right {
				both(a, b)
			}
		}
	}
	if f.Clients {
		for _, node := range side {
			if f.Shape != OneWayOut {
				cut(int(Clients), node)
			}
			if f.Shape != OneWayIn {
				cut(node, int(Clients))
			}
		}
	}
	return links
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
