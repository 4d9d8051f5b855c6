package docker

import (
	"archive/tar"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImageIsNamedAfterItsContent(t *testing.T) {
	one, same, other := image{"faultd", []byte("1")}, image{"faultd", []byte("1")}, image{"faultd", []byte("2")}
	require.Equal(t, "localhost/ackproof/faultd:6b86b273ff34", one.reference())
	require.Equal(t, one.reference(), same.reference())
	require.NotEqual(t, one.reference(), other.reference())
}

func TestImageHoldsTheBinaryAlone(t *testing.T) {
	root, err := image{"faultd", []byte("elf")}.rootFS()
	require.NoError(t, err)
	layer := tar.NewReader(root)
	header, err := layer.Next()
	require.NoError(t, err)
	require.Equal(t, "faultd", header.Name)
	require.EqualValues(t, 0o755, header.Mode)
	content, err := io.ReadAll(layer)
	require.NoError(t, err)
	require.Equal(t, "elf", string(content))
	_, err = layer.Next()
	require.Equal(t, io.EOF, err)
}

func TestBinaryMustBeStaticAndOfTheEnginesKind(t *testing.T) {
	static := build(t, "linux", "amd64")
	loaded, err := loadBinary(t.Context(), brokerName, static, "amd64")
	require.NoError(t, err)
	require.Equal(t, brokerName, loaded.name)

	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755))
	tests := map[string]struct{ path, arch, says string }{
		"missing":     {"/no/such/file", "amd64", "binary of ackbroker: open /no/such/file"},
		"a script":    {script, "amd64", "it is not a Linux program, allowed is a static one for linux/amd64 (built with CGO_ENABLED=0)"},
		"of a Mac":    {build(t, "darwin", "arm64"), "amd64", "it is not a Linux program"},
		"of another":  {static, "arm64", "it is for EM_X86_64, allowed is a static one for linux/arm64"},
		"not static":  {"/bin/sh", runtime.GOARCH, "it is linked to libraries"},
		"empty build": {"", "no-such-arch", "build ackbroker for linux/no-such-arch: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.path == "/bin/sh" && runtime.GOOS != "linux" {
				t.Skip("SKIPPED: only Linux has a program at /bin/sh to try")
			}
			_, err := loadBinary(t.Context(), brokerName, test.path, test.arch)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// build makes the smallest program for a system.
func build(t *testing.T, system, arch string) string {
	t.Helper()
	dir := t.TempDir()
	source, path := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o644))
	command := exec.Command("go", "build", "-o", path, source)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}
