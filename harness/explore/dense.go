package explore

import (
	"time"
)

// A dense case has about half as many faults and operations again as DenseFaults and
// DenseOps: much more than any bug takes, so that it shows what shrinking can do.
const (
	DenseFaults = 100
	DenseOps    = 1000
)

// denser is the profile with more of what it has, and nothing that it has not.
func (p Profile) denser() Profile {
	work := p.length.Duration()
	p.every = min(p.every, work*2/(3*DenseFaults))
	p.clients.Rate = max(p.clients.Rate, int(3*DenseOps*time.Second/(2*work)))
	return p
}
