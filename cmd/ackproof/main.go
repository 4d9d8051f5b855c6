// Command ackproof tries acknowledged writes of a replicated log: it starts a
// cluster, lets clients write and read while faults hit it, and says whether
// what was acknowledged is still there.
//
// It promises an exit code that is a verdict: 0 valid, 1 invalid, 2 unknown,
// 254 bad arguments, 255 a failure of ackproof itself. It is one binary:
// called by the name ackbroker, it is the broker.
package main

import (
	"os"
	"path/filepath"

	"github.com/ackproof/ackproof/broker/server"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// brokerName is the name under which this binary is a broker.
const brokerName = "ackbroker"

func main() {
	if len(os.Args) == 2 && os.Args[1] == tellTime {
		if err := clock.Answer(os.Stdin, os.Stdout); err != nil {
			os.Exit(exitCrash)
		}
		return
	}
	if filepath.Base(os.Args[0]) == brokerName {
		os.Exit(server.Main(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(Main(os.Args[0], os.Args[1:], os.Stdout, os.Stderr))
}
