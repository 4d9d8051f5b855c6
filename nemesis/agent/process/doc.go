// Package process finds, stops, continues and kills the processes of the pid
// namespace that the caller is in, through /proc and signals.
//
// It promises that a call returns when /proc shows what was asked for, not
// when a signal was sent: a thread in the middle of a disk write stops later
// than its signal. It assumes that /proc shows this pid namespace.
//
// The one invariant: PID 1 and the caller itself are never touched. (A signal
// that PID 1 of a namespace sends to itself is silently ignored anyway, which
// would look like a fault that was applied.)
package process
