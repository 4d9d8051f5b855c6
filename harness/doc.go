// Package harness runs a test from its configuration to its verdict: schedule,
// cluster, workload, faults, heal, drain, judgement, and the files that tell of
// it. It promises that whatever happens (a fault, an error, Ctrl-C, a panic) the
// cluster is healed and stopped, that the history up to then stays on the disk,
// and that a run which did not get through to its end is never ok. It assumes
// that nothing else acts on the cluster.
//
// The one invariant: a verdict comes from the files of the run alone, so that
// whoever judges them again, anywhere, reads the same.
package harness
