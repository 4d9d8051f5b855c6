package harness

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/harness/cluster/docker"
	"github.com/ackproof/ackproof/harness/cluster/local"
	"github.com/ackproof/ackproof/harness/doctor"
	"github.com/ackproof/ackproof/nemesis"
)

// The kinds of cluster.
const (
	Local  = "local"  // child processes on loopback
	Docker = "docker" // containers
)

// Clusters are the kinds of cluster.
var Clusters = []string{Local, Docker}

// clusterTypes tell what faults the kinds of cluster know at all.
var clusterTypes = map[string]nemesis.Cluster{Local: (*local.Cluster)(nil), Docker: (*docker.Cluster)(nil)}

// Machine is what clusters of one kind are made on. Its zero value is one that
// nobody has examined, on which anything is tried.
type Machine struct {
	// Found is what ackproof doctor found, for the run's record.
	Found map[string]string
	// Cannot says, by kind of fault, why it can't be had there.
	Cannot map[nemesis.Kind]string
}

// Tools are what a machine is examined with.
type Tools struct {
	// Results is where results will lie.
	Results string
	// Agent is the path of faultd for containers; "" for one built with Go.
	Agent string
	// TellTime is a command that calls clock.Answer, on which skewed clocks are
	// tried.
	TellTime *exec.Cmd
}

// Examine looks at the machine before anything is started on it. Its error is
// an *InputError that says why clusters of the kind cannot be made there.
func Examine(ctx context.Context, kind string, t Tools) (Machine, error) {
	options := doctor.Options{Dir: t.Results, Agent: t.Agent}
	switch kind {
	case Local:
		options.TellTime = t.TellTime
		report := doctor.Local(options)
		m := machine(report, map[nemesis.Kind]string{nemesis.SkewClock: doctor.ChildClocks})
		m.Cannot[nemesis.Loss], m.Cannot[nemesis.Reorder] = local.NoPackets, local.NoPackets
		return m, nil
	case Docker:
		report := append(doctor.Local(options), doctor.Containers(ctx, options)...)
		for _, needed := range []string{"docker", "agent"} {
			if why := report.Lacks(needed); why != "" {
				return Machine{}, &InputError{fmt.Errorf("cluster is %q, allowed here is %q: %s", kind, Local, why)}
			}
		}
		return machine(report, map[nemesis.Kind]string{
			nemesis.SkewClock: "clock", nemesis.Partition: "nftables", nemesis.Reset: "reject",
			// Netem can do it too, and counts nothing: what left no evidence proves nothing.
			nemesis.Delay: "nfqueue", nemesis.Loss: "nfqueue", nemesis.Reorder: "nfqueue",
		}), nil
	}
	return Machine{}, &InputError{checkCluster(kind)}
}

func checkCluster(kind string) error { return word("cluster", kind, Clusters...) }

// machine sums up a report: some kinds of fault hang on a check.
func machine(report doctor.Report, needs map[nemesis.Kind]string) Machine {
	m := Machine{Found: report.Map(), Cannot: map[nemesis.Kind]string{}}
	for kind, check := range needs {
		if why := report.Lacks(check); why != "" {
			m.Cannot[kind] = strings.ReplaceAll(why, "\n", "; ")
		}
	}
	return m
}

// Refuses names the first step of a schedule that cannot be had on the machine,
// and why; nil if all can.
func (m Machine) Refuses(s nemesis.Schedule, cluster string) error {
	for _, step := range s.Steps {
		if why := m.Cannot[step.Fault.Kind]; why != "" {
			return &cannotError{step: step, schedule: s.Name, cluster: cluster, why: why}
		}
	}
	return nil
}

// refusesByHand names the kind of a fault that cannot be had on the machine, why, and
// the kinds that can; nil if it can.
func (m Machine) refusesByHand(f nemesis.Fault) error {
	why := m.Cannot[f.Kind]
	if why == "" {
		return nil
	}
	var can []string
	for _, kind := range nemesis.LiveKinds() {
		if m.Cannot[kind] == "" {
			can = append(can, string(kind))
		}
	}
	return fmt.Errorf("apply: fault: kind %q cannot be had on this cluster: %s; allowed are %s", f.Kind, why, strings.Join(can, ", "))
}

// cannotError is a fault that cannot be had.
type cannotError struct {
	step                   nemesis.Step
	schedule, cluster, why string
}

func (e *cannotError) Error() string {
	return fmt.Sprintf("schedule %s: step %d: a %s fault cannot be had on this machine's %s clusters: %s",
		e.schedule, e.step.ID, e.step.Fault.Kind, e.cluster, e.why)
}

// DockerAnswers tells whether there is a Docker engine; the error says why not.
func DockerAnswers(ctx context.Context) error {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return err
	}
	return engine.Close()
}

// making says what cluster to make.
type making struct {
	kind          string
	dir           string
	nodes         int
	broker, agent string
	properties    map[string]string
	mutant        string
	seed          uint64
}

// make makes a cluster that is not started yet. Stop must be called also if it
// never is.
func (m making) make(ctx context.Context) (cluster.Cluster, error) {
	if m.kind == Docker {
		c, err := docker.New(ctx, docker.Options{
			Dir: m.dir, Nodes: m.nodes, Broker: m.broker, Agent: m.agent,
			Properties: m.properties, Mutant: m.mutant, Seed: m.seed,
		})
		if err != nil {
			return nil, err // never a nil cluster in an interface that is not
		}
		return c, nil
	}
	c, err := local.New(local.Options{
		Dir: m.dir, Nodes: m.nodes, Binary: m.broker, Properties: m.properties, Mutant: m.mutant,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}
