package process

import (
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Reap collects the orphans that the kernel gives to PID 1, from now on and for
// good. It waits for ends only (WEXITED): wait4(-1) would also swallow the
// ptrace stops that another thread of the caller waits for. A caller that
// starts processes with os/exec must be through with them, or lose their exit
// status.
func Reap() {
	ended := make(chan os.Signal, 1) // signals merge; one look reaps all
	signal.Notify(ended, unix.SIGCHLD)
	go func() {
		for range ended {
			reapAll()
		}
	}()
}

func reapAll() {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || info.Signo == 0 { // no children, or none that ended
			return
		}
	}
}
