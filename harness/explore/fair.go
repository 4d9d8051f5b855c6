package explore

import (
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

// What is drawn for itself may not go together: the broker would be accused of what
// it cannot help.

const (
	// easyLag and easySession are a lag and a session that fair weather and a slow disk leave alone.
	easyLag     nemesis.Millis = 400
	easySession nemesis.Millis = 600
	// quickSync is how long a flush takes at most, in microseconds, where followers
	// have little time or take little at once: they must keep up with the producers.
	quickSync = 20_000
	// soon is enough for a message, a flush and the answer.
	soon nemesis.Millis = 60
	// quickRequest is a timeout of requests that leaves time for all that is to
	// follow, and fencing how long the controller takes once a session is over.
	quickRequest nemesis.Millis = 500
	fencing      nemesis.Millis = 1000
)

// fair makes the profile one in which a failure is the broker's.
func (p Profile) fair() Profile {
	if p.weather.Sync > quickSync {
		p.times = patient(p.times)
		p.fetch = 0
	}
	// An idle follower is heard of once in that time, and takes some to answer.
	p.times.Lag = max(p.times.Lag, p.times.FetchWait+soon)
	if p.liveness {
		// A leader that is cut off and shrinks the ISR to itself before it is fenced
		// is the last member then, and nobody else may lead (before KIP-966). One that
		// is still heard is fenced a session after it has missed the answers to its
		// heartbeat, and to the one that it sent instead.
		p.times.Request = min(p.times.Request, quickRequest)
		p.times.Lag = 2*p.times.Request + p.times.Session + fencing
		p.fetch = 0 // nor may it be alone because the others cannot keep up
	}
	if p.clients.Tenants > 0 {
		// A request names its topic by name: one that is late may find the next topic of
		// that name, and no broker can tell (before version 13 of Produce).
		p.weather.StalledSend, p.weather.BrokenSend = 0, 0
	}
	return p
}

// patient are times in which a broker that is a little late is not taken for gone.
func patient(t sim.Times) sim.Times {
	t.Lag = max(t.Lag, easyLag)
	if t.Session < easySession {
		t.Session, t.Heartbeat = easySession, easySession/4
	}
	return t
}
