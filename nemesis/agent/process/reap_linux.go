package process

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Reap collects the orphans that the kernel gives to PID 1, from now on and for
// good. It waits for each by its pid: a wait for any child, with whatever
// options, also swallows the ptrace stops that another thread of the caller
// waits for. A caller that starts processes with os/exec must be through with
// them, or lose their exit status.
func (t Table) Reap() {
	ended := make(chan os.Signal, 1) // signals merge; one look finds all
	signal.Notify(ended, unix.SIGCHLD)
	go func() {
		for range ended {
			t.reapAll()
		}
	}()
}

// reapAll leaves what it cannot list or reap to the next signal: there is
// nobody to tell, and a zombie does no harm.
func (t Table) reapAll() {
	processes, err := t.List()
	if err != nil {
		return
	}
	for _, p := range processes {
		if p.Parent == os.Getpid() && p.Ended() {
			_, _ = unix.Wait4(p.PID, nil, unix.WNOHANG, nil)
		}
	}
}
