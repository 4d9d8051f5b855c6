package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
)

// Playground is a cluster to play with: nobody judges it, and it is hurt only by
// hand.
type Playground struct {
	// Dir takes the brokers' logs, and their data while it is up.
	Dir    string
	Nodes  int
	Mutant string
	// Cluster is the kind of cluster, Broker and Agent its binaries: see Config.
	Cluster, Broker, Agent string
	// Machine is the machine that it is made on: what cannot be had there is refused.
	Machine Machine
	// Topic is created, as brokers create none by themselves.
	Topic string
}

// PlaygroundState is what a playground tells of itself, in its folder's
// cluster.json, while it is up.
type PlaygroundState struct {
	PID       int      `json:"pid"`
	Bootstrap []string `json:"bootstrap"`
	Topic     string   `json:"topic"`
	Logs      []string `json:"logs"`
	// Nemesis is the socket on which the keeper hears of faults: see Ask.
	Nemesis string `json:"nemesis"`
}

const (
	stateFile       = "cluster.json"
	playPartitions  = 3
	playReplication = 3
	playTopicLimit  = 30 * time.Second
)

// Validate names the first field that cannot be.
func (p Playground) Validate() error {
	switch {
	case p.Nodes < 1 || p.Nodes > maxNodes:
		return fmt.Errorf("nodes is %d, allowed are 1 to %d", p.Nodes, maxNodes)
	case p.Dir == "":
		return errors.New(`dir is "", allowed is a folder`)
	case p.Topic == "":
		return errors.New(`topic is "", allowed is a topic's name`)
	}
	if err := checkCluster(p.Cluster); err != nil {
		return err
	}
	_, err := mutant.Parse(p.Mutant)
	return err
}

// Run brings the brokers up, calls ready, and keeps them up until ctx is done.
// A broker that ends by itself is an error, and so is a cluster that is lost.
func (p Playground) Run(ctx context.Context, ready func(PlaygroundState)) (err error) {
	if err := p.Validate(); err != nil {
		return &InputError{err}
	}
	if err := removeLogs(p.Dir); err != nil {
		return err
	}
	brokers, err := making{
		kind: p.Cluster, dir: p.Dir, nodes: p.Nodes, broker: p.Broker, agent: p.Agent, mutant: p.Mutant,
	}.make(ctx)
	if err != nil {
		return &InputError{err}
	}
	defer func() { err = errors.Join(err, brokers.Stop()) }()
	if err := brokers.Start(ctx); err != nil {
		return err
	}
	admin, err := client.NewAdmin(client.Settings{Bootstrap: brokers.Bootstrap(), Name: "ackproof"})
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := p.createTopic(ctx, admin); err != nil {
		return err
	}
	keeper, err := openKeeper(p.Machine, nemesis.NewHand(brokers, client.View{Admin: admin, Topic: p.Topic, Partition: 0}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keeper.close()) }()
	state := PlaygroundState{PID: os.Getpid(), Bootstrap: brokers.Bootstrap(), Topic: p.Topic}
	state.Nemesis = keeper.address()
	for node := range p.Nodes {
		state.Logs = append(state.Logs, brokers.Log(node+1))
	}
	path := filepath.Join(p.Dir, stateFile)
	if err := writeJSON(path, state); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the keeper is closed
	keeper.serve(ctx)
	ready(state)
	return watchDeaths(ctx, brokers)
}

// MakeTopic creates the topic of a playground that somebody else has brought up,
// at these addresses, unless it is there.
func (p Playground) MakeTopic(ctx context.Context, bootstrap []string) error {
	if err := p.Validate(); err != nil {
		return &InputError{err}
	}
	admin, err := client.NewAdmin(client.Settings{Bootstrap: bootstrap, Name: "ackproof"})
	if err != nil {
		return err
	}
	defer admin.Close()
	return p.createTopic(ctx, admin)
}

func (p Playground) createTopic(ctx context.Context, admin *client.Admin) error {
	ctx, cancel := context.WithTimeout(ctx, playTopicLimit)
	defer cancel()
	replicas := min(p.Nodes, playReplication)
	return admin.CreateTopic(ctx, client.Topic{
		Name: p.Topic, Partitions: playPartitions, ReplicationFactor: int16(replicas),
		Configs: map[string]string{"min.insync.replicas": fmt.Sprint(max(1, replicas-1))},
	})
}

// removeLogs removes those of the last cluster that was up in the folder: some
// kinds of cluster take none that has any.
func removeLogs(dir string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "node-*.log"))
	for _, log := range logs {
		err = errors.Join(err, os.Remove(log))
	}
	return err
}

// watchDeaths returns when ctx is done, or with a broker that has died.
func watchDeaths(ctx context.Context, brokers cluster.Cluster) error {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := brokers.Lost(); err != nil {
				return err
			}
			if deaths := brokers.Unexpected(); len(deaths) > 0 {
				return errors.New(deaths[0])
			}
		}
	}
}

// ErrNotUp is the error of a folder in which no playground is up.
var ErrNotUp = errors.New("no cluster is up")

// ReadPlayground reads the state of the playground in dir, or is ErrNotUp.
func ReadPlayground(dir string) (PlaygroundState, error) {
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return PlaygroundState{}, fmt.Errorf("%w in %s", ErrNotUp, dir)
		}
		return PlaygroundState{}, fmt.Errorf("cluster: %w", err)
	}
	var s PlaygroundState
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// ClearPlayground removes what a playground left in dir whose process was
// killed: its socket, its state and the brokers' data. Logs stay.
func ClearPlayground(dir string) error {
	if s, err := ReadPlayground(dir); err == nil && filepath.Base(s.Nemesis) == socketName {
		if err := os.RemoveAll(filepath.Dir(s.Nemesis)); err != nil {
			return fmt.Errorf("clear %s: %w", dir, err)
		}
	}
	data, err := filepath.Glob(filepath.Join(dir, "node-*", "broker.properties"))
	if err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	for _, properties := range data {
		if err := os.RemoveAll(filepath.Dir(properties)); err != nil {
			return fmt.Errorf("clear %s: %w", dir, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	return nil
}
