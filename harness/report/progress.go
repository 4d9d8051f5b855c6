package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Progress shows how far something is: on a terminal one line that is written
// over, elsewhere only what happened, a line each. It is safe for concurrent
// use.
type Progress struct {
	w        io.Writer
	terminal bool
	width    int

	mu    sync.Mutex
	shown string
}

// NewProgress writes to w; terminal says whether lines can be written over, and
// width is that of the terminal in columns.
func NewProgress(w io.Writer, terminal bool, width int) *Progress {
	return &Progress{w: w, terminal: terminal, width: width}
}

// Now shows how far it is; off a terminal it says nothing.
func (p *Progress) Now(format string, args ...any) {
	if !p.terminal {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.shown = cut(fmt.Sprintf(format, args...), p.width-1)
	p.write(p.shown)
}

// Line says something that stays.
func (p *Progress) Line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.write(fmt.Sprintf(format, args...) + "\n")
}

// Done takes away what Now has shown.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *Progress) erase() {
	if p.shown != "" {
		p.write("\r" + strings.Repeat(" ", utf8.RuneCountInString(p.shown)) + "\r")
		p.shown = ""
	}
}

// write ignores errors: a run goes on when nobody listens any more.
func (p *Progress) write(s string) { _, _ = io.WriteString(p.w, s) }

func cut(s string, width int) string {
	if r := []rune(s); width > 0 && len(r) > width {
		return string(r[:width])
	}
	return s
}

// Span prints a duration as people say it, in whole seconds.
func Span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}
