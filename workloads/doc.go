// Package workloads is what clients do to a log while faults hit it, and the
// record of it. A workload promises that every operation is in the history as
// an invocation and, once it has ended, as ok, fail or info; that a process has
// one operation open at a time; and that an info retires its process id, since
// nobody knows whether that operation still runs. It assumes clients that tell
// the three outcomes apart truthfully.
//
// The one invariant: no operation happens that the history does not show.
package workloads
