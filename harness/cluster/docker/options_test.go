package docker

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOptionsNameWhatIsWrong(t *testing.T) {
	used := t.TempDir()
	require.NoError(t, os.WriteFile(logPath(used, 2), nil, 0o644))
	good := Options{Dir: t.TempDir(), Nodes: 3}
	tests := map[string]struct {
		change func(*Options)
		says   string
	}{
		"no nodes":      {func(o *Options) { o.Nodes = 0 }, "nodes 0: allowed are 1 to 99"},
		"many nodes":    {func(o *Options) { o.Nodes = 100 }, "nodes 100: allowed are 1 to 99"},
		"no dir":        {func(o *Options) { o.Dir = "" }, `dir "": a directory must be named`},
		"used dir":      {func(o *Options) { o.Dir = used }, "holds node-2.log already, allowed is a directory without"},
		"name":          {func(o *Options) { o.Name = "my cluster" }, `name "my cluster": allowed are letters, digits`},
		"port":          {func(o *Options) { o.Port = 65534 }, "port 65534: allowed are 1 to 65533, and 0 to let the engine choose"},
		"negative port": {func(o *Options) { o.Port = -1 }, "port -1: allowed are 1 to 65533"},
		"timeout":       {func(o *Options) { o.StartTimeout = -1 }, "start timeout -1ns: allowed is 0 (for 30s) or more"},
		"own property":  {func(o *Options) { o.Properties = map[string]string{"node.id": "7"} }, `property node.id="7": the cluster sets it`},
		"line break":    {func(o *Options) { o.Properties = map[string]string{"a": "b\nc"} }, "a line break is not allowed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := good
			test.change(&o)
			_, err := New(t.Context(), o)
			require.ErrorContains(t, err, "docker cluster: ")
			require.ErrorContains(t, err, test.says)
		})
	}
	o, err := good.normalize()
	require.NoError(t, err)
	require.Equal(t, defaultStartTimeout, o.StartTimeout)
}

func TestEnvironmentIsTheBrokersSpelling(t *testing.T) {
	require.Equal(t,
		map[string]string{"ACKBROKER_NODE_ID": "1", "ACKBROKER_LOG_DIRS": "/data/logs"},
		environment(map[string]string{"node.id": "1", "log.dirs": "/data/logs"}))
}
