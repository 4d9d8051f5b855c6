package server

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// giveUpOnSilence bounds the time that sent bytes may stay unacknowledged
// (TCP_USER_TIMEOUT, RFC 5482). A connection without it works too, so a refusal
// is no failure.
func giveUpOnSilence(nc *net.TCPConn, limit time.Duration) {
	raw, err := nc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit.Milliseconds()))
	})
}
