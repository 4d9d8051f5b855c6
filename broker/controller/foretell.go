package controller

import "fmt"

// foretell judges a command on a copy of the image, before the quorum has it.
// Only a planted bug does.
func (c *Controller) foretell(cmd Command) Result {
	data, err := encodeImage(c.image)
	if err != nil {
		panic(fmt.Sprintf("controller: image cannot be encoded: %v", err))
	}
	image, err := decodeImage(data)
	if err != nil {
		panic(fmt.Sprintf("controller: image cannot be decoded: %v", err))
	}
	result, _ := image.Apply(c.lastIndex()+1, cmd, c.cfg.Mutants)
	return result
}

// answerTooEarly answers the one that was added last, and not again.
func (p *proposals) answerTooEarly(result Result) {
	last := &p.waiting[len(p.waiting)-1]
	done := last.done
	last.done = func(Result) {}
	done(result)
}
