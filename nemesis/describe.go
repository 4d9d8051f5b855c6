package nemesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String says what the step does and when, on one line.
func (s Step) String() string {
	upon := ""
	if s.Upon != "" {
		upon = fmt.Sprintf(", upon %s", s.Upon)
	}
	if s.Later > 0 {
		upon += fmt.Sprintf(" and %v", s.Later.Duration())
	}
	return fmt.Sprintf("%d: at %v%s for %v: %v", s.ID, s.At.Duration(), upon, s.For.Duration(), s.Fault)
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
	switch {
	case f.Kind == SkewClock:
		return fmt.Sprintf("%s %v of %s", f.Kind, f.Clock, target)
	case f.Kind == Disk:
		return fmt.Sprintf("%s %s of %s", f.Kind, f.Disk, target)
	case f.Kind == Partition && f.Clients:
		return f.where(target) + ", from clients too"
	case f.Kind == Partition:
		return f.where(target)
	case f.Kind.OnLinks():
		return f.describeLinks(target)
	}
	text := string(f.Kind) + " " + target
	if f.Torn {
		text += ", torn"
	}
	if f.PowerOff {
		text += ", and power off"
	}
	if f.MidStep {
		text += ", in mid-step"
	}
	return text
}

// describeLinks says what is wrong with which links.
func (f Fault) describeLinks(target string) string {
	text := string(f.Kind)
	if f.Loss > 0 {
		text += fmt.Sprintf(" %v%%", f.Loss)
	}
	if f.Delay > 0 {
		text += fmt.Sprintf(" %v", f.Delay.Duration())
	}
	if f.Jitter > 0 {
		text += fmt.Sprintf(" jitter %v", f.Jitter.Duration())
	}
	text += ", " + f.where(target)
	if f.Clients {
		text += ", clients too"
	}
	return text
}

// where names the links on which the fault acts.
func (f Fault) where(target string) string {
	switch f.Shape {
	case Halves:
		return "minority around " + target
	case Ring:
		return "ring"
	}
	if f.Peer != "" {
		target += " with " + string(f.Peer)
	}
	return string(f.Shape) + " " + target
}

// numbers lists nodes in ascending order.
func numbers(nodes []int) string {
	text := make([]string, len(nodes))
	for i, node := range slices.Sorted(slices.Values(nodes)) {
		text[i] = strconv.Itoa(node)
	}
	return strings.Join(text, ",")
}
