package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/harness"
)

const (
	// composeBootstrap is a broker of docker/compose.yaml.
	composeBootstrap = "127.0.0.1:19092"

	answerLimit = 3 * time.Second
	upLimit     = time.Minute
	downLimit   = time.Minute
)

// cluster is `ackproof cluster up`, `down` and `topic`. Brokers are children of the
// process that started them and die with it, so a cluster that stays up has a
// process in the background that keeps it: this command again, with
// --foreground.
func (a *app) cluster(ctx context.Context, args []string) (int, error) {
	p := harness.Playground{Dir: filepath.Join("results", "cluster"), Nodes: 3, Topic: "demo", Cluster: harness.Local}
	foreground, bootstrap := false, []string(nil)
	f := a.flags("cluster", "up|down|topic [flags]")
	f.whole(&p.Nodes, "nodes", "brokers")
	f.StringVar(&p.Dir, "dir", p.Dir, "`folder` of logs and data")
	f.StringVar(&p.Topic, "topic", p.Topic, "topic to create")
	f.StringVar(&p.Mutant, "mutant", "", "protocol bugs to plant in the brokers")
	f.StringVar(&p.Cluster, "cluster", p.Cluster, "kind of cluster: "+strings.Join(harness.Clusters, ", "))
	f.StringVar(&p.Broker, "broker", "", "path of an ackbroker `binary` (default: the broker in this binary)")
	f.StringVar(&p.Agent, "agent", "", "path of a faultd `binary` for containers, static (default: the one beside this binary, or built with Go)")
	f.words(&bootstrap, "bootstrap", "of topic: addresses of the cluster that gets it (default: those of the cluster that is up in --dir, or else "+composeBootstrap+", of make cluster-up)")
	f.BoolVar(&foreground, "foreground", false, "stay, until Ctrl-C")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	switch word := strings.Join(rest, " "); {
	case word == "down":
		return exitValid, a.clusterDown(ctx, p.Dir)
	case word == "topic":
		return exitValid, a.clusterTopic(ctx, p, bootstrap)
	case word != "up":
		return 0, badInput("cluster is %q, allowed are up, down, topic", word)
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
	unlock, err := lockKeeper(p.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	c := harness.Config{Cluster: p.Cluster, Broker: p.Broker, Agent: p.Agent, Results: p.Dir}
	if err := a.machine(ctx, &c); err != nil {
		return err
	}
	p.Broker, p.Agent, p.Machine = c.Broker, c.Agent, c.Machine
	return p.Run(ctx, a.tellCluster)
}

// clusterTopic creates the topic on the cluster that is up in the folder, or on one
// that something else keeps up, such as compose, and says what to do with it.
func (a *app) clusterTopic(ctx context.Context, p harness.Playground, bootstrap []string) error {
	if len(bootstrap) == 0 {
		s, err := playground(p.Dir)
		switch {
		case err == nil:
			bootstrap, p.Nodes = s.Bootstrap, len(s.Logs)
		case errors.Is(err, harness.ErrNotUp):
			bootstrap = []string{composeBootstrap}
		default:
			return err
		}
	}
	if err := answers(ctx, bootstrap); err != nil {
		return badInput("bootstrap is %s, allowed are addresses of a cluster that is up: %w", strings.Join(bootstrap, ","), err)
	}
	if err := p.MakeTopic(ctx, bootstrap); err != nil {
		return err
	}
	a.tellCluster(harness.PlaygroundState{Bootstrap: bootstrap, Topic: p.Topic})
	return nil
}

// answers tries whether anybody listens at one of the addresses.
func answers(ctx context.Context, addresses []string) (err error) {
	dialer := net.Dialer{Timeout: answerLimit}
	for _, address := range addresses {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, "tcp", address); err == nil {
			return conn.Close()
		}
	}
	return err
}

func (a *app) tellCluster(s harness.PlaygroundState) {
	bootstrap := strings.Join(s.Bootstrap, ",")
	a.say("bootstrap %s\n", bootstrap)
	a.say("topic     %s\n", s.Topic)
	if len(s.Logs) > 0 {
		a.say("logs      %s\n", strings.Join(s.Logs, " "))
	}
	a.say("try       echo hello | kcat -P -b %s -t %s && kcat -C -b %s -t %s -e\n", bootstrap, s.Topic, bootstrap, s.Topic)
}

// clusterUp starts a keeper in the background and waits until its brokers are up.
func (a *app) clusterUp(ctx context.Context, p harness.Playground) error {
	unlock, err := lockKeeper(p.Dir)
	if err != nil {
		return err
	}
	err = a.clearDead(p.Dir)
	unlock() // the keeper takes it next
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	logPath := filepath.Join(p.Dir, keeperLog)
	log, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	defer func() { _ = log.Close() }()
	keeper := exec.Command(self, "cluster", "up", "--foreground", "--dir", p.Dir,
		"--nodes", fmt.Sprint(p.Nodes), "--topic", p.Topic, "--mutant", p.Mutant,
		"--cluster", p.Cluster, "--broker", p.Broker, "--agent", p.Agent)
	keeper.Stdout, keeper.Stderr = log, log
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // this terminal's Ctrl-C is not meant for it
	if err := keeper.Start(); err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	var state harness.PlaygroundState
	err = waitFor(ctx, upLimit, func() (bool, error) {
		select {
		case how := <-ended:
			return false, keeperEnded(how, lastLine(logPath))
		default:
		}
		state, err = harness.ReadPlayground(p.Dir)
		if errors.Is(err, harness.ErrNotUp) {
			return false, nil
		}
		return true, err
	})
	if err != nil {
		_ = keeper.Process.Signal(syscall.SIGTERM)
		return err
	}
	a.tellCluster(state)
	a.say("hurt      %s nemesis apply kill leader --dir %s\n", a.name, p.Dir)
	a.say("stop      %s cluster down --dir %s\n", a.name, p.Dir)
	return nil
}

// clusterDown ends the keeper, and with it the brokers.
func (a *app) clusterDown(ctx context.Context, dir string) error {
	s, err := harness.ReadPlayground(dir)
	if errors.Is(err, harness.ErrNotUp) {
		return &harness.InputError{Err: err}
	}
	if err != nil {
		return err
	}
	if unlock, err := lockKeeper(dir); err == nil {
		// Nobody keeps this cluster: its keeper was killed, and the brokers
		// with it. The process of that id, if there is one, is somebody else.
		defer unlock()
		return a.clearDead(dir)
	}
	if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cluster down: process %d: %w", s.PID, err)
	}
	err = waitFor(ctx, downLimit, func() (bool, error) {
		unlock, err := lockKeeper(dir)
		if errors.Is(err, errKept) {
			return false, nil
		}
		if err == nil {
			unlock()
		}
		return true, err
	})
	if err != nil {
		return fmt.Errorf("cluster down: process %d: %w", s.PID, err)
	}
	a.say("the cluster in %s is down\n", dir)
	return nil
}
