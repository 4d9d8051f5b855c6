package docker

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// playground calls the script, as it stands in a tree of its own, with programs
// that only tell how they were called, each by a shell's word; it returns what
// was said.
func playground(t *testing.T, programs map[string]string, args ...string) string {
	t.Helper()
	tree := t.TempDir()
	for _, dir := range []string{"docker", "bin", "path"} {
		require.NoError(t, os.Mkdir(filepath.Join(tree, dir), 0o755))
	}
	script, err := os.ReadFile("playground")
	require.NoError(t, err)
	write := func(path, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(tree, path), []byte(text), 0o755))
	}
	write("docker/playground", string(script))
	write("bin/ackproof", "#!/bin/bash\necho ackproof \"$@\"\n")
	write("path/make", "#!/bin/bash\necho make \"$@\"\n")
	for name, body := range programs {
		write("path/"+name, "#!/bin/bash\n"+body+"\n")
	}
	// The shell and the few commands of the system are beside ours.
	for _, name := range []string{"bash", "dirname", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("SKIPPED: the script needs %s: %v", name, err)
		}
		require.NoError(t, os.Symlink(path, filepath.Join(tree, "path", name)))
	}
	cmd := exec.Command(filepath.Join(tree, "docker/playground"), args...)
	cmd.Env = []string{"PATH=" + filepath.Join(tree, "path")}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// What docker and its compose say: an engine that answers, and a client.
const (
	dead     = `exit 1`
	engine   = `[[ $1 == info ]] && exit 0; exit 1`
	plugin   = `case "$*" in info) ;; "compose up --help") echo "--wait  for health" ;; *ps*) echo 1f ;; *) echo docker "$@" ;; esac`
	down     = `case "$*" in info) ;; "compose up --help") echo "--wait  for health" ;; *ps*) ;; *) echo docker "$@" ;; esac`
	alone    = `case "$*" in "up --help") echo "--wait  for health" ;; *ps*) echo 1f ;; *) echo docker-compose "$@" ;; esac`
	ancient  = `[[ $* == "up --help" ]] && echo "--no-color  Produce monochrome output."`
	viaFlags = "cluster-up: by ackproof, as flags are given\nackproof cluster up --nodes 5\n"
)

func TestThePlaygroundTakesWhatThereIs(t *testing.T) {
	processes := func(why string) string {
		return "cluster-up: child processes, as " + why + "\nackproof cluster up\n"
	}
	containers := func(client, command string) string {
		return "cluster-up: containers, by " + client + " and docker/compose.yaml\n" +
			"make --no-print-directory images\n" +
			command + " -f docker/compose.yaml up -d --wait\n" +
			"ackproof cluster topic --bootstrap 127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094 --topic demo\n" +
			"stop      make cluster-down\n"
	}
	tests := map[string]struct {
		programs map[string]string
		args     string
		want     string
	}{
		"no docker":        {nil, "up", processes("no Docker engine answers")},
		"no engine":        {map[string]string{"docker": dead}, "up", processes("no Docker engine answers")},
		"no compose":       {map[string]string{"docker": engine}, "up", processes("no docker compose of version 2 or newer is installed")},
		"an old compose":   {map[string]string{"docker": engine, "docker-compose": ancient}, "up", processes("no docker compose of version 2 or newer is installed")},
		"the plugin":       {map[string]string{"docker": plugin}, "up", containers("docker", "docker compose")},
		"compose alone":    {map[string]string{"docker": engine, "docker-compose": alone}, "up", containers("docker-compose", "docker-compose")},
		"flags":            {map[string]string{"docker": plugin}, "up --nodes 5", viaFlags},
		"containers down":  {map[string]string{"docker": plugin}, "down", "cluster-down: containers, by docker\ndocker compose -f docker/compose.yaml down --volumes\n"},
		"no containers up": {map[string]string{"docker": down}, "down", "ackproof cluster down\n"},
		"processes down":   {map[string]string{"docker": dead}, "down", "ackproof cluster down\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, playground(t, test.programs, strings.Fields(test.args)...))
		})
	}
}
