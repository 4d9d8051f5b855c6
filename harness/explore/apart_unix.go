//go:build unix

package explore

import (
	"os/exec"
	"syscall"
)

// apart keeps a terminal's Ctrl-C from a worker. It ends with its input, also
// when we are killed.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
