package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// Disk makes a node's disk fail. A broker that cannot write ends, for what it
// has in memory is then not what it has on disk; the heal starts it again.
const Disk Kind = "disk"

// DiskMode is what is wrong with a disk.
type DiskMode string

// What can be wrong. DiskError fails the next write, or syncs, DiskFull all that need
// space, and under DiskStall no sync ends, until the disk is healthy again.
const (
	DiskHealthy DiskMode = ""
	DiskError   DiskMode = "eio"
	DiskFull    DiskMode = "full"
	DiskStall   DiskMode = "stall"
)

var diskModes = []DiskMode{DiskError, DiskFull, DiskStall}

func (f Fault) validateDisk() error {
	switch {
	case f.Kind != Disk && f.Disk != DiskHealthy:
		return fmt.Errorf("disk %q: allowed in a disk fault only, not in a %s", string(f.Disk), f.Kind)
	case f.Kind == Disk && !slices.Contains(diskModes, f.Disk):
		return fmt.Errorf("disk %q: allowed are %s", string(f.Disk), words(diskModes))
	}
	return nil
}

func (r *runner) applyDisk(ctx context.Context, f *fault) (err error) {
	disks := r.cluster.(DiskCluster)
	if f.before.states, err = r.states(f.nodes); err != nil {
		return err
	}
	if f.before.incarnations, err = r.incarnations(f.nodes); err != nil {
		return err
	}
	f.before.diskTrouble = map[int]int64{}
	for _, node := range f.nodes {
		f.before.diskTrouble[node] = disks.DiskTrouble(node)
	}
	return r.each(f.nodes, func(node int) error { return disks.SetDisk(ctx, node, f.Fault.Disk) })
}

// liftDisk judges while the disks are still bad, makes them healthy, and starts
// those again who died of it.
func (r *runner) liftDisk(ctx context.Context, f *fault) error {
	if err := r.judgeDisk(f); err != nil {
		return err
	}
	err := r.each(f.nodes, func(node int) error {
		return r.cluster.(DiskCluster).SetDisk(ctx, node, r.diskOf(node))
	})
	if err != nil {
		return err
	}
	dead := slices.DeleteFunc(r.released(f, deadly...), r.alive)
	if len(dead) == 0 {
		return nil
	}
	if err := r.each(dead, func(node int) error { return r.cluster.Restart(ctx, node) }); err != nil {
		return err
	}
	return r.judgeRestart(f, dead)
}

// diskOf is what the faults in force want of a node's disk: the latest counts.
func (r *runner) diskOf(node int) DiskMode {
	for _, f := range slices.Backward(r.inForce) {
		if f.Fault.Kind == Disk && slices.Contains(f.nodes, node) {
			return f.Fault.Disk
		}
	}
	return DiskHealthy
}

// judgeDisk reads whether a disk refused or held anything, and who died of it.
func (r *runner) judgeDisk(f *fault) error {
	if f.evidence["error"] != "" {
		return nil
	}
	now, err := r.states(f.nodes)
	if err != nil {
		return err
	}
	f.evidence["state"] = perNode(f.nodes, func(node int) string { return change(f.before.states[node], now[node]) })
	f.evidence["disk_trouble"] = perNode(f.nodes, func(node int) string {
		ops := r.cluster.(DiskCluster).DiskTrouble(node) - f.before.diskTrouble[node]
		f.bit = f.bit || ops > 0
		return strconv.FormatInt(ops, 10)
	})
	return nil
}
