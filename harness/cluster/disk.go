package cluster

import (
	"errors"
	"strings"
)

// ErrDiskFull is the error of a cluster of which the machine's disk is full.
var ErrDiskFull = errors.New("the disk is full")

// DiskFull tells from a broker's last words whether it ended for want of disk:
// a broker that cannot write must end, and has broken no promise by it. The
// words are the kernel's, for ENOSPC.
func DiskFull(lastWords string) bool { return strings.Contains(lastWords, "no space left on device") }
