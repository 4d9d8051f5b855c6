//go:build unix && !linux

package local

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/nemesis"
)

// processState asks ps for the state of a process: there is no /proc here.
func processState(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nemesis.StateDead, nil // ps knows no such process
	}
	if err != nil {
		return "", fmt.Errorf("read process state: %w", err)
	}
	switch state := strings.TrimSpace(string(out)); {
	case state == "" || state[0] == 'Z':
		return nemesis.StateDead, nil
	case state[0] == 'T':
		return nemesis.StateStopped, nil
	default:
		return nemesis.StateRunning, nil
	}
}
