package nemesis

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/timeline"
)

// telling is a cluster whose brokers tell of one event, at a time.
type telling struct {
	*fakeCluster
	event Event
	at    time.Duration
}

func (c *telling) Told(e Event) int {
	if e == c.event && time.Since(c.start) >= c.at {
		return 1
	}
	return 0
}

func (c *telling) SleepUnless(ctx context.Context, d time.Duration, events []Event) bool {
	left := c.at - time.Since(c.start)
	for _, e := range events {
		if e == c.event && left > 0 {
			d = min(d, left)
		}
	}
	return timeline.Live.Sleep(ctx, d)
}

func playTelling(t *testing.T, c *telling, steps ...Step) []Report {
	var reports []Report
	err := Run(t.Context(), timeline.Live, schedule(t, 3, steps...), c, steady(threeNodes), func(r Report) { reports = append(reports, r) })
	require.NoError(t, err)
	return reports
}

func upon(e Event, s Step) Step {
	s.Upon = e
	return s
}

func TestAStepWaitsForItsEvent(t *testing.T) {
	kill := func(id int) Fault { return Fault{Kind: Kill, Target: Node(id)} }
	for _, row := range []struct {
		name string
		at   time.Duration
		did  []string
		told bool
	}{
		{"which comes", 1500 * time.Millisecond,
			[]string{"1.2s kill 2", "1.5s kill 1", "2.2s restart 2", "5s restart 1", "5s heal"}, true},
		{"which was before it was due", 500 * time.Millisecond,
			[]string{"1.2s kill 2", "2.2s restart 2", "3s kill 1", "5s restart 1", "5s heal"}, false},
		{"which comes too late", 4 * time.Second,
			[]string{"1.2s kill 2", "2.2s restart 2", "3s kill 1", "5s restart 1", "5s heal"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &telling{fakeCluster: newFakeCluster(3), event: ISRChanged, at: row.at}
				reports := playTelling(t, c,
					upon(ISRChanged, Step{ID: 1, At: 1000, For: 4000, Fault: kill(1)}),
					Step{ID: 2, At: 1200, For: 1000, Fault: kill(2)})
				require.Equal(t, row.did, c.did())
				requireBit(t, reports, true, true)
				for _, r := range reports {
					untold := r.Step == 1 && !row.told
					require.Equal(t, untold, r.Evidence["upon"] != "", r)
				}
			})
		})
	}
}

// A step may leave time between its event, or the end of the wait for it, and its
// beginning.
func TestAStepBeginsLaterThanItsEvent(t *testing.T) {
	for at, did := range map[time.Duration][]string{
		1500 * time.Millisecond: {"2s kill 1", "5s restart 1", "5s heal"},
		2800 * time.Millisecond: {"3.3s kill 1", "5s restart 1", "5s heal"},
		4 * time.Second:         {"3.5s kill 1", "5s restart 1", "5s heal"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &telling{fakeCluster: newFakeCluster(3), event: ISRChanged, at: at}
			s := upon(ISRChanged, Step{ID: 1, At: 1000, For: 4000, Later: 500, Fault: Fault{Kind: Kill, Target: Node(1)}})
			require.Equal(t, "1: at 1s, upon isr and 500ms for 4s: kill node:1", s.String())
			playTelling(t, c, s)
			require.Equal(t, did, c.did())
		})
	}
}

func TestLaterIsAfterAnEventAndBeforeTheHeal(t *testing.T) {
	s := schedule(t, 3, upon(ISRChanged, step(1, 1, 2, Fault{Kind: Kill, Target: Leader})))
	for later, want := range map[Millis]string{
		-1:   "later_ms -1: allowed are 0 to less than half of for_ms (2000)",
		1000: "later_ms 1000: allowed are 0 to less than half of for_ms (2000)",
	} {
		s.Steps[0].Later = later
		require.ErrorContains(t, s.Validate(), want)
	}
	s.Steps[0].Later, s.Steps[0].Upon = 1, ""
	require.ErrorContains(t, s.Validate(), "later_ms 1: allowed in a step that waits for an event only, upon is not set")
}

func TestOnlySomeClustersHearOfEvents(t *testing.T) {
	s := schedule(t, 3, upon(ISRProposed, step(1, 1, 1, Fault{Kind: Kill, Target: Leader})))
	require.NoError(t, Unsupported(s, &telling{}))
	require.EqualError(t, Unsupported(s, newFakeCluster(3)),
		"step 1: upon propose: nobody hears of that here, allowed on a simulated cluster only")
	require.Equal(t, "1: at 1s, upon propose for 1s: kill leader", s.Steps[0].String())
	lagging := schedule(t, 3, step(1, 1, 1, Fault{Kind: Kill, Target: Laggard}))
	require.NoError(t, Unsupported(lagging, &telling{}))
	require.EqualError(t, Unsupported(lagging, newFakeCluster(3)),
		"step 1: fault: kill laggard: this cluster cannot have that, allowed on a simulated cluster only")
	s.Steps[0].Upon = "rain"
	require.EqualError(t, s.Validate(), `steps[0] (id 1): upon "rain": allowed are registered, fenced=true, fenced=false, role=leader, role=follower, truncate, propose, isr`)
}
