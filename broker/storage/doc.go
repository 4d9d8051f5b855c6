// Package storage keeps the log of one partition: segments of record batches,
// their sparse indexes, the leader-epoch cache and the producer state, over a
// small file-system seam.
//
// It promises that a batch is readable exactly as appended from the moment
// Append returns, that FlushedOffset never claims a byte that was not synced,
// and that OpenLog after any crash yields a prefix of what was appended with
// epoch cache and producer state that belong to exactly that prefix. It assumes
// one caller at a time (only File.Sync may run elsewhere), batches that the
// caller has validated, and a file system that forgets nothing it has synced.
//
// The one invariant: the log is a run of batches whose offsets join without a
// gap and whose leader epochs never decrease, and every entry of the epoch cache
// but the last is the epoch of a batch in it. What cannot be proven to be such a
// run is cut off.
//
// Nothing here starts goroutines, takes locks or reads a clock: the package
// belongs to the broker's deterministic core.
package storage
