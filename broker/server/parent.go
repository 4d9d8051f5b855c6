package server

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// watchParent calls orphaned when the process that started this one has died,
// however it died: that process holds the other end of the pipe which the
// environment names by its file descriptor. Without the variable there is
// nothing to watch.
func watchParent(env []string, orphaned func()) error {
	for _, assignment := range env {
		name, text, _ := strings.Cut(assignment, "=")
		if name != parentPipeEnv {
			continue
		}
		fd, err := strconv.Atoi(text)
		if err != nil || fd < 3 {
			return badConfig("environment variable %q: %q is not allowed; allowed: file descriptors from 3 up", parentPipeEnv, text)
		}
		var info syscall.Stat_t
		if err := syscall.Fstat(fd, &info); err != nil {
			return badConfig("environment variable %q: file descriptor %d: %v", parentPipeEnv, fd, err)
		}
		pipe := os.NewFile(uintptr(fd), "parent")
		go func() {
			// Nothing is ever written to it; an error means as much as the end.
			if _, err := io.Copy(io.Discard, pipe); !errors.Is(err, os.ErrClosed) {
				orphaned()
			}
		}()
	}
	return nil
}
