package checker

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// TestScripts runs testdata: a history in, the verdict out. The default run is
// acks=all min.isr=2 with idempotent producers on one replica, as if it were
// the only one of interest.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "check", d.Cmd)
			config := history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 1, Flush: "never", Idempotent: !d.HasArg("retries")}
			d.MaybeScanArgs(t, "acks", &config.Acks)
			d.MaybeScanArgs(t, "flush", &config.Flush)
			d.MaybeScanArgs(t, "min-isr", &config.MinISR)
			d.MaybeScanArgs(t, "replicas", &config.ReplicationFactor)
			config.UncleanElection = d.HasArg("unclean")
			var o Options
			o.StrictReads = d.HasArg("strict")
			d.MaybeScanArgs(t, "before", &o.MinAckedBefore)
			d.MaybeScanArgs(t, "during", &o.MinAckedDuring)
			d.MaybeScanArgs(t, "after", &o.MinAckedAfter)
			h := newScript(t, config).history(d.Input)
			h.Truncated = d.HasArg("truncated")
			res := Check(h, o)
			requireStable(t, h, o, res)
			return render(res, d.HasArg("metrics"))
		})
	})
}

// requireStable holds that judging is a function of the history, and that a
// result survives its JSON.
func requireStable(t *testing.T, h *history.History, o Options, res Result) {
	t.Helper()
	one, err := json.Marshal(res)
	require.NoError(t, err)
	two, err := json.Marshal(Check(h, o))
	require.NoError(t, err)
	require.Equal(t, string(one), string(two))
	var back Result
	require.NoError(t, json.Unmarshal(one, &back))
	require.Equal(t, res.ExitCode(), back.ExitCode())
	require.Equal(t, res.Broken(), back.Broken())
}

func render(res Result, metrics bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, exit %d\n", res.Status, res.ExitCode())
	for _, v := range res.Verdicts {
		if v.Status == OK && v.Count == 0 || v.Status == Skipped {
			continue
		}
		fmt.Fprintf(&b, "%s: %s", v.Check, v.Status)
		if v.Status == Violation {
			fmt.Fprintf(&b, ", promised %v", v.Promised)
		}
		if v.Count > 0 {
			fmt.Fprintf(&b, ", count %d", v.Count)
		}
		fmt.Fprintln(&b)
		if v.Reason != "" {
			fmt.Fprintf(&b, "  %s\n", v.Reason)
		}
		for _, o := range v.Ops {
			fmt.Fprintf(&b, "    %s\n", o)
		}
		if v.Check == CheckUnseen {
			if losses, ok := v.Evidence["losses"].([]Loss); ok {
				for _, l := range losses {
					fmt.Fprintf(&b, "    node %d lacks %s of writer %d: %d of %d\n", l.Node, l.Where, l.Writer, l.Count, l.Of)
				}
			}
		}
	}
	if metrics {
		out, err := json.Marshal(res.Metrics)
		if err != nil {
			return err.Error()
		}
		fmt.Fprintln(&b, strings.ReplaceAll(strings.Trim(string(out), "{}"), ",", "\n"))
	}
	return b.String()
}
