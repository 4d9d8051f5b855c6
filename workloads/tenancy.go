package workloads

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Tenancy is what tenants do: each makes a topic of its own, writes and reads,
// deletes it, and makes another of the same name, while faults hit the cluster. Of
// a topic that is deleted nothing may come back in the next one (KIP-516).
type Tenancy struct {
	// Tenants is the number of workers.
	Tenants int
	// Brokers is the size of the cluster, whose nodes count from 1, and Replicas how
	// many of them have the one partition of a topic.
	Brokers, Replicas int
	// Configs are topic properties, by Kafka's names.
	Configs map[string]string
}

// NewTopic is a topic of one partition, as a tenant asks for it.
type NewTopic struct {
	Name string
	// Life is what it is called in the history.
	Life string
	// Replicas by hand, the preferred leader first; nil leaves them to the cluster.
	Replicas []int32
	// Factor is the number of replicas.
	Factor  int16
	Configs map[string]string
}

// Tenant is the client of one worker. It has one topic at a time, and knows it by
// the id that its creation told: what bears the name and another id is an older
// topic, which some broker has not heard of the end of.
type Tenant interface {
	// Create makes the topic. One that is left of that name is deleted first.
	Create(ctx context.Context, topic NewTopic) *OpError
	// Send appends a value as the run's producers do, and Mark with acks=all. Several
	// may be under way at once.
	Send(ctx context.Context, value int64) (int64, *OpError)
	Mark(ctx context.Context, value int64) (int64, *OpError)
	// Leader names the node that leads by its own word.
	Leader(ctx context.Context) (int, *OpError)
	// Read returns the records that a node shows from offset on, and its high
	// watermark.
	Read(ctx context.Context, node int, offset int64) (records []history.Record, high int64, err *OpError)
	// Settled tells whether nothing that was sent may arrive later. If something may, it
	// would be taken for the next topic's, as a Produce request has but the name.
	Settled() bool
	// Delete deletes the topic, and nothing else of its name.
	Delete(ctx context.Context) *OpError
	Close()
}

// TenantDialer is a Dialer that has tenants, too.
type TenantDialer interface {
	Dialer
	Tenant(worker int) (Tenant, error)
}

func (t Tenancy) validate(atLeast func(field string, value, least int) error) error {
	if t.Tenants == 0 {
		return nil
	}
	return cmp.Or(
		atLeast("tenants", t.Tenants, 0),
		atLeast("tenants' replicas", t.Replicas, 1),
		atLeast("brokers of the tenants", t.Brokers, t.Replicas),
	)
}

// connectTenants connects those that have something to do; the second result
// closes them, also after an error.
func (l *Log) connectTenants() (all []worker, open []func(), err error) {
	for i := range l.opts.Tenancy.Tenants {
		name := tenantName(i)
		if l.opts.idle(name) {
			continue
		}
		dialer, can := l.dial.(TenantDialer)
		if !can {
			return nil, open, fmt.Errorf("workload: %s: these clients have no tenants", name)
		}
		client, err := dialer.Tenant(i)
		if err != nil {
			return nil, open, fmt.Errorf("workload: %s: %w", name, err)
		}
		open = append(open, client.Close)
		t := l.occupy(client, i)
		all = append(all, worker{
			ops: l.ops(name, l.opts.drawTenancy(name)), every: l.opts.ReadEvery, perform: t.perform, leave: t.close,
		})
	}
	return all, open, nil
}

const (
	// tenantTimeout is how long a tenant waits for a change or a send, if not less.
	tenantTimeout = 2 * time.Second
	// burst is how many values a tenant sends at once.
	burst = 3
	// drainAgain is the pause before a tenant looks again for what it was promised.
	drainAgain = 25 * time.Millisecond
)

// tenancy is one tenant at work. Each life of its topic is a log of its own in the
// history, named by topic and life.
type tenancy struct {
	log    *Log
	tenant Tenant
	home   string // the first name of its topic
	name   string // the present one
	lives  int
	life   string // "" while there is no topic
	admin  *process
	lanes  [burst]*process
}

func (l *Log) occupy(tenant Tenant, worker int) *tenancy {
	t := &tenancy{log: l, tenant: tenant, home: fmt.Sprintf("%s-tenant-%d", l.opts.Topic, worker), admin: newProcess(l.rec)}
	t.name = t.home
	for i := range t.lanes {
		t.lanes[i] = newProcess(l.rec)
	}
	return t
}

// perform does one operation. What needs a topic and has none is left out.
func (t *tenancy) perform(ctx context.Context, op Op) {
	switch {
	case op.F == Create && t.life == "":
		t.create(ctx, op.Lead)
	case t.life == "":
	case op.F == Send:
		t.send(ctx)
	case op.F == Read:
		t.read(ctx)
	case op.F == Delete:
		t.leave(ctx)
	}
}

func (t *tenancy) patience() time.Duration { return min(tenantTimeout, t.log.opts.SendTimeout) }

func (t *tenancy) create(ctx context.Context, lead int) {
	ctx, cancel := t.log.time.WithTimeout(ctx, t.patience())
	defer cancel()
	home := t.log.opts.Tenancy
	t.lives++
	life := fmt.Sprintf("%s#%d", t.name, t.lives)
	topic := NewTopic{Name: t.name, Life: life, Factor: int16(home.Replicas), Configs: home.Configs}
	for i := range home.Replicas {
		if lead > 0 {
			topic.Replicas = append(topic.Replicas, int32((lead-1+i)%home.Brokers+1))
		}
	}
	complete := t.admin.invoke(history.Event{F: history.CreateTopic, Topic: life})
	err := t.tenant.Create(ctx, topic)
	complete(history.Event{}, err)
	if err == nil {
		t.life = life
	}
}

// send sends several values side by side, as batches that wait for each other.
func (t *tenancy) send(ctx context.Context) {
	ctx, cancel := t.log.time.WithTimeout(ctx, t.patience())
	defer cancel()
	var work []func()
	for _, lane := range t.lanes {
		value := t.log.NextValue()
		complete := lane.invoke(history.Event{F: history.Send, Topic: t.life, Value: value})
		work = append(work, func() {
			offset, err := t.tenant.Send(ctx, value)
			complete(offsetUnless(err, offset), err)
		})
	}
	t.log.time.Together(work...)
}

func offsetUnless(err *OpError, offset int64) history.Event {
	if err != nil {
		return history.Event{}
	}
	return history.Event{Offset: &offset}
}

// read reads the topic from its start, of whoever leads it.
func (t *tenancy) read(ctx context.Context) {
	ctx, cancel := t.log.time.WithTimeout(ctx, t.log.opts.ReadTimeout)
	defer cancel()
	start := int64(0)
	place := history.Event{Topic: t.life, Offset: &start}
	seek, poll := place, place
	seek.F, poll.F = history.Assign, history.Poll
	t.admin.invoke(seek)(history.Event{Offset: &start}, nil)
	complete := t.admin.invoke(poll)
	node, err := t.tenant.Leader(ctx)
	var records []history.Record
	if err == nil {
		records, _, err = t.tenant.Read(ctx, node, start)
	}
	complete(history.Event{Offset: &start, Records: records}, err)
}

// leave reads what was promised, as far as that can be had in time, and then deletes
// the topic, also once ctx is cancelled. The name is given up, too, where something may come late for it.
func (t *tenancy) leave(ctx context.Context) {
	ctx, cancel := t.log.time.WithTimeout(ctx, t.patience())
	defer cancel()
	value := t.log.NextValue()
	complete := t.admin.invoke(history.Event{F: history.Marker, Topic: t.life, Value: value})
	offset, err := t.tenant.Mark(ctx, value)
	complete(offsetUnless(err, offset), err)
	if err == nil {
		t.drain(ctx, value)
	}
	ctx, cancel = t.log.time.WithTimeout(context.WithoutCancel(ctx), t.patience())
	defer cancel()
	complete = t.admin.invoke(history.Event{F: history.DeleteTopic, Topic: t.life})
	complete(history.Event{}, t.tenant.Delete(ctx))
	if t.life = ""; !t.tenant.Settled() {
		t.name = fmt.Sprintf("%s.%d", t.home, t.lives)
	}
}

// drain reads the topic of its leader until the marker was read: all that was
// acked before lies before it.
func (t *tenancy) drain(ctx context.Context, marker int64) {
	node, err := t.tenant.Leader(ctx)
	if err != nil {
		return
	}
	position := int64(0)
	for marked, last := false, false; !last; {
		start := position
		place := history.Event{F: history.Drain, Topic: t.life, Node: &node, Offset: &start}
		complete := t.admin.invoke(place)
		records, high, err := t.readOn(ctx, node, start, marked)
		for _, r := range records {
			position = r.Offset + 1
			marked = marked || r.Value == marker
		}
		got := history.Event{Node: &node, Offset: &start, Records: records}
		if last = err != nil || marked && position >= high; last && err == nil {
			got.End = &position
		}
		complete(got, err)
	}
}

// readOn reads a page, and waits for one while the end is not known to be reached.
func (t *tenancy) readOn(ctx context.Context, node int, start int64, marked bool) ([]history.Record, int64, *OpError) {
	for {
		records, high, err := t.tenant.Read(ctx, node, start)
		if err != nil || len(records) > 0 || marked && start >= high {
			return records, high, err
		}
		if !t.log.time.Sleep(ctx, drainAgain) {
			return nil, 0, &OpError{Class: history.Info, Name: "TIMEOUT", Detail: "the marker was not read"}
		}
	}
}

// close leaves what is left.
func (t *tenancy) close(ctx context.Context) {
	if t.life != "" {
		t.leave(ctx)
	}
}
