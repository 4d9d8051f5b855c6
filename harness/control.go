package harness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/nemesis"
)

// Given tells which fields of a configuration somebody has chosen: those are
// never changed.
type Given struct{ Acks, MinISR, Unclean, Nodes, Length, Seed bool }

// Fitted is the configuration with what its schedule was made for in place of
// what nobody chose: a directed schedule or one from a file has its number of
// nodes, a directed one the configuration that it must hurt, and one from a file
// its name and its seed. With a mutant the promise stays, for it is what the
// mutant is to break. A length beside such a schedule is refused.
func (c Config) Fitted(given Given) (Config, error) {
	if c.ScheduleFile == "" && c.directed() == "" {
		return c, nil
	}
	s, err := c.pickSchedule()
	if err != nil {
		return c, err
	}
	if given.Length {
		return c, fmt.Errorf("for is %v, allowed with schedule %s is none: it has its own, %v; faults that are drawn, such as nemesis mixed, can have any",
			c.Length.Duration(), s.Name, s.Length.Duration())
	}
	if !given.Nodes {
		c.Nodes = s.Nodes
	}
	if c.ScheduleFile != "" {
		c.Nemesis = []string{s.Name}
		if !given.Seed {
			c.Seed = s.Seed
		}
		return c, nil
	}
	hurts, ok := controlOf(c.directed())
	if c.Mutant != "" || !ok {
		return c, nil
	}
	if !given.Acks {
		c.Acks = hurts.Acks
	}
	if !given.MinISR {
		c.MinISR = hurts.MinISR
	}
	if !given.Unclean {
		c.Unclean = hurts.Unclean
	}
	return c, nil
}

// controlOf is the configuration that a directed schedule must hurt.
func controlOf(directed string) (Config, bool) {
	for _, row := range suiteConfigs {
		if slices.Contains(row.controls, directed) {
			return row.config, true
		}
	}
	return Config{}, false
}

// DirectedSchedules lists the directed schedules, those that must hurt a
// configuration with it.
func DirectedSchedules() string {
	var list []string
	for _, name := range nemesis.DirectedNames() {
		if hurts, ok := controlOf(name); ok {
			hurts.Flush = Defaults().Flush
			name += " (" + hurts.Short() + ")"
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}
