// Package cluster says what a cluster under test can do, whatever it is made
// of: child processes, containers, or a simulation. Each kind has a folder of
// its own.
package cluster

import (
	"context"

	"github.com/ackproof/ackproof/nemesis"
)

// Cluster is a set of brokers that can be started, hurt, healed and stopped.
// Nodes are numbered 1..n.
type Cluster interface {
	nemesis.Cluster
	// Start brings all nodes up and returns when each is healthy.
	Start(ctx context.Context) error
	// Bootstrap lists the addresses clients connect to; they go through links
	// that can be cut, and so do the addresses that brokers advertise.
	Bootstrap() []string
	// Log is the path of a node's log, kept across restarts.
	Log(node int) string
	// Describe says what the cluster is made of, for the run's record.
	Describe() map[string]string
	// Unexpected lists the brokers that ended although nobody ordered it, one
	// line each.
	Unexpected() []string
	// Lost says what took the cluster from under the brokers: its machine's disk
	// is full, or its engine is gone. Nil while it is there. Nobody can be blamed
	// for what came after, and it is in no Unexpected.
	Lost() error
	// Stop ends every process and removes what was made, except logs. It is
	// idempotent and safe after a failed Start.
	Stop() error
}
