package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/harness/cluster/local"
)

const (
	mib = 1 << 20
	gib = 1 << 30

	diskLeast   = 256 * mib // a short run with its data
	diskComfort = 2 * gib   // the suite with its data
)

// disk checks the free space where dir is, or will be.
func disk(name, dir string) Check {
	c := Check{Name: name}
	free, at, err := freeBytes(dir)
	switch {
	case err != nil:
		c.Level, c.Found, c.Follows = Broken, err.Error(), "no results can be written"
	case free < diskLeast:
		c.Level, c.Follows = Broken, fmt.Sprintf("a run needs %s", bytes(diskLeast))
	case free < diskComfort:
		c.Level, c.Follows = Lacking, fmt.Sprintf("single runs fit, the suite needs %s", bytes(diskComfort))
	default:
		c.Level, c.Follows = OK, "enough"
	}
	if err == nil {
		c.Found = fmt.Sprintf("%s free at %s", bytes(free), at)
	}
	return c
}

// freeBytes asks the file system of dir, or of the folder above if there is no
// such one yet.
func freeBytes(dir string) (free uint64, at string, err error) {
	at, err = filepath.Abs(dir)
	if err != nil {
		return 0, dir, err
	}
	for {
		_, err := os.Stat(at)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(at, &s); err != nil {
		return 0, at, fmt.Errorf("%s: %w", at, err)
	}
	return uint64(s.Bavail) * uint64(s.Bsize), at, nil //nolint:unconvert // the types differ between systems
}

func bytes(n uint64) string {
	if n < gib {
		return fmt.Sprintf("%d MiB", n/mib)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}

const (
	clockSample    = 50 * time.Millisecond
	clockTolerance = 10 * time.Millisecond
)

// wallClock compares the wall clock with the monotonic one for a moment, since
// somebody may be setting it, and with what can be true at all.
func wallClock() Check {
	began := time.Now()
	time.Sleep(clockSample)
	ended := time.Now()
	// Round(0) strips the monotonic reading, so that the wall clocks are compared.
	return judgeClock(began, ended.Sub(began), ended.Round(0).Sub(began.Round(0)))
}

func judgeClock(now time.Time, elapsed, byWall time.Duration) Check {
	c := Check{Name: "wall clock", Level: OK, Found: now.UTC().Format(time.RFC3339), Follows: "timestamps of runs can be believed"}
	built := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	switch off := (byWall - elapsed).Abs(); {
	case now.Before(built):
		c.Level, c.Follows = Broken, "that is before this program was written: set the clock"
	case off > clockTolerance:
		c.Level, c.Found = Broken, fmt.Sprintf("%s, and moved by %v in %v", c.Found, byWall, elapsed.Round(time.Millisecond))
		c.Follows = "somebody is setting the clock: stop that before a run"
	}
	return c
}

// ChildClocks is the check of whether clocks of child processes can be skewed.
const ChildClocks = "child clock"

// childClocks starts the command and tries.
func childClocks(tellTime *exec.Cmd) Check {
	c := Check{Name: ChildClocks, Level: OK, Found: "yes", Follows: "child processes' wall clocks can be wrong"}
	if err := local.ProbeClock(tellTime); err != nil {
		c.Level, c.Found, c.Follows = Lacking, "no: "+err.Error(), "no clock faults on the local cluster"
	}
	return c
}

// enoughPorts are those of five brokers.
const enoughPorts = 15

// ports checks that loopback gives ports.
func ports() Check {
	c := Check{Name: "ports", Level: OK, Follows: runtime.GOOS + "/" + runtime.GOARCH + " runs clusters of child processes (--cluster local)"}
	var open []net.Listener
	defer func() {
		for _, l := range open {
			_ = l.Close()
		}
	}()
	for range enoughPorts {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			c.Level, c.Found, c.Follows = Broken, err.Error(), "brokers have nowhere to listen"
			return c
		}
		open = append(open, l)
	}
	c.Found = fmt.Sprintf("%d free ones on 127.0.0.1", len(open))
	return c
}
