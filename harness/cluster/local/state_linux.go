package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/ackproof/ackproof/nemesis"
)

// processState asks the kernel for the state of a process.
func processState(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nemesis.StateDead, nil
	}
	if err != nil {
		return "", fmt.Errorf("read process state: %w", err)
	}
	// "pid (name) S ...": the name may hold anything, also parentheses.
	end := bytes.LastIndex(stat, []byte(") "))
	if end < 0 || end+2 >= len(stat) {
		return "", fmt.Errorf("read process state: /proc/%d/stat is %q", pid, stat)
	}
	switch stat[end+2] {
	case 'T', 't':
		return nemesis.StateStopped, nil
	case 'Z', 'X', 'x':
		return nemesis.StateDead, nil
	default:
		return nemesis.StateRunning, nil
	}
}
