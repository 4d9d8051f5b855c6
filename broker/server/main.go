package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
)

// Exit codes of the broker process.
const (
	exitOK     = 0
	exitFailed = 1
	exitConfig = 254
)

// Version is what the build says it is; set by the linker.
var Version = "dev"

// Main is the ackbroker command: it gives the process's exit code. A failure is
// one line on stderr.
func Main(args, env []string, stdout, stderr io.Writer) int {
	switch {
	case slices.Contains(args, "--help"), slices.Contains(args, "-h"):
		printHelp(stdout)
		return exitOK
	case slices.Contains(args, "--version"):
		fmt.Fprintln(stdout, buildVersion())
		return exitOK
	}
	if err := runProcess(args, env, stderr); err != nil {
		fmt.Fprintln(stderr, "ackbroker:", strings.ReplaceAll(err.Error(), "\n", "; "))
		if errors.Is(err, ErrConfig) {
			return exitConfig
		}
		return exitFailed
	}
	return exitOK
}

func runProcess(args, env []string, stderr io.Writer) error {
	err := watchParent(env, func() {
		fmt.Fprintln(stderr, "ackbroker: the process that started this broker is gone")
		os.Exit(exitFailed)
	})
	if err != nil {
		return err
	}
	settings, err := Load(args, env)
	if err != nil {
		return err
	}
	settings.Log = newLog(stderr, settings)

	ctx, shutDown := context.WithCancel(context.Background())
	defer shutDown()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	go heedSignals(signals, shutDown, func() {
		fmt.Fprintln(stderr, "ackbroker: second signal: exit without a controlled shutdown")
		os.Exit(exitFailed)
	})
	return Run(ctx, settings)
}

// heedSignals lets the first signal begin a controlled shutdown and the second
// one end the process.
func heedSignals(signals <-chan os.Signal, shutDown, exit func()) {
	<-signals
	shutDown()
	<-signals
	exit()
}

func newLog(out io.Writer, s Settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

func buildVersion() string {
	version := "ackbroker " + Version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision", "vcs.time", "vcs.modified":
			version += fmt.Sprintf(" %s=%s", setting.Key, setting.Value)
		}
	}
	return version + " " + info.GoVersion
}

func printHelp(out io.Writer) {
	fmt.Fprint(out, `ackbroker is a broker of a Kafka-like replicated log.

  ackbroker --log.dirs=DIR [--PROPERTY=VALUE ...] [--config FILE]
  ackbroker --version

A property is taken from its flag, else from the environment (node.id is
ACKBROKER_NODE_ID), else from FILE (lines of property=value), else it has its
default. SIGTERM hands leaderships over and stops; a second one stops at once.

`)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROPERTY\tDEFAULT\tALLOWED\tMEANING")
	for _, p := range properties {
		standard := p.standard
		if standard == "" {
			standard = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.name, standard, p.rule.allowed, p.doc)
	}
	_ = table.Flush() // nobody to tell
}
