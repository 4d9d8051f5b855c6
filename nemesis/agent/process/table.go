package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Process is one process as /proc shows it at one moment.
type Process struct {
	ID
	Parent  int    // 0 if it was started from outside the namespace
	Name    string // the kernel's name of it (comm), 15 bytes at most
	Exe     string // path of the executable; "" if it cannot be read
	Cmdline string // arguments joined by spaces
	State   byte   // as in proc(5): R, S, D, T, t, Z, X
	// Forked tells that it still runs the program of the process that forked it,
	// whose memory it may even share (vfork).
	Forked bool
}

// ID names one process for good: a pid alone comes back.
type ID struct {
	PID        int
	StartTicks uint64 // clock ticks from boot to its start
}

// Ended tells whether the process has ended; it may wait to be reaped.
func (p Process) Ended() bool { return p.State == 'Z' || p.State == 'X' }

// Starting tells that a container runtime outside the namespace has put the
// process into it, and that it has yet to become the container's program.
func (p Process) Starting() bool { return p.Forked && p.Parent == 0 }

// Table is a /proc. The zero value is the caller's own.
type Table struct {
	root string
}

func (t Table) path(parts ...string) string {
	root := t.root
	if root == "" {
		root = "/proc"
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// List returns the processes other than PID 1 and the caller, by pid. One that
// ends while it is read is left out.
func (t Table) List() ([]Process, error) {
	entries, err := os.ReadDir(t.path())
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var processes []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == 1 || pid == os.Getpid() {
			continue
		}
		p, err := t.Read(pid)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		processes = append(processes, p)
	}
	slices.SortFunc(processes, func(a, b Process) int { return a.PID - b.PID })
	return processes, nil
}

// Read reads one process. The error is fs.ErrNotExist or ESRCH if there is none.
func (t Table) Read(pid int) (Process, error) {
	dir := strconv.Itoa(pid)
	stat, err := os.ReadFile(t.path(dir, "stat"))
	if err != nil {
		return Process{}, fmt.Errorf("read process %d: %w", pid, err)
	}
	p, err := parseStat(stat)
	if err != nil {
		return Process{}, fmt.Errorf("read process %d: %w", pid, err)
	}
	// Zombies and kernel threads have neither; that is no error.
	p.Exe, _ = os.Readlink(t.path(dir, "exe"))
	cmdline, _ := os.ReadFile(t.path(dir, "cmdline"))
	p.Cmdline = strings.TrimRight(strings.ReplaceAll(string(cmdline), "\x00", " "), " ")
	return p, nil
}

// forkNoExec is the kernel's PF_FORKNOEXEC.
const forkNoExec = 0x40

// parseStat reads proc(5)'s stat. The name stands in parentheses and may hold
// any byte, parentheses and spaces too: it ends at the last one.
func parseStat(stat []byte) (Process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, fmt.Errorf("stat %.60q: no name in parentheses", stat)
	}
	const state, parent, flags, startTicks = 0, 1, 6, 19 // fields 3, 4, 9 and 22, counted behind the name
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= startTicks {
		return Process{}, fmt.Errorf("stat %.60q: %d fields behind the name, wanted more than %d", stat, len(fields), startTicks)
	}
	pid, errPID := strconv.Atoi(strings.TrimSpace(string(stat[:open])))
	ppid, errParent := strconv.Atoi(fields[parent])
	bits, errBits := strconv.ParseUint(fields[flags], 10, 64)
	ticks, errTicks := strconv.ParseUint(fields[startTicks], 10, 64)
	if err := errors.Join(errPID, errParent, errBits, errTicks); err != nil {
		return Process{}, fmt.Errorf("stat %.60q: %w", stat, err)
	}
	return Process{
		ID:     ID{PID: pid, StartTicks: ticks},
		Parent: ppid,
		Name:   string(stat[open+1 : end]),
		State:  fields[state][0],
		Forked: bits&forkNoExec != 0,
	}, nil
}

// threadStates returns the state of every thread of a process.
func (t Table) threadStates(pid int) ([]byte, error) {
	stats, err := filepath.Glob(t.path(strconv.Itoa(pid), "task", "*", "stat"))
	if err != nil {
		return nil, err
	}
	var states []byte
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read thread: %w", err)
		}
		thread, err := parseStat(stat)
		if err != nil {
			return nil, fmt.Errorf("read thread: %w", err)
		}
		states = append(states, thread.State)
	}
	return states, nil
}

// gone tells that a process ended while it was looked at: its file vanished,
// or the file was open already and reading it answers ESRCH.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
