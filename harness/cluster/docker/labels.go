package docker

import (
	"fmt"
	"maps"

	testcontainers "github.com/testcontainers/testcontainers-go"
)

// Every container, network and volume of a run carries these labels. The run's
// label is what it is found and removed by.
const (
	LabelRun  = "com.ackproof.run"  // the run's id
	LabelRole = "com.ackproof.role" // what it is in the run, a role below
	LabelNode = "com.ackproof.node" // the node it belongs to, if any
)

const (
	roleJanitor = "janitor"
	roleAgent   = "agent"
	roleBroker  = "broker"
	roleNetwork = "network"
	roleVolume  = "volume"
	roleProbe   = "probe"
)

// labels are those of something of a run. Testcontainers' own are among them,
// so that Ryuk, where it runs, knows what we made past Testcontainers.
func labels(run, role string, more map[string]string) map[string]string {
	all := testcontainers.GenericLabels()
	maps.Copy(all, map[string]string{LabelRun: run, LabelRole: role})
	maps.Copy(all, more)
	return all
}

func nodeLabels(run, role string, node int) map[string]string {
	return labels(run, role, map[string]string{LabelNode: fmt.Sprint(node)})
}
