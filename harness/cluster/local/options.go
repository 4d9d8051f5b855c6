package local

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
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

// Defaults are the properties that brokers get unless Options say otherwise.
// The directed schedules of package nemesis assume these times.
func Defaults() map[string]string {
	return map[string]string{
		"broker.session.timeout.ms":    "1000",
		"broker.heartbeat.interval.ms": "200",
		"replica.lag.time.max.ms":      "1000",
	}
}

// ownProperties are those that follow from the cluster's ports and folders.
var ownProperties = []string{
	"node.id", "cluster.id", "listeners", "advertised.listeners", "inter.broker.listener.name",
	"controller.quorum.voters", "log.dirs", "metadata.log.dir", "http.listen", "mutant",
}

const maxNodes = 99

// normalize checks the options and fills in what was left out.
func (o Options) normalize() (Options, error) {
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return o, fmt.Errorf("nodes %d: allowed are 1 to %d", o.Nodes, maxNodes)
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
	for _, key := range slices.Sorted(maps.Keys(o.Properties)) {
		if slices.Contains(ownProperties, key) {
			return o, fmt.Errorf("property %s=%q: the cluster sets it, allowed are others", key, o.Properties[key])
		}
		if strings.ContainsAny(key+o.Properties[key], "\r\n") {
			return o, fmt.Errorf("property %q=%q: a line break is not allowed", key, o.Properties[key])
		}
	}
	return o, nil
}
