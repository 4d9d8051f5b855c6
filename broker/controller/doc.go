// Package controller is the cluster's metadata: a Raft quorum of all brokers
// (go.etcd.io/raft, as a RawNode) that agrees on a log of Commands, and the
// state machine that turns the log into an Image: who is registered, which
// topics exist, who leads what, who is in sync.
//
// It promises that every broker that has applied the log up to an index holds
// the same Image, that a Result is answered only for a command that a majority
// has on disk, and that of two controllers which believe to be active at most
// one can change anything.
//
// It assumes a driver that calls it from one goroutine at a time, calls Poll
// after every other call until there is no More, and syncs the files of a
// SyncTicket before it says Synced. It owns no clock, goroutine, socket or
// source of randomness; Raft draws its election jitter from crypto/rand.Reader,
// which a simulator replaces.
//
// The one invariant: a command is judged only when it is applied, against the
// Image at that point of the log and nothing else. There is no speculative
// state, hence no roll back, and a retried command is either idempotent or
// refused by compare-and-set.
package controller
