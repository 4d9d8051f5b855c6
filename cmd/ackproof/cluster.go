package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/harness"
)

const (
	// keeperLog is where the process that keeps a cluster up writes.
	keeperLog = "keeper.log"
	// keeperLock is held by it as long as it lives.
	keeperLock = "keeper.lock"

	upLimit     = time.Minute
	downLimit   = time.Minute
	keeperEvery = 50 * time.Millisecond
)

// cluster is `ackproof cluster up` and `down`. Brokers are children of the
// process that started them and die with it, so a cluster that stays up has a
// process in the background that keeps it: this command again, with
// --foreground.
func (a *app) cluster(ctx context.Context, args []string) (int, error) {
	p := harness.Playground{Dir: filepath.Join("results", "cluster"), Nodes: 3, Topic: "demo"}
	foreground := false
	f := a.flags("cluster", "up|down [flags]")
	f.whole(&p.Nodes, "nodes", "brokers")
	f.StringVar(&p.Dir, "dir", p.Dir, "`folder` of logs and data")
	f.StringVar(&p.Topic, "topic", p.Topic, "topic to create")
	f.StringVar(&p.Mutant, "mutant", "", "protocol bugs to plant in the brokers")
	f.StringVar(&p.Broker, "broker", "", "path of an ackbroker `binary` (default: the broker in this binary)")
	f.BoolVar(&foreground, "foreground", false, "stay, until Ctrl-C")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	switch word := strings.Join(rest, " "); {
	case word == "down":
		return exitValid, a.clusterDown(ctx, p.Dir)
	case word != "up":
		return 0, badInput("cluster is %q, allowed are up, down", word)
	}
	if err := p.Validate(); err != nil {
		return 0, &harness.InputError{Err: err}
	}
	if foreground {
		return exitValid, a.keep(ctx, p)
	}
	return exitValid, a.clusterUp(ctx, p)
}

// keep keeps a cluster up until ctx is done.
func (a *app) keep(ctx context.Context, p harness.Playground) error {
	lock, err := lockKeeper(p.Dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if p.Broker, err = a.brokerBinary(p.Broker); err != nil {
		return err
	}
	return p.Run(ctx, a.tellCluster)
}

func (a *app) tellCluster(s harness.PlaygroundState) {
	bootstrap := strings.Join(s.Bootstrap, ",")
	fmt.Fprintf(a.stdout, "bootstrap %s\n", bootstrap)
	fmt.Fprintf(a.stdout, "topic     %s\n", s.Topic)
	fmt.Fprintf(a.stdout, "logs      %s\n", strings.Join(s.Logs, " "))
	fmt.Fprintf(a.stdout, "try       echo hello | kcat -P -b %s -t %s && kcat -C -b %s -t %s -e\n", bootstrap, s.Topic, bootstrap, s.Topic)
}

// clusterUp starts a keeper in the background and waits until its brokers are up.
func (a *app) clusterUp(ctx context.Context, p harness.Playground) error {
	lock, err := lockKeeper(p.Dir)
	if err != nil {
		return err
	}
	lock.Close() // the keeper takes it next
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	logPath := filepath.Join(p.Dir, keeperLog)
	log, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	defer log.Close()
	keeper := exec.Command(self, "cluster", "up", "--foreground", "--dir", p.Dir,
		"--nodes", fmt.Sprint(p.Nodes), "--topic", p.Topic, "--mutant", p.Mutant, "--broker", p.Broker)
	keeper.Stdout, keeper.Stderr = log, log
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // this terminal's Ctrl-C is not meant for it
	if err := keeper.Start(); err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	err = waitFor(ctx, upLimit, func() (bool, error) {
		select {
		case <-ended:
			return false, fmt.Errorf("the cluster did not come up: %s", lastLine(logPath))
		default:
		}
		s, err := harness.ReadPlayground(p.Dir)
		if err != nil {
			return false, nil
		}
		a.tellCluster(s)
		fmt.Fprintf(a.stdout, "stop      %s cluster down --dir %s\n", a.name, p.Dir)
		return true, nil
	})
	if err != nil {
		_ = keeper.Process.Signal(syscall.SIGTERM)
	}
	return err
}

// clusterDown ends the keeper, and with it the brokers.
func (a *app) clusterDown(ctx context.Context, dir string) error {
	s, err := harness.ReadPlayground(dir)
	if err != nil {
		if errors.Is(err, harness.ErrNotUp) {
			return &harness.InputError{Err: err}
		}
		return err
	}
	if lock, err := lockKeeper(dir); err == nil {
		// Nobody keeps this cluster: its keeper was killed, and the brokers
		// with it. The process of that id, if there is one, is somebody else.
		lock.Close()
		if err := os.Remove(filepath.Join(dir, "cluster.json")); err != nil {
			return fmt.Errorf("cluster down: %w", err)
		}
		fmt.Fprintf(a.stdout, "the cluster in %s was down already: its keeper had died\n", dir)
		return nil
	}
	if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cluster down: process %d: %w", s.PID, err)
	}
	err = waitFor(ctx, downLimit, func() (bool, error) {
		lock, err := lockKeeper(dir)
		if err != nil {
			return false, nil
		}
		return true, lock.Close()
	})
	if err != nil {
		return fmt.Errorf("cluster down: process %d: %w", s.PID, err)
	}
	fmt.Fprintf(a.stdout, "the cluster in %s is down\n", dir)
	return nil
}

// lockKeeper takes the lock of the keeper in dir; while one lives it is refused.
func lockKeeper(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, badInput("dir: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, keeperLock), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, badInput("dir: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, badInput("a cluster is up in %s already, allowed is a folder without one", dir)
	}
	return f, nil
}

// waitFor looks until it is so, an error, or the limit.
func waitFor(ctx context.Context, limit time.Duration, look func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %v", limit))
	defer cancel()
	ticker := time.NewTicker(keeperEvery)
	defer ticker.Stop()
	for {
		if done, err := look(); done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	last := "it said nothing"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		last = lines.Text()
	}
	return last
}
