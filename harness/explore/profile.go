package explore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// Bounds are what an exploration keeps to; a zero field is drawn.
type Bounds struct {
	Acks    string `json:"acks,omitempty"`
	MinISR  int    `json:"min_isr,omitempty"`
	Unclean bool   `json:"unclean_election,omitempty"`
	Flush   string `json:"flush,omitempty"`
	Nodes   int    `json:"nodes,omitempty"`
	Mutant  string `json:"mutant,omitempty"`
	// Length is how long clients work.
	Length nemesis.Millis `json:"length_ms,omitempty"`
	// Liveness asks for progress of a healed core beside nodes that stay faulty;
	// see Case.Liveness.
	Liveness bool `json:"liveness,omitempty"`
	// Unpromised accuses of what the configuration never promised, too, and deals
	// faults under which it promises nothing.
	Unpromised bool `json:"unpromised,omitempty"`
	// Dense draws many faults and operations; see denser.
	Dense bool `json:"dense,omitempty"`
	// Schedule, if set, is whose faults happen in every case, as they are written
	// there: that of a live run whose failure is looked for.
	Schedule *nemesis.Schedule `json:"schedule,omitempty"`
}

// DefaultLength is how long clients work in a drawn case.
const DefaultLength nemesis.Millis = 10_000

// Profile is what kind of a case is drawn. A swarm of profiles, each with a part
// of the faults only, finds more than one that has everything: a fault that is
// always there hides what happens without it (Groce et al., Swarm Testing, 2012).
type Profile struct {
	seed     uint64
	config   history.Config
	nodes    int
	parts    int32
	mutant   string
	clients  Clients
	times    sim.Times
	weather  sim.Weather
	length   nemesis.Millis
	segment  int
	fetch    int
	snapshot int
	cards    []card
	// upon are the events that some of the steps wait for; see nemesis.Step.
	upon []nemesis.Event
	// moments are dealt between the cards.
	moments moments
	// wiped is the only node whose data is ever lost: where all lose theirs in turn, soon
	// one is the last of an ISR, and nothing is promised any more.
	wiped nemesis.Target
	// badMachine says that the profile is about one machine; see oneBadMachine.
	badMachine bool
	// unpromised allows power losses where nothing was flushed.
	unpromised bool
	// every and lasts are the means of the time between two faults and of how long
	// one is in force.
	every, lasts time.Duration
	liveness     bool
	fixed        *nemesis.Schedule
}

// atOnce is how many faults may be in force at a time, in the mean: under more of
// them a cluster does nothing at all, and so nothing wrong.
const atOnce = 4

// drawProfile draws what the bounds leave open.
func drawProfile(seed uint64, b Bounds) Profile {
	r := newDice(seed, "profile")
	p := Profile{seed: seed, mutant: b.Mutant, length: cmp.Or(b.Length, DefaultLength), liveness: b.Liveness, unpromised: b.Unpromised, fixed: b.Schedule}
	p.nodes = cmp.Or(b.Nodes, pick(r, 3, 3, 3, 5))
	p.parts = pick[int32](r, 1, 1, 1, 2, 3)
	p.config = history.Config{
		Acks: cmp.Or(b.Acks, "all"), MinISR: cmp.Or(b.MinISR, pick(r, 2, 2, 2, 1)),
		ReplicationFactor: min(3, p.nodes), UncleanElection: b.Unclean,
		Flush: cmp.Or(b.Flush, pick(r, "never", "never", "before-ack", "before-ack", "interval")),
	}
	p.config.Idempotent = p.config.Acks == "all"
	p.clients = drawClients(r)
	if p.fixed != nil {
		p.nodes, p.length = p.fixed.Nodes, p.fixed.Length
	}
	p.times = drawTimes(r)
	p.weather = drawLateness(newDice(seed, "lateness"), drawWeather(r))
	p.wiped = nemesis.Node(1 + r.IntN(p.nodes))
	p.cards = drawCards(r, p)
	p.drawCalm(newDice(seed, "calm"))
	p.upon = drawUpon(r)
	p.every = r.about(pick(r, 60, 150, 400, 1000))
	p.lasts = r.about(pick(r, 60, 300, 1000, 2000))
	p.every = max(p.every, p.lasts/atOnce)
	p.segment = pick(r, 0, 0, 1024, 4096)
	p.fetch = pick(r, 0, 0, 300, 1000)
	p.snapshot = pick(r, 0, 0, 5, 12, 40)
	p.drawDisks(newDice(seed, "disks"), b)
	if p.liveness = p.liveness || r.IntN(8) == 0; p.liveness {
		p.weather = sim.Weather{Hop: p.weather.Hop, Sync: min(p.weather.Sync, 20_000)} // a majority that cannot talk owes nothing
		p.config.ReplicationFactor = min(3, p.nodes)                                   // of fewer, one may not be missing
	}
	p.clients.Tenants = drawTenants(newDice(seed, "tenants"), p.liveness)
	p = p.fair()
	p.drawMoments(newDice(seed, "moments"), b)
	p.drawEmptied(newDice(seed, "emptied"))
	if b.Dense {
		p = p.denser()
	}
	return p
}

// drawClients lets some producers be few and slow, so that replicas come to hold
// as many records as others although not the same ones, and lets some give up soon.
func drawClients(r dice) Clients {
	return Clients{
		Producers: 1 + r.IntN(3), Lanes: 1 + r.IntN(5), Consumers: r.IntN(2), Probers: r.IntN(3),
		Rate: pick(r, 5, 15, 30, 60, 120), ReadEvery: nemesis.Millis(80 + r.IntN(200)),
		Retry: pick[nemesis.Millis](r, 0, 0, 20, 500), Delivery: pick[nemesis.Millis](r, 0, 0, 500, 1500),
	}
}

func drawTimes(r dice) sim.Times {
	session := nemesis.Millis(600 + r.IntN(1200))
	if r.IntN(3) == 0 {
		session = nemesis.Millis(250 + r.IntN(350)) // so short that a request may outlive it
	}
	lag := nemesis.Millis(400 + r.IntN(1600))
	if r.IntN(3) == 0 {
		lag = nemesis.Millis(120 + r.IntN(200)) // so little that followers come and go
	}
	return sim.Times{
		Session: session, Heartbeat: session / 4, Lag: lag,
		FetchWait: pick[nemesis.Millis](r, 60, 150, 300), FetchBackoff: pick[nemesis.Millis](r, 30, 100, 200),
		Request: pick[nemesis.Millis](r, 500, 1000, 1500), RaftTick: pick[nemesis.Millis](r, 60, 100, 150),
		Checkpoint: pick[nemesis.Millis](r, 200, 1000, 3000),
	}
}

// drawWeather lets each thing be bad in some of the profiles.
func drawWeather(r dice) sim.Weather {
	w := sim.Weather{Hop: pick[int64](r, 200, 500, 2000)}
	sometimes := func(value int) int {
		if r.IntN(3) > 0 {
			return 0
		}
		return value
	}
	w.Jitter = int64(sometimes(100 + r.IntN(20_000)))
	w.Slow = sometimes(5 + r.IntN(100))
	w.SlowISR = sometimes(100 + r.IntN(600))
	w.SlowFor = nemesis.Millis(100 + r.IntN(1500))
	w.Lost = sometimes(1 + r.IntN(30))
	w.Twice = sometimes(1 + r.IntN(50))
	w.Broken = sometimes(1 + r.IntN(20))
	w.BrokenISR = sometimes(100 + r.IntN(400))
	w.SlowFetch = sometimes(pick(r, 100, 300, 600))
	w.SlowRaft = sometimes(pick(r, 50, 200, 500))
	w.StalledSend = sometimes(pick(r, 30, 200))
	w.BrokenSend = sometimes(pick(r, 20, 100))
	w.Sync = pick[int64](r, 200, 1000, 20_000)
	w.Drift = sometimes(1 + r.IntN(100))
	return w
}

// Draw deals a case of this kind.
func (p Profile) Draw(seed uint64) Case {
	c := Case{
		Format: Format, Version: Version, Name: fmt.Sprintf("seed %d", seed), Seed: seed,
		Config: p.config, Partitions: p.parts, Mutant: p.mutant, Clients: p.clients, Times: p.times, Weather: p.weather,
		SegmentBytes: p.segment, FetchBytes: p.fetch, SnapshotEvery: p.snapshot, Liveness: p.liveness,
	}
	if p.seed != seed {
		c.Name += fmt.Sprintf(" of profile %d", p.seed)
	}
	if p.fixed != nil {
		c.Schedule = *p.fixed
		return c
	}
	c.Schedule = p.drawSchedule(seed)
	return c
}
