// Package client is the harness's hands on a cluster: real franz-go producers
// and assigned consumers for the workload, probes that ask one broker directly,
// and the admin calls of a run (topic, roles, drain).
//
// It promises to tell the three outcomes of an operation apart and never to
// guess: what may have been appended is history.Info, whatever the last error
// said, because a client library retries behind the caller's back. It assumes
// that every broker is reachable through its bootstrap address, in the order of
// node numbers.
//
// The one invariant: history.Fail means that the record is not in the log and
// never will be.
package client
