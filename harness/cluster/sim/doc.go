// Package sim is a cluster in one thread and in a time of its own. The brokers
// are the same cores that the daemon runs; what is simulated is what lies around
// them: network, disks, clocks, processes. Clients, faults and the course of a
// run are the same code as in live runs, as tasks that take turns.
//
// It promises that a run is a function of its options: equal options give the
// same events in the same order, and so the same hash, on any machine and at any
// speed. It assumes that it runs alone in its process, because Raft draws its
// election jitter from a source that the whole process shares; Run waits for
// its turn.
//
// The one invariant: whatever happens is an event on one heap, ordered by time
// and then by when it was put there; nothing happens between two events.
package sim
