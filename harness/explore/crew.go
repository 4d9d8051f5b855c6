package explore

import (
	"errors"
	"iter"
)

// crew answers whether cases fail, several at a time: ahead of the answer to one
// question those that come next are asked already, on the bet that it will be no.
// Answers are heard in the order of the questions all the same, so that what is
// made of them does not depend on how many work.
type crew struct {
	orders   orders
	idle     []*worker
	all      []*worker
	findings chan finding
	failed   chan error
	asked    int
}

// hireCrew starts so many worker processes, or none: then this process works.
func hireCrew(command []string, jobs int, o orders) (*crew, error) {
	c := &crew{orders: o}
	if len(command) == 0 {
		return c, nil
	}
	c.findings, c.failed = make(chan finding, jobs), make(chan error, jobs)
	for range jobs {
		w, err := hire(command, o, c.findings, c.failed)
		if err != nil {
			c.end()
			return nil, err
		}
		c.all, c.idle = append(c.all, w), append(c.idle, w)
	}
	return c, nil
}

func (c *crew) end() {
	for _, w := range c.all {
		w.end()
	}
}

// ask asks one question after the other until there are none left or an answer is
// enough. Hear is called in their order.
func (c *crew) ask(questions iter.Seq[job], hear func(job, finding) (enough bool)) error {
	if len(c.all) == 0 {
		for j := range questions {
			f, err := c.orders.do(j)
			if err != nil || hear(j, f) {
				return err
			}
		}
		return nil
	}
	next, stop := iter.Pull(questions)
	defer stop()
	type question struct {
		job
		answer *finding
	}
	var waiting []question // in order; their numbers follow each other
	for more := true; ; {
		for more && len(c.idle) > 0 {
			var j job
			if j, more = next(); !more {
				break
			}
			c.asked++
			j.Number = c.asked
			last := len(c.idle) - 1
			if err := c.idle[last].give(j); err != nil {
				return errors.Join(err, c.whyGone())
			}
			c.idle = c.idle[:last]
			waiting = append(waiting, question{job: j})
		}
		if !more && len(waiting) == 0 {
			return nil
		}
		select {
		case f := <-c.findings:
			c.idle = append(c.idle, f.by)
			if len(waiting) > 0 && f.Number >= waiting[0].Number { // else it is of no interest any more
				waiting[f.Number-waiting[0].Number].answer = &f
			}
		case err := <-c.failed:
			return err
		}
		for len(waiting) > 0 && waiting[0].answer != nil {
			first := waiting[0]
			waiting = waiting[1:]
			if hear(first.job, *first.answer) {
				return nil
			}
		}
	}
}

// whyGone is what a worker that is gone has left behind, if anything yet.
func (c *crew) whyGone() error {
	select {
	case err := <-c.failed:
		return err
	default:
		return nil
	}
}
