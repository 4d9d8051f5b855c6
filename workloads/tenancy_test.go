package workloads

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/timeline"
)

// housing is a fakeDialer with tenants, whose topics are correct unless a bug is
// planted.
type housing struct {
	fakeDialer
	made []NewTopic
	// keeps says that a new topic starts with the data of the one before.
	keeps bool
	// forgets says that the topic's first record is gone in the end.
	forgets bool
	// late says that something which was sent may still arrive.
	late bool
	// full, if set, is the answer to whoever makes a topic.
	full *OpError
}

func (h *housing) Tenant(int) (Tenant, error) { return &fakeTenant{h: h, log: newFakeLog()}, nil }

type fakeTenant struct {
	h   *housing
	log *fakeLog
}

func (f *fakeTenant) Create(_ context.Context, topic NewTopic) *OpError {
	f.h.made = append(f.h.made, topic)
	return f.h.full
}
func (f *fakeTenant) Send(_ context.Context, v int64) (int64, *OpError) { return f.log.append(0, v) }
func (f *fakeTenant) Mark(_ context.Context, v int64) (int64, *OpError) { return f.log.append(0, v) }
func (f *fakeTenant) Leader(context.Context) (int, *OpError)            { return 1, nil }
func (f *fakeTenant) Settled() bool                                     { return !f.h.late }
func (f *fakeTenant) Close()                                            {}

func (f *fakeTenant) Read(_ context.Context, _ int, offset int64) ([]history.Record, int64, *OpError) {
	records := f.log.read(0, offset)
	if f.h.forgets && offset == 0 && len(records) > 0 {
		records = records[1:]
	}
	return records, f.log.end(0), nil
}

func (f *fakeTenant) Delete(context.Context) *OpError {
	if !f.h.keeps {
		f.log = newFakeLog()
	}
	return nil
}

// inhabit runs a tenant with a plan and judges what it saw.
func inhabit(t *testing.T, h *housing, plan ...Op) (*history.History, checker.Result) {
	t.Helper()
	o := LogDefaults(topic, 1, 1)
	o.Tenancy = Tenancy{Tenants: 1, Brokers: 3, Replicas: 2}
	h.log = newFakeLog()
	rec := &memory{}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		for i := range plan {
			plan[i].At, plan[i].Worker = Millis(10*i), "tenant 0"
		}
		o.Plan = plan
		w, err := NewLog(o, timeline.Live, h, timed{rec, began})
		require.NoError(t, err)
		require.NoError(t, w.Run(t.Context()))
	})
	for i := range rec.events {
		rec.events[i].Index = int64(i)
	}
	told := &history.History{Header: history.Header{Config: history.Config{
		Acks: "all", MinISR: 1, ReplicationFactor: 1, Idempotent: true,
	}}, Events: rec.events}
	return told, checker.Check(told, checker.Options{})
}

// timed tells when what is recorded happened.
type timed struct {
	*memory
	began time.Time
}

func (r timed) Record(e history.Event) history.Event {
	e.Time = int64(time.Since(r.began))
	return r.memory.Record(e)
}

var twoLives = []Op{
	{F: Create, Lead: 3}, {F: Send}, {F: Read}, {F: Create}, {F: Delete},
	{F: Send}, {F: Create}, {F: Read}, {F: Send}, // and it leaves by itself in the end
}

func TestATenantHasOneLogForEachLife(t *testing.T) {
	h := &housing{}
	told, verdict := inhabit(t, h, twoLives...)
	require.Equal(t, checker.OK, verdict.Status, verdict.Reason)
	require.Equal(t, []NewTopic{
		{Name: "log-tenant-0", Life: "log-tenant-0#1", Factor: 2, Replicas: []int32{3, 1}}, {Name: "log-tenant-0", Life: "log-tenant-0#2", Factor: 2},
	}, h.made, "a topic that is there is not made, and one that is not is not written to")
	did := map[string][]string{}
	for _, e := range told.Events {
		if e.Type == history.OK && e.F != history.Assign {
			did[e.Topic] = append(did[e.Topic], fmt.Sprintf("%s %d", e.F, len(e.Records)))
		}
	}
	require.Equal(t, map[string][]string{
		"log-tenant-0#1": {"create 0", "send 0", "send 0", "send 0", "poll 3", "marker 0", "drain 4", "delete 0"},
		"log-tenant-0#2": {"create 0", "poll 0", "send 0", "send 0", "send 0", "marker 0", "drain 4", "delete 0"},
	}, did)
}

func TestWhatATenantFinds(t *testing.T) {
	for check, h := range map[string]*housing{
		checker.CheckPhantom: {keeps: true},
		checker.CheckUnseen:  {forgets: true},
	} {
		_, verdict := inhabit(t, h, twoLives...)
		require.True(t, verdict.Broken(), check)
		found, _ := verdict.Verdict(check)
		require.Equal(t, checker.Violation, found.Status, check)
	}
}

func TestANameThatIsSentToIsGivenUp(t *testing.T) {
	h := &housing{late: true}
	_, verdict := inhabit(t, h, twoLives...)
	require.Equal(t, checker.OK, verdict.Status, verdict.Reason)
	require.Equal(t, "log-tenant-0", h.made[0].Name)
	require.Equal(t, "log-tenant-0.1", h.made[1].Name)
}

func TestATenantThatIsTurnedAwayDoesNothing(t *testing.T) {
	h := &housing{full: &OpError{Class: history.Info, Name: "TIMEOUT"}}
	told, verdict := inhabit(t, h, Op{F: Create}, Op{F: Send}, Op{F: Delete}, Op{F: Create})
	for _, found := range verdict.Verdicts {
		require.True(t, found.Status != checker.Unknown || found.Check == checker.CheckCoverage, "%s: %s", found.Check, found.Reason)
	}
	require.Len(t, told.Events, 4, "two topics that were asked for")
}

func TestTenantsNeedClientsThatHaveThem(t *testing.T) {
	o := LogDefaults(topic, 1, 1)
	o.Tenancy = Tenancy{Tenants: 1, Brokers: 3, Replicas: 4}
	require.EqualError(t, o.Validate(), "workload: brokers of the tenants is 3, allowed is 4 and above")
	o.Tenancy.Replicas = 3
	dialer := &fakeDialer{log: newFakeLog()}
	w, err := NewLog(o, timeline.Live, dialer, &memory{})
	require.NoError(t, err)
	require.EqualError(t, w.Run(t.Context()), "workload: tenant 0: these clients have no tenants")
	require.Zero(t, dialer.open)
	o.Plan = []Op{{Worker: "tenant 0", F: Send, Lead: 1}}
	require.EqualError(t, o.Validate(), "workload: plan: op 0: lead 1, allowed in a create only, not in a send")
}
