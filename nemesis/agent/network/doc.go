// Package network makes links bad, for the packets that arrive in one network
// namespace: cut, reset, lossy, slow, out of order, per peer.
//
// It promises that Apply returns when the kernel has accepted the new rules
// and shows them when asked; that rules change in one transaction, so that no
// packet sees half a state; and that the counters of what a fault did survive
// its heal. It acts on arriving packets, where a drop looks like a cut cable, and
// where a packet that is held back no longer counts against its sender's socket
// (held at the output, TCP small queues throttle the sender to a few packets per
// delay). Only replies to a peer without an agent are cut at the output.
//
// The one invariant: everything is in one nftables table of our own, which is
// removed at the end, and nobody else's rules are touched. What waits in user
// space is let go if the agent dies (the bypass flag of the queue rule), so no
// fault outlives it except a rule, and a rule dies with its namespace.
package network
