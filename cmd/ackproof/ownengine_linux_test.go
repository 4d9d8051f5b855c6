package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownEngine is a Docker engine that a test may fill up and stop: on a small disk
// and in a network of its own, so that it is in nobody's way.
type ownEngine struct {
	t       *testing.T
	dir     string    // what is not on the disk; its name is short, as sockets' must be
	network *exec.Cmd // keeps the network's namespace
	daemon  *exec.Cmd
}

// ownEngineDisk holds the images and a short run.
const ownEngineDisk = "96m"

func startOwnEngine(t *testing.T) *ownEngine {
	t.Helper()
	requireEngine(t)
	for _, needed := range []string{"dockerd", "docker", "unshare", "nsenter", "mount", "umount", "ip"} {
		if _, err := exec.LookPath(needed); err != nil {
			skipUnlessRequired(t, "an engine that may be broken needs %s: %v", needed, err)
		}
	}
	dir, err := os.MkdirTemp("", "engine-")
	require.NoError(t, err)
	e := &ownEngine{t: t, dir: dir}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Mkdir(e.disk(), 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+ownEngineDisk, "tmpfs", e.disk()).CombinedOutput(); err != nil {
		skipUnlessRequired(t, "an engine that may be broken needs root on Linux: %s", bytes.TrimSpace(out))
	}
	t.Cleanup(func() {
		out, err := exec.Command("umount", e.disk()).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	e.network = exec.Command("unshare", "--net", "sleep", "infinity")
	require.NoError(t, startTied(e.network))
	t.Cleanup(func() {
		_ = e.network.Process.Kill()
		_ = e.network.Wait() // it was killed
	})
	// Until unshare has done its work, what is inside is where we are.
	require.Eventually(t, func() bool { return e.apart() && e.inside("ip", "link", "set", "lo", "up").Run() == nil }, time.Minute, 10*time.Millisecond)
	e.start()
	t.Cleanup(e.stop)
	return e
}

// skipUnlessRequired skips the test, unless this machine is one that must have
// containers: there it fails.
func skipUnlessRequired(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv(requireDocker) == "1" {
		t.Fatalf(requireDocker+"=1: "+format, args...)
	}
	t.Skipf("SKIPPED: "+format, args...)
}

// apart tells whether the engine's network is another one than ours.
func (e *ownEngine) apart() bool {
	its, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(e.network.Process.Pid), "ns", "net"))
	ours, err2 := os.Readlink("/proc/self/ns/net")
	return err == nil && err2 == nil && its != ours
}

// startTied starts a process that does not outlive a test that was killed. The
// kernel tells a child when the thread that started it ends, not the process,
// and clock faults of tests beside this one do end threads: so it is started by
// a thread that stays.
func startTied(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

func (e *ownEngine) disk() string { return filepath.Join(e.dir, "disk") }
func (e *ownEngine) host() string { return "unix://" + filepath.Join(e.dir, "sock") }

// inside is a command in the engine's network, to which it is the Docker engine.
func (e *ownEngine) inside(args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--net", "--target", strconv.Itoa(e.network.Process.Pid)}, args...)...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.host(), "TESTCONTAINERS_RYUK_DISABLED=true")
	return cmd
}

// start returns when the engine answers.
func (e *ownEngine) start() {
	e.t.Helper()
	log, err := os.OpenFile(filepath.Join(e.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(e.t, err)
	defer log.Close()
	e.daemon = e.inside("dockerd", "--data-root", filepath.Join(e.disk(), "data"), "--exec-root", filepath.Join(e.dir, "exec"),
		"--pidfile", filepath.Join(e.dir, "pid"), "--host", e.host())
	e.daemon.Stdout, e.daemon.Stderr = log, log
	require.NoError(e.t, startTied(e.daemon))
	answers := func() bool { return exec.Command("docker", "--host", e.host(), "info").Run() == nil }
	require.Eventually(e.t, answers, time.Minute, 50*time.Millisecond, "see %s", log.Name())
}

// stop returns when the engine is gone, as systemctl stop docker does.
func (e *ownEngine) stop() {
	_ = e.daemon.Process.Signal(syscall.SIGTERM) // it may be gone
	_ = e.daemon.Wait()
}

// fill leaves no more than that on the engine's disk, until empty is called. Who
// else writes meanwhile may fill it first.
func (e *ownEngine) fill(t *testing.T, leave uint64) (empty func()) {
	t.Helper()
	var disk syscall.Statfs_t
	require.NoError(t, syscall.Statfs(e.disk(), &disk))
	free := disk.Bavail * uint64(disk.Bsize)
	require.Greater(t, free, leave)
	filler := filepath.Join(e.disk(), "filler")
	if err := os.WriteFile(filler, make([]byte, free-leave), 0o644); !errors.Is(err, syscall.ENOSPC) {
		require.NoError(t, err)
	}
	return func() { require.NoError(t, os.Remove(filler)) }
}

// requireNothingOfOurs returns when nothing with our label is on the engine.
func (e *ownEngine) requireNothingOfOurs() {
	e.t.Helper()
	var found string
	clean := func() bool {
		found = ""
		for _, list := range [][]string{{"ps", "--all"}, {"network", "ls"}, {"volume", "ls"}} {
			args := append(append([]string{"--host", e.host()}, list...), "--quiet", "--filter", "label=com.ackproof.run")
			out, err := exec.Command("docker", args...).CombinedOutput()
			if text := strings.TrimSpace(string(out)); err != nil || text != "" {
				found += strings.Join(list, " ") + ": " + text + "\n"
			}
		}
		return found == ""
	}
	if !assert.Eventually(e.t, clean, time.Minute, 200*time.Millisecond) {
		require.Empty(e.t, found, "left on the engine")
	}
}
