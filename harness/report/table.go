package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ackproof/ackproof/checker"
)

// Row is one run in a table.
type Row struct {
	Config, Fault string
	Metrics       checker.Metrics
	Verdict       string
	// AckedOnly says that of the metrics nothing but the acks was counted, as in
	// simulations, whose times do not compare with those of runs either.
	AckedOnly bool
}

// column is a table's column: its head, and how a row shows in it.
type column struct {
	head string
	left bool // text, not a number
	cell func(Row) string
}

var columns = []column{
	{"config", true, func(r Row) string { return r.Config }},
	{"fault", true, func(r Row) string { return r.Fault }},
	{"acked", false, func(r Row) string { return fmt.Sprint(r.Metrics.Acked) }},
	{"lost", false, func(r Row) string { return r.counted(r.Metrics.Lost) }},
	{"dup", false, func(r Row) string { return r.counted(r.Metrics.Duplicates) }},
	{"unknown", false, func(r Row) string { return r.counted(r.Metrics.Unknown) }},
	{"unavail", false, func(r Row) string { return r.unless(r.AckedOnly, fmt.Sprintf("%.1fs", r.Metrics.UnavailableSeconds)) }},
	{"p50", false, func(r Row) string { return r.latency(r.Metrics.AckLatencyP50) }},
	{"p99", false, func(r Row) string { return r.latency(r.Metrics.AckLatencyP99) }},
	{"verdict", true, func(r Row) string { return r.Verdict }},
}

// unless shows what there is, and a dash where there is nothing.
func (r Row) unless(nothing bool, text string) string {
	if nothing {
		return "-"
	}
	return text
}

func (r Row) counted(n int) string { return r.unless(r.AckedOnly, fmt.Sprint(n)) }

func (r Row) latency(ns int64) string { return r.unless(r.AckedOnly, latency(r.Metrics, ns)) }

// latency is a time until an ack; without acks there is none.
func latency(m checker.Metrics, ns int64) string {
	if m.Acked == 0 {
		return "-"
	}
	return millis(ns)
}

// millis prints nanoseconds in milliseconds, to two digits that matter.
func millis(ns int64) string {
	ms := float64(ns) / float64(time.Millisecond)
	switch {
	case ms < 9.95:
		return fmt.Sprintf("%.1fms", ms)
	case ms < 9999:
		return fmt.Sprintf("%.0fms", ms)
	}
	return fmt.Sprintf("%.1fs", ms/1000)
}

// Table sets rows under heads, texts to the left and numbers to the right.
func Table(rows []Row) string {
	lines := [][]string{make([]string, len(columns))}
	for i, c := range columns {
		lines[0][i] = c.head
	}
	for _, r := range rows {
		line := make([]string, len(columns))
		for i, c := range columns {
			line[i] = c.cell(r)
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var table strings.Builder
	for _, line := range lines {
		var out strings.Builder
		for i, cell := range line {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if columns[i].left {
				out.WriteString(cell + gap + "  ")
			} else {
				out.WriteString(gap + cell + "  ")
			}
		}
		table.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
	return table.String()
}
