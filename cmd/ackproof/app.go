package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/workloads"
)

// Exit codes, as Jepsen's.
const (
	exitValid    = 0
	exitInvalid  = 1
	exitUnknown  = 2
	exitBadInput = 254
	exitCrash    = 255
)

// app is one call of the program.
type app struct {
	name           string // as it was called, for commands to type next
	stdout, stderr io.Writer

	mu sync.Mutex
	// cleanup is done before the program ends, in reverse order.
	cleanup []func()
}

// command is a word that ackproof understands.
type command struct {
	name    string
	usage   string // its arguments
	summary string
	// run parses args and does the work; its error is for the user.
	run func(a *app, ctx context.Context, args []string) (exit int, err error)
}

// call is the command with its arguments.
func (c command) call() string { return strings.TrimSpace(c.name + " " + c.usage) }

func commands() []command {
	return []command{
		{"run", "[flags]", "one run: a configuration under faults, and the verdict", (*app).run},
		{"suite", "durability [flags]", "every configuration under every kind of fault, one table", (*app).suite},
		{"compare", "[flags]", "several configurations under one seed and one schedule, one table", (*app).compare},
		{"check", "RUN|SUITE|HISTORY [flags]", "judge a stored run, suite or history again", (*app).check},
		{"replay", "RUN|CASE [flags]", "run a stored run's schedule again: k of n fail; or simulate a case, the same every time", (*app).replay},
		{"shrink", "CASE [flags]", "make a case that fails small enough to read", (*app).shrink},
		{"explore", "[flags]", "simulated cases by the thousand: look for one that breaks a promise", (*app).explore},
		{"mutants", "[flags]", "look for every planted bug, and say how long it took", (*app).mutants},
		{"cluster", "up|down|topic [flags]", "brokers to play with", (*app).cluster},
		{"nemesis", "apply|heal|list [flags]", "faults by hand, on the cluster to play with", (*app).nemesis},
		{"bench", "[flags]", "the broker's throughput and latency on this machine", (*app).bench},
		{"doctor", "[flags]", "what this machine has for runs, and what follows from it", (*app).doctor},
		{"broker", "[flags]", "the broker itself; broker --help lists its properties", (*app).broker},
		{"version", "", "the build", (*app).version},
	}
}

// Main runs the program, called by name, and returns its exit code.
func Main(name string, args []string, stdout, stderr io.Writer) (exit int) {
	a := &app{name: name, stdout: stdout, stderr: stderr}
	defer func() {
		if p := recover(); p != nil {
			exit = a.crashed(fmt.Sprint(p), debug.Stack())
		}
	}()
	defer a.clean()
	ctx, stop := a.interruptible()
	defer stop()
	return a.main(ctx, args)
}

// interruptible is a context that the first Ctrl-C cancels, so that a run ends
// in good order. A second one ends the program at once; its brokers end with it.
func (a *app) interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks for a run that outlives its terminal
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case s := <-signals:
				if !first {
					a.warn("ackproof: interrupted again, ended at once\n")
					a.clean()
					os.Exit(exitUnknown)
				}
				cancel(fmt.Errorf("%v signal received", s))
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

func (a *app) main(ctx context.Context, args []string) int {
	if len(args) == 2 && args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		a.help()
		if len(args) == 0 {
			return exitBadInput
		}
		return exitValid
	}
	if args[0] == "--version" {
		args[0] = "version"
	}
	if args[0] == workerCommand {
		c := command{name: workerCommand}
		exit, err := a.exploreWorker(ctx, args[1:])
		return a.exit(c, exit, err)
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
		if c.name != args[0] {
			continue
		}
		exit, err := c.run(a, ctx, args[1:])
		if err != nil && ctx.Err() != nil {
			err = errors.Join(errInterrupted, err)
		}
		return a.exit(c, exit, err)
	}
	a.warn("ackproof: unknown command %q%s, allowed are %s\n", args[0], meant("", args[0], names), strings.Join(names, ", "))
	return exitBadInput
}

// errInterrupted joins what came of an interruption.
var errInterrupted = errors.New("interrupted")

// exit says in one line what went wrong, if anything did.
func (a *app) exit(c command, exit int, err error) int {
	var (
		bad      *harness.InputError
		panicked *workloads.Panic
	)
	switch {
	case err == nil:
		return exit
	case errors.Is(err, flag.ErrHelp):
		return exitValid
	case errors.As(err, &panicked):
		return a.crashed(fmt.Sprint(panicked.Value), panicked.Stack)
	case errors.Is(err, errInterrupted):
		a.warn("ackproof %s: %s\n", c.name, errInterrupted)
		return exitUnknown
	case errors.As(err, &bad):
		a.warn("ackproof %s: %s\n", c.name, oneLine(err))
		return exitBadInput
	}
	a.warn("ackproof %s: %s\n", c.name, oneLine(err))
	return exitCrash
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// badInput makes an error that ends the program with exit code 254.
func badInput(format string, args ...any) error {
	return &harness.InputError{Err: fmt.Errorf(format, args...)}
}

// crashed writes the stack to a file and says so in one line.
func (a *app) crashed(what string, stack []byte) int {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("ackproof-crash-%d.log", time.Now().UnixNano()))
	where := "its stack is in " + path
	if err := os.WriteFile(path, fmt.Appendf(nil, "%s\n\n%s", what, stack), 0o600); err != nil {
		where = "its stack could not be written: " + err.Error()
	}
	a.warn("ackproof: crashed: %s; %s\n", strings.ReplaceAll(what, "\n", "; "), where)
	return exitCrash
}

// say and warn ignore errors: when nobody listens any more, the exit code is
// still the verdict.
func (a *app) say(format string, args ...any)  { _, _ = fmt.Fprintf(a.stdout, format, args...) }
func (a *app) warn(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format, args...) }

// atEnd has something done before the program ends.
func (a *app) atEnd(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanup = append(a.cleanup, do)
}

func (a *app) clean() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.cleanup) - 1; i >= 0; i-- {
		a.cleanup[i]()
	}
}

// count is a number of things: "1 run", "2 runs".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (a *app) help() {
	a.say("ackproof puts acknowledged writes on trial.\n")
	a.say("\n")
	width := 0
	for _, c := range commands() {
		width = max(width, len(c.call()))
	}
	for _, c := range commands() {
		a.say("  ackproof %-*s  %s\n", width, c.call(), c.summary)
	}
	a.say("\n")
	a.say("ackproof COMMAND --help lists a command's flags.\n")
	a.say("exit codes: 0 valid, 1 invalid, 2 unknown, 254 bad arguments, 255 ackproof failed\n")
}
