// Package agent is the language between the harness and faultd, the process
// that owns a node's network and pid namespaces and brings faults into force
// inside them.
//
// It is spoken as JSON lines: a request on the agent's stdin, a response on
// its stdout, in the order of the requests. A pipe rather than a socket,
// because a fault must not be able to cut the channel that heals it, and
// because the kernel closes a pipe whatever way the harness dies: closed stdin
// means heal everything and stop, and with the agent ends the pid namespace
// and every process in it.
//
// The one invariant: faults are state, not commands. The harness sends the
// whole desired state of a node; the agent makes the difference, reads back
// what the kernel says, and only then answers. The empty state is a healthy
// node, and the same state twice is no change. A kill alone is an event.
//
// This package builds everywhere. What acts on a kernel lives below it:
// network, process and clock are the primitives, sandbox joins them into one
// node, janitor removes what a dead harness left behind.
package agent
