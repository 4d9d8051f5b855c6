package nemesis

import (
	"context"
	"fmt"
)

// What follows can be done to a simulated cluster only. No process of a real
// operating system loses its page cache without the machine that it runs on.

// PowerCluster is a cluster whose nodes can lose power.
type PowerCluster interface {
	// LosePower ends the node's process, if it still runs, and takes from its
	// disk all that was not synced; torn leaves torn pieces of that. It tells how
	// many bytes were lost. Restart starts the node with what is left.
	LosePower(ctx context.Context, node int, torn bool) (lost int64, err error)
	// PowerOff does the same to a node whose process has ended in order, and left
	// word of that; it tells whether it had.
	PowerOff(ctx context.Context, node int) (lost int64, off bool, err error)
}

// MidStepCluster is a cluster whose nodes can be killed between two effects of
// one step.
type MidStepCluster interface {
	// KillMidStep kills the node in the midst of the next of its steps that has
	// two effects or more. It may return before that: Running tells. A Kill in
	// between takes its place.
	KillMidStep(ctx context.Context, node int) error
}

// DiskCluster is a cluster whose nodes' disks can fail.
type DiskCluster interface {
	// SetDisk says what is wrong with a node's disk; DiskHealthy is nothing.
	SetDisk(ctx context.Context, node int, mode DiskMode) error
	// DiskTrouble counts the operations that the node's disk has refused or held
	// up since the cluster's start.
	DiskTrouble(node int) int64
}

// Unsupported names the first step of a schedule that the cluster cannot have,
// and who can; nil if it can have them all. Only the type of the cluster counts,
// so that nil of a type will do.
func Unsupported(s Schedule, c Cluster) error {
	for _, step := range s.Steps {
		if _, able := c.(EventCluster); step.Upon != "" && !able {
			return fmt.Errorf("step %d: upon %s: nobody hears of that here, allowed on a simulated cluster only", step.ID, step.Upon)
		}
		if err := step.Fault.unsupported(c); err != nil {
			return fmt.Errorf("step %d: %w", step.ID, err)
		}
	}
	return nil
}

func (f Fault) unsupported(c Cluster) error {
	able := true
	switch {
	case f.Kind == Power || f.PowerOff:
		_, able = c.(PowerCluster)
	case f.Kind == Disk:
		_, able = c.(DiskCluster)
	case f.MidStep:
		_, able = c.(MidStepCluster)
	case f.Target == Laggard || f.Peer == Laggard: // somebody has to look into logs
		_, able = c.(EventCluster)
	}
	if !able {
		return fmt.Errorf("fault: %s: this cluster cannot have that, allowed on a simulated cluster only", f)
	}
	return nil
}
