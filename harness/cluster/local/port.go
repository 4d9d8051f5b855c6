package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Broker ports lie below the ranges from which Linux (32768 up) and macOS
// (49152 up) take the ports of outgoing connections: a dead broker's port must
// still be free when it comes back.
const (
	firstPort = 12000
	lastPort  = 32000
)

// freePorts finds different ports on which nobody listens. Nothing reserves
// them: who listens there must be ready to find them taken.
func freePorts(n int) ([]int, error) {
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	var ports []int
	var lastErr error
	for range 100 * n {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			lastErr = err
			continue
		}
		listeners = append(listeners, l) // closed together, so that no port comes twice
		ports = append(ports, port)
	}
	if len(ports) == n {
		return ports, nil
	}
	return nil, fmt.Errorf("find %d free ports from %d to %d: %w", n, firstPort, lastPort, lastErr)
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
