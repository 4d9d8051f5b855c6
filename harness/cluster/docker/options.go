package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/ackproof/ackproof/harness/cluster"
)

// Options says what cluster to make.
type Options struct {
	// Dir takes the nodes' logs (node-1.log, ...), which stay. It is made if it
	// does not exist and must not hold the logs of an earlier cluster. Data lies
	// on volumes of the engine.
	Dir string
	// Nodes is the number of brokers, 1 to 99.
	Nodes int
	// Broker and Agent are the paths of ackbroker and faultd as static binaries
	// for the engine's Linux. An empty one is built with the user's Go.
	Broker, Agent string
	// Properties are given to every broker, over Defaults. Those that the cluster itself decides
	// are refused.
	Properties map[string]string
	// Mutant names the protocol bugs that all brokers run with; "" for none.
	Mutant string
	// Name is the network's, and the beginning of the containers' names; "" for
	// one that nobody else has.
	Name string
	// Port is where clients reach node 1 on this machine; node 2 is at the next
	// one, and so on. 0 lets the engine choose, which then can't find it taken.
	Port int
	// Seed makes losses and jitters of the links repeatable.
	Seed uint64
	// StartTimeout bounds the time until all brokers are healthy, once images
	// exist; 0 means 30 s.
	StartTimeout time.Duration
}

const (
	maxPort             = 65535
	defaultStartTimeout = 30 * time.Second
)

// namePattern is what engines allow as names of networks and containers.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// normalize checks the options and fills in what was left out.
func (o Options) normalize() (Options, error) {
	if o.Nodes < 1 || o.Nodes > cluster.MaxNodes {
		return o, fmt.Errorf("nodes %d: allowed are 1 to %d", o.Nodes, cluster.MaxNodes)
	}
	if o.Dir == "" {
		return o, errors.New(`dir "": a directory must be named`)
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("dir %q: %w", o.Dir, err)
	}
	for id := 1; id <= o.Nodes; id++ {
		if _, err := os.Lstat(logPath(o.Dir, id)); !errors.Is(err, fs.ErrNotExist) {
			return o, fmt.Errorf("dir %q: holds %s already, allowed is a directory without", o.Dir, filepath.Base(logPath(o.Dir, id)))
		}
	}
	if o.Name != "" && !namePattern.MatchString(o.Name) {
		return o, fmt.Errorf("name %q: allowed are letters, digits, '_', '.' and '-', beginning with a letter or digit", o.Name)
	}
	if o.Port < 0 || o.Port > maxPort-o.Nodes+1 {
		return o, fmt.Errorf("port %d: allowed are 1 to %d, and 0 to let the engine choose", o.Port, maxPort-o.Nodes+1)
	}
	if o.StartTimeout < 0 {
		return o, fmt.Errorf("start timeout %v: allowed is 0 (for %v) or more", o.StartTimeout, defaultStartTimeout)
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = defaultStartTimeout
	}
	return o, cluster.CheckProperties(o.Properties)
}

func logPath(dir string, node int) string {
	return filepath.Join(dir, fmt.Sprintf("node-%d.log", node))
}
