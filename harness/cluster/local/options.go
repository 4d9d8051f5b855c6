package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ackproof/ackproof/harness/cluster"
)

// Options says what cluster to make.
type Options struct {
	// Dir takes the nodes' logs (node-1.log, ...), which stay, and their data
	// (node-1/, ...), which Stop removes. It is made if it does not exist and
	// must not hold the data of an earlier cluster.
	Dir string
	// Nodes is the number of brokers, 1 to 99.
	Nodes int
	// Binary is the path of ackbroker.
	Binary string
	// Properties are written into every broker's configuration, over Defaults.
	// Those that the cluster itself decides are refused.
	Properties map[string]string
	// Mutant names the protocol bug that all brokers run with; "" for none.
	Mutant string
	// Direct leaves the links out, for measurements: brokers and clients reach
	// each other without a relay between them, and link faults have no effect.
	Direct bool
	// StartTimeout bounds the time until all brokers are healthy; 0 means 30 s.
	StartTimeout time.Duration
	// KeepData leaves the nodes' data in Dir after Stop, for a look at it.
	KeepData bool
}

// normalize checks the options and fills in what was left out.
func (o Options) normalize() (Options, error) {
	if o.Nodes < 1 || o.Nodes > cluster.MaxNodes {
		return o, fmt.Errorf("nodes %d: allowed are 1 to %d", o.Nodes, cluster.MaxNodes)
	}
	if o.Dir == "" {
		return o, fmt.Errorf(`dir "": a directory must be named`)
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("dir %q: %w", o.Dir, err)
	}
	for id := 1; id <= o.Nodes; id++ {
		if _, err := os.Lstat(nodeDir(o.Dir, id)); !errors.Is(err, fs.ErrNotExist) {
			return o, fmt.Errorf("dir %q: holds %s already, allowed is a directory without", o.Dir, filepath.Base(nodeDir(o.Dir, id)))
		}
	}
	info, err := os.Stat(o.Binary)
	switch {
	case err != nil:
		return o, fmt.Errorf("binary %q: %w", o.Binary, err)
	case info.IsDir() || info.Mode()&0o111 == 0:
		return o, fmt.Errorf("binary %q: not an executable file", o.Binary)
	}
	if o.Binary, err = filepath.Abs(o.Binary); err != nil {
		return o, fmt.Errorf("binary %q: %w", o.Binary, err)
	}
	if o.StartTimeout < 0 {
		return o, fmt.Errorf("start timeout %v: allowed is 0 (for 30s) or more", o.StartTimeout)
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 30 * time.Second
	}
	return o, cluster.CheckProperties(o.Properties)
}
