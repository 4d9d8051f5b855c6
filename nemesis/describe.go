package nemesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String says what the step does and when, on one line.
func (s Step) String() string {
	return fmt.Sprintf("%d: at %v for %v: %v", s.ID, s.At.Duration(), s.For.Duration(), s.Fault)
}

// String names the fault by role, such as "isolate leader" or "kill followers".
func (f Fault) String() string { return f.describe(string(f.Target)) }

// on describes the fault with the nodes that it hit.
func (f Fault) on(nodes []int) string {
	if len(nodes) == 0 {
		return f.String() + " (nobody)"
	}
	return f.describe(fmt.Sprintf("%s (%s)", f.Target, numbers(nodes)))
}

func (f Fault) describe(target string) string {
	switch f.Kind {
	case Partition:
	case SkewClock:
		return fmt.Sprintf("%s %v of %s", f.Kind, f.Clock, target)
	case Disk:
		return fmt.Sprintf("%s %s of %s", f.Kind, f.Disk, target)
	default:
		text := string(f.Kind) + " " + target
		if f.Torn {
			text += ", torn"
		}
		if f.MidStep {
			text += ", in mid-step"
		}
		return text
	}
	var text string
	switch f.Shape {
	case Halves:
		text = "minority around " + target
	case Ring:
		return "ring"
	default:
		text = string(f.Shape) + " " + target
	}
	if f.Clients {
		text += ", from clients too"
	}
	return text
}

// numbers lists nodes in ascending order.
func numbers(nodes []int) string {
	text := make([]string, len(nodes))
	for i, node := range slices.Sorted(slices.Values(nodes)) {
		text[i] = strconv.Itoa(node)
	}
	return strings.Join(text, ",")
}
