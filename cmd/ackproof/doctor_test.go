package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDoctorIsContentWithoutDocker(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
	exit, out, errs := call("doctor", "--results", t.TempDir())
	require.Equal(t, exitValid, exit, errs)
	require.Empty(t, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 5, out)
	require.Contains(t, lines[4], "lacks   docker        no Docker engine answers")

	exit, out, _ = call("doctor", "--results", t.TempDir(), "--json")
	require.Equal(t, exitValid, exit)
	found := map[string]string{}
	require.NoError(t, json.Unmarshal([]byte(out), &found))
	require.Contains(t, found["docker"], "lacks: ")
}
