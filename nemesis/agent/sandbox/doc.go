// Package sandbox is faultd: one node's fault agent, which owns the network and
// pid namespaces that the node's broker joins.
//
// It promises what package agent says, and that a process which starts while a
// fault is in force gets it too: a paused node's new process is stopped, a
// skewed node's reads the skewed clock. It assumes that it is PID 1 of the
// namespace, and that every other process in there is the node's.
//
// The one invariant: the agent's end is the end of every fault. It heals before
// it exits; if it cannot, the namespaces die with PID 1, and the processes and
// rules with them. That is also why it reaps: whoever is PID 1 inherits every
// orphan.
package sandbox
