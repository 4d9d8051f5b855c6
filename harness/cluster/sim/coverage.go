package sim

import "strings"

// Coverage counts the protocol events that brokers tell of, by their first word.
type Coverage struct {
	Events map[string]int
	Boots  int
}

func newCoverage() *Coverage { return &Coverage{Events: map[string]int{}} }

func (c *Coverage) booted(*node) { c.Boots++ }

func (c *Coverage) traced(text string) {
	word, _, _ := strings.Cut(text, " ")
	c.Events[word]++
}
