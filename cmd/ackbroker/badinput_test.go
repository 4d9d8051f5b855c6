package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is wrong with what the operator gives, the broker says so in one
// line, ends, and leaves everything as it is.
func TestBadInputIsOneLine(t *testing.T) {
	const badInput, failed = 254, 1
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := taken.Addr().String()

	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	fresh := "--log.dirs=" + filepath.Join(dir, "fresh")
	another := filepath.Join(dir, "another")
	owner := file("another/meta.properties", "version=1\ncluster.id=ackproof\nnode.id=7\n")

	tests := []struct {
		name string
		args []string
		exit int
		want string
	}{
		{"unknown flag", []string{fresh, "--node.di=1"}, badInput, `property "node.di" is unknown (did you mean "node.id"?)`},
		{"unknown flag without a value", []string{fresh, "--fast"}, badInput, `property "fast" is unknown`},
		{"argument", []string{fresh, "start"}, badInput, `argument "start" is not allowed; allowed: --property=value`},
		{"value", []string{fresh, "--flush.policy=often"}, badInput, `property "flush.policy": "often" is not allowed; allowed: never, interval, before-ack`},
		{"unknown key in the file", []string{"--config", file("key.properties", "node.id=1\nlog.dir=x\n")}, badInput,
			`property "log.dir" is unknown (did you mean "log.dirs"?) (` + filepath.Join(dir, "key.properties") + ` line 2)`},
		{"line in the file", []string{"--config", file("line.properties", "log.dirs\n")}, badInput, `line "log.dirs" is not allowed; allowed: property=value`},
		{"file that is not", []string{"--config", filepath.Join(dir, "no.properties")}, badInput, `flag "--config": open `},
		{"port in use", []string{fresh, "--listeners=OUTSIDE://" + port}, failed,
			"listener OUTSIDE: " + port + ": address already in use; allowed: an address that is free"},
		{"metrics port in use", []string{fresh, "--listeners=OUTSIDE://127.0.0.1:0", "--http.listen=" + port}, failed,
			"listener http.listen: " + port + ": address already in use; allowed: an address that is free"},
		{"directory of another broker", []string{"--log.dirs=" + another, "--listeners=OUTSIDE://127.0.0.1:0"}, badInput,
			`property "log.dirs": ` + another + ` has node.id "7" in its meta.properties, not "1"; allowed: a new directory, or one of this broker`},
		{"directory below a file", []string{"--log.dirs=" + filepath.Join(owner, "x"), "--listeners=OUTSIDE://127.0.0.1:0"}, failed, `property "log.dirs": `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(ackbroker, tt.args...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			require.Error(t, cmd.Run())
			require.Equal(t, tt.exit, cmd.ProcessState.ExitCode(), stderr.String())
			require.Contains(t, stderr.String(), "ackbroker: "+tt.want)
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
			require.Empty(t, stdout.String())
		})
	}
	left, err := os.ReadDir(another)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing was added to another broker's directory")
	text, err := os.ReadFile(owner)
	require.NoError(t, err)
	require.Equal(t, "version=1\ncluster.id=ackproof\nnode.id=7\n", string(text))
}
