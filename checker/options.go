package checker

import "time"

// Options set how strictly a run is judged. The zero value judges what the
// protocol promises, asks only that at least one send was acked, and gives
// Porcupine the limits below.
type Options struct {
	// StrictReads makes a stale read a violation. Without it an empty read
	// constrains nothing: a partitioned ex-leader may show an old end.
	StrictReads bool
	// MinAckedBefore, During and After are floors for the number of sends acked
	// before the first fault, from then until the last heal, and after it. A
	// run below a floor is unknown. During and After bind only runs that had
	// faults.
	MinAckedBefore, MinAckedDuring, MinAckedAfter int
	// WitnessAlone leaves Porcupine out: for those who judge thousands of
	// histories, and give some of them to both.
	WitnessAlone bool
	// PorcupineSegmentOps is how many ops one search gets; its memory is
	// quadratic in it. 0 is 1000.
	PorcupineSegmentOps int
	// PorcupineTimeout bounds one segment's search. 0 is 30 s.
	PorcupineTimeout time.Duration
	// UnavailableAfter is the gap without an ack above which a partition
	// counts as unavailable. 0 is 1 s.
	UnavailableAfter time.Duration
}

func (o Options) normalised() Options {
	if o.PorcupineSegmentOps <= 0 {
		o.PorcupineSegmentOps = 1000
	}
	if o.PorcupineTimeout <= 0 {
		o.PorcupineTimeout = 30 * time.Second
	}
	if o.UnavailableAfter <= 0 {
		o.UnavailableAfter = time.Second
	}
	return o
}
