// Package server drives a broker's core in the real world: sockets, files,
// clocks, configuration, logs and metrics.
//
// It promises that the core sees one input at a time, that effects are carried
// out in their order, that a connection's replies leave in the order of its
// requests, and that every Send and Sync effect is answered exactly once while
// the core lives. It assumes a core that never blocks and reaches the disk only
// through the file system that it was given.
//
// The one invariant: only the core's goroutine touches the core, and nothing
// that waits for a peer, a client or an fsync runs on that goroutine.
package server
