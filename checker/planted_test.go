package checker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// TestPlanted breaks one thing in the history of a healthy run of 3000 sends,
// as a broken broker would, and looks whether it is found and named.
func TestPlanted(t *testing.T) {
	const n = 3000
	drain := func(h *history.History) *history.Event { return &h.Events[len(h.Events)-1] }
	poll := func(h *history.History, number int) *history.Event {
		for i := range h.Events {
			if e := &h.Events[i]; e.F == history.Poll && e.Type == history.OK {
				if number == 0 {
					return e
				}
				number--
			}
		}
		return nil
	}
	for name, row := range map[string]struct {
		plant  func(h *history.History)
		checks []string
		count  int
	}{
		"an acked offset dropped from the drain": {
			plant: func(h *history.History) {
				d := drain(h)
				d.Records = append(d.Records[:1234:1234], d.Records[1235:]...)
			},
			checks: []string{CheckUnseen, CheckDirtyRead}, count: 1,
		},
		"the tail dropped from the drain": {
			plant: func(h *history.History) {
				d := drain(h)
				d.Records = append(d.Records[:n-5:n-5], d.Records[n])
			},
			// The readers had not come as far: nobody read what is gone.
			checks: []string{CheckUnseen, CheckLostWrite}, count: 5,
		},
		"a second value at an offset": {
			plant:  func(h *history.History) { poll(h, 10).Records[7].Value = n - 1 },
			checks: []string{CheckAgreement, CheckDuplicate, CheckDirtyRead}, count: 1,
		},
		"a phantom": {
			plant: func(h *history.History) {
				d := drain(h)
				d.Records = append(d.Records, history.Record{Offset: n + 1, Value: 777_777})
				*d.End = n + 2
			},
			checks: []string{CheckPhantom}, count: 1,
		},
		"two acks swapped": {
			plant: func(h *history.History) { swapAcks(h, 100, 2000) },
			// From offset 100 on, all that was acked before value 2001 was sent.
			checks: []string{CheckRealTime}, count: 1900,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := longHistory(n)
			require.Equal(t, OK, Check(h, Options{}).Status, "healthy before anything is planted")
			row.plant(h)
			res := Check(h, Options{})
			require.Equal(t, Violation, res.Status)
			require.True(t, res.Broken())
			for _, check := range row.checks {
				v, ok := res.Verdict(check)
				require.True(t, ok)
				require.Equal(t, Violation, v.Status, check)
				require.GreaterOrEqual(t, len(v.Ops), 1, check)
				require.LessOrEqual(t, len(v.Ops), 2, check)
			}
			v, _ := res.Verdict(row.checks[0])
			require.InDelta(t, row.count, v.Count, float64(row.count)/100)
			second, _ := res.Verdict(CheckSecondOpinion)
			require.Equal(t, OK, second.Status, second.Reason)
			disagree, _ := res.Verdict(CheckDisagree)
			require.Equal(t, OK, disagree.Status, disagree.Reason)
		})
	}
}

// swapAcks lets the sends of a longHistory that were acked at offsets a and b
// land at each other's, for all who see them.
func swapAcks(h *history.History, a, b int64) {
	swap := map[int64]int64{a: b, b: a}
	for i := range h.Events {
		e := &h.Events[i]
		if to, ok := swap[e.Value-1]; ok && e.Type == history.OK {
			e.Offset = &to
		}
		for j := range e.Records {
			if to, ok := swap[e.Records[j].Value-1]; ok {
				e.Records[j].Offset = to
			}
		}
	}
}
