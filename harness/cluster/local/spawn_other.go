//go:build unix && !linux

package local

import "syscall"

// childAttributes gives a child a process group of its own, which keeps a
// Ctrl-C on the terminal from the brokers. Without a parent death signal on
// this system, a broker that outlives us is ended by its parent pipe; one that
// was stopped at that moment stays until somebody continues it.
// awaitEnd does nothing: nobody else waits for children here.
func childAttributes() (attributes *syscall.SysProcAttr, awaitEnd func()) {
	return &syscall.SysProcAttr{Setpgid: true}, func() {}
}
