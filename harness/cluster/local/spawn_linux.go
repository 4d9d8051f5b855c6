package local

import "syscall"

// childAttributes ties a child's life to ours: the kernel kills it when the
// thread that started it ends, also if we are killed and the child is stopped.
// A process group of its own keeps a Ctrl-C on the terminal from the brokers:
// it is the harness's to end the run in good order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
