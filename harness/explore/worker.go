package explore

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// Explorer or shrinker and workers talk in lines of JSON: first the Bounds and how
// closely to look, then a job for each case, and a finding for each job.

// orders are what a worker is told first.
type orders struct {
	Bounds   Bounds `json:"bounds"`
	BlackBox bool   `json:"black_box,omitempty"`
}

// job is a case to draw and simulate, or one that is there already.
type job struct {
	Number  int    `json:"number,omitempty"`
	Profile uint64 `json:"profile"`
	Seed    uint64 `json:"seed"`
	Case    *Case  `json:"case,omitempty"`
	// Firmness asks how firm the Case is, too, if it fails; see firm.go.
	Firmness bool `json:"firmness,omitempty"`
}

// finding is what came of a job.
type finding struct {
	job
	Failure  Failure        `json:"failure"`
	Hash     uint64         `json:"hash"`
	Events   uint64         `json:"events"`
	Elapsed  nemesis.Millis `json:"elapsed_ms"` // simulated
	Acked    int            `json:"acked"`
	Coverage map[string]int `json:"coverage"`
	Firm     int            `json:"firm,omitempty"` // of OtherSeeds, how many fail in the same way

	by *worker // who found it, on the explorer's side
}

// secondOpinionEvery is how many histories go to one that Porcupine decides too.
const secondOpinionEvery = 16

// Memory of a worker: it makes garbage fast and keeps little, some MB, so that a
// large multiple of what it keeps is collected rarely and is not much.
const (
	garbagePercent = 1600
	memoryLimit    = 200 << 20
)

func boundGarbage() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(memoryLimit)
}

// Work serves an explorer until its input ends. A case is simulated by one
// process at a time, so that a machine is used fully by as many of them as it
// has cores.
func Work(in io.Reader, out io.Writer) error {
	boundGarbage()
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	var told orders
	if err := decoder.Decode(&told); err != nil {
		return fmt.Errorf("explore: worker: %w", err)
	}
	for {
		var j job
		switch err := decoder.Decode(&j); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("explore: worker: %w", err)
		}
		found, err := told.do(j)
		if err != nil {
			return err
		}
		if err := encoder.Encode(found); err != nil {
			return fmt.Errorf("explore: worker: %w", err)
		}
	}
}

func (o orders) do(j job) (f finding, err error) {
	defer func() {
		if v := recover(); v != nil { // the simulator's own
			j.Case = nil
			f, err = finding{job: j, Failure: Failure{Class: Harness, Promised: true, Reason: fmt.Sprintf("panic: %v", v)}}, nil
		}
	}()
	look := Look{BlackBox: o.BlackBox}
	c := j.Case
	if c == nil {
		drawn := drawProfile(j.Profile, o.Bounds).Draw(j.Seed)
		c = &drawn
		look.SecondOpinion = j.Seed%secondOpinionEvery == 0
	}
	out, err := Simulate(*c, look)
	if err != nil {
		return finding{}, fmt.Errorf("explore: %s: %w", c.Name, err)
	}
	firm := 0
	if j.Firmness && out.Failure.Class != "" {
		if firm, err = c.firmness(out.Failure, look); err != nil {
			return finding{}, fmt.Errorf("explore: %s: %w", c.Name, err)
		}
	}
	j.Case = nil // who asked knows it
	return finding{
		job: j, Failure: out.Failure, Hash: out.Hash, Events: out.Events,
		Elapsed: nemesis.Millis(out.Elapsed / time.Millisecond), Acked: out.Result.Metrics.Acked,
		Coverage: out.Coverage.Events, Firm: firm,
	}, nil
}
