package report

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
)

func ptr[T any](v T) *T { return &v }

// failed is a run that broke its promise.
func failed() checker.Result {
	return checker.Result{
		Status: checker.Violation, Reason: "unseen: value 7, acked at offset 3 of log-0, is gone",
		Promise: checker.Promise{Durability: true, Reason: "acks=all min.isr=2 promises durability"},
		Verdicts: []checker.Verdict{
			{Check: "history", Status: checker.OK},
			{Check: "coverage", Status: checker.Unknown, Reason: "too little"},
			{Check: "unseen", Status: checker.Violation, Promised: true, Count: 2, Reason: "value 7, acked at offset 3 of log-0, is gone", Ops: []checker.Op{
				{Process: 4, F: "send", Topic: "log", Value: 7, Offset: ptr[int64](3), Invoked: 1_500_000, Completed: ptr[int64](2_500_000), Outcome: history.OK, Line: 12},
				{Process: 9, F: "drain", Topic: "log", Node: ptr(1), Invoked: 9_000_000, Completed: ptr[int64](9_500_000), Outcome: history.OK, Line: 99},
			}},
			{Check: "end-offset-regression", Status: checker.Skipped},
		},
		Metrics: checker.Metrics{
			Sends: 1000, Acked: 990, Failed: 1, Unknown: 9, Recovered: 4, Drained: 990, Polled: 980, Lost: 2,
			AckLatencyP50: int64(1400 * time.Microsecond), AckLatencyP99: int64(948 * time.Millisecond),
			UnavailableSeconds: 2.04, StalenessMax: int64(12 * time.Second),
			TimeToFirstAckAfterFault: int64(1007 * time.Millisecond), TimeToFirstAckAfterHeal: -1,
		},
	}
}

func TestSummaryOfAFailure(t *testing.T) {
	out := Summary(Run{
		Title: "acks=all min.isr=2, 3 replicas on 3 local brokers", Dir: "results/x", Result: failed(),
		Next: []string{"ackproof check results/x", "ackproof replay results/x -n 20"},
	})
	require.Equal(t, `acks=all min.isr=2, 3 replicas on 3 local brokers
verdict   VIOLATION: a promise was broken
reason    unseen: value 7, acked at offset 3 of log-0, is gone
promise   acks=all min.isr=2 promises durability
checks    1 ok, 1 violation, 1 unknown, 1 skipped
  violation (promised)  unseen: value 7, acked at offset 3 of log-0, is gone
      line 12: process 4 send log-0 value 7, invoked at 0.001500s, ok at 0.002500s, offset 3
      line 99: process 9 drain log-0 node 1, invoked at 0.009000s, ok at 0.009500s
  unknown  coverage: too little
sends     1000: 990 acked, 1 failed, 9 unknown (4 of them committed)
records   990 drained, 980 polled, 2 lost, 0 duplicated
acks      p50 1.4ms, p99 948ms; unavailable for 2.0s; first after a fault 1007ms, after a heal -
reads     stale by 12.0s at most
files     results/x
next      ackproof check results/x
          ackproof replay results/x -n 20
`, out)
}

func TestASummaryFitsAScreen(t *testing.T) {
	r := failed()
	for range 20 {
		r.Verdicts = append(r.Verdicts, r.Verdicts[2])
	}
	out := Summary(Run{Result: r})
	require.Contains(t, out, "  and 18 more checks, in verdict.json\n")
	require.Less(t, strings.Count(out, "\n"), 25)
}

func TestVerdictsInWords(t *testing.T) {
	unpromised := failed()
	unpromised.Verdicts[2].Promised = false
	tests := []struct {
		result checker.Result
		want   string
	}{
		{checker.Result{Status: checker.OK}, "ok"},
		{checker.Result{Status: checker.Unknown}, "unknown, which is never a pass"},
		{failed(), "VIOLATION: a promise was broken"},
		{unpromised, "violation of what was not promised"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, Verdict(tt.result))
	}
}

func TestTableIsAligned(t *testing.T) {
	out := Table([]Row{
		{Config: "acks=all min.isr=2", Fault: "partition", Metrics: failed().Metrics, Verdict: "ok"},
		{Config: "acks=0", Fault: "acks0-loss", Metrics: checker.Metrics{}, Verdict: "lost 435, as it must"},
		{Config: "acks=1", Fault: "sim mixed", Metrics: checker.Metrics{Acked: 7}, AckedOnly: true, Verdict: "lost in 2 of 3 cases"},
	})
	require.Equal(t, `config              fault       acked  lost  dup  unknown  unavail    p50    p99  verdict
acks=all min.isr=2  partition     990     2    0        9     2.0s  1.4ms  948ms  ok
acks=0              acks0-loss      0     0    0        0     0.0s      -      -  lost 435, as it must
acks=1              sim mixed       7     -    -        -        -      -      -  lost in 2 of 3 cases
`, out)
}

func TestJUnitTellsFailuresErrorsAndSkipped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	require.NoError(t, WriteJUnit(path, "run", ChecksAsCases(failed())))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var back junitSuite
	require.NoError(t, xml.Unmarshal(data, &back))
	require.Equal(t, [4]int{4, 1, 1, 1}, [4]int{back.Tests, back.Failures, back.Errors, back.Skipped})
	require.Nil(t, back.Cases[0].Failure)
	require.Equal(t, "too little", back.Cases[1].Error.Message)
	require.Contains(t, back.Cases[2].Failure.Text, "line 12: process 4 send")
	require.NotNil(t, back.Cases[3].Skipped)

	require.ErrorContains(t, WriteJUnit(filepath.Join(path, "below"), "run", nil), "junit: ")
}

func TestProgressOnATerminalIsOneLine(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out, true, 12)
	p.Now("%d of %d, half way", 1, 2)
	p.Line("done: %s", "a")
	p.Done()
	require.Equal(t, "1 of 2, hal\r           \rdone: a\n", out.String())
}

func TestProgressElsewhereIsWhatHappened(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out, false, 0)
	p.Now("half way")
	p.Line("done")
	p.Done()
	require.Equal(t, "done\n", out.String())
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 1400 * time.Millisecond: "1s", 59 * time.Second: "59s", 3*time.Minute + 5*time.Second: "3m05s",
	} {
		require.Equal(t, want, Span(d))
	}
}
