package local

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// childAttributes ties a child's life to ours: the kernel kills it when the
// thread that started it ends, also if we are killed and the child is stopped.
// A process group of its own keeps a Ctrl-C on the terminal from the brokers:
// it is the harness's to end the run in good order.
//
// awaitEnd returns when the child, once started, has ended and can be waited
// for. Waiting for it earlier would take the stops away from whoever traces it
// in this process to skew its clock: the kernel tells each of them once, and a
// parent that traces is told as a tracer.
func childAttributes() (attributes *syscall.SysProcAttr, awaitEnd func()) {
	fd := -1
	attributes = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &fd}
	return attributes, func() {
		if fd < 0 {
			return // a kernel before 5.3
		}
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			if _, err := unix.Poll(ended, -1); !errors.Is(err, unix.EINTR) {
				break
			}
		}
		_ = unix.Close(fd)
	}
}
