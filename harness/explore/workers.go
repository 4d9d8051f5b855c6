package explore

import (
	"fmt"
	"slices"
	"strings"
)

// fewerWorkers is for a case whose operations are drawn.
func (s *shrinker) fewerWorkers() {
	for _, field := range []func(*Clients) *int{
		func(c *Clients) *int { return &c.Probers }, func(c *Clients) *int { return &c.Consumers },
		func(c *Clients) *int { return &c.Producers }, func(c *Clients) *int { return &c.Lanes },
		func(c *Clients) *int { return &c.Rate }, func(c *Clients) *int { return &c.Tenants },
	} {
		for less := *field(&s.best.Clients) / 2; ; less /= 2 {
			c := s.best
			if *field(&c.Clients) = less; !s.try(c) {
				break
			}
		}
	}
}

// fewerClients gives the operations that are left to as few workers as can be,
// and forgets the workers that have none.
func (s *shrinker) fewerClients() {
	if s.best.Plan == nil {
		return
	}
	one := s.best.renamed(func(worker string) string {
		if strings.HasPrefix(worker, "producer ") {
			return "producer 0/0"
		}
		return worker
	})
	s.first(slices.Values([]Case{one.compact(), s.best.compact()}))
}

func (c Case) renamed(to func(worker string) string) Case {
	c.Plan = slices.Clone(c.Plan)
	for i := range c.Plan {
		c.Plan[i].Worker = to(c.Plan[i].Worker)
	}
	return c
}

// compact numbers the workers that have something to do from 0.
func (c Case) compact() Case {
	numbers := map[string]int{} // of a producer or another worker, among its kind
	counts := map[string]int{}
	number := func(kind, name string) int {
		if _, ok := numbers[kind+name]; !ok {
			numbers[kind+name] = counts[kind]
			counts[kind]++
		}
		return numbers[kind+name]
	}
	lanes := 1
	named := c.renamed(func(worker string) string {
		kind, name, _ := strings.Cut(worker, " ")
		producer, lane, isLane := strings.Cut(name, "/")
		if !isLane {
			return fmt.Sprintf("%s %d", kind, number(kind, name))
		}
		i := number(kind, producer)
		j := number(fmt.Sprintf("lane of %d", i), lane)
		lanes = max(lanes, j+1)
		return fmt.Sprintf("%s %d/%d", kind, i, j)
	})
	named.Clients.Producers, named.Clients.Lanes = max(1, counts["producer"]), lanes
	named.Clients.Consumers, named.Clients.Probers = counts["consumer"], counts["prober"]
	named.Clients.Tenants = counts["tenant"]
	return named
}
