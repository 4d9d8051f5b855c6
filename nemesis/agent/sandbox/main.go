package sandbox

import (
	"fmt"
	"io"

	"github.com/ackproof/ackproof/nemesis/agent/clock"
	"github.com/ackproof/ackproof/nemesis/agent/janitor"
)

const usage = `usage:
  faultd serve                faults by JSON lines on stdin; must be PID 1 of its pid namespace
  faultd janitor LABEL=VALUE  remove what carries the label when stdin ends`

// probeCommand makes this binary the program whose clock the agent skews to see
// whether it can.
const probeCommand = "clock-probe"

// engineSocket is where a janitor's container has the engine's socket.
const engineSocket = "/var/run/docker.sock"

// Exit codes.
const (
	exitOK    = 0
	exitFault = 1   // something could not be healed or removed
	exitUsage = 254 // bad input, as everywhere in this house
)

// Main is the command. It returns the exit code.
func Main(args []string, in io.Reader, out, log io.Writer) int {
	var err error
	switch {
	case len(args) == 1 && args[0] == "serve":
		err = serve(in, out, log)
	case len(args) == 2 && args[0] == "janitor":
		err = janitor.Run(args[1], in, engineSocket, log)
	case len(args) == 1 && args[0] == probeCommand:
		err = clock.Answer(in, out)
	default:
		fmt.Fprintln(log, usage)
		return exitUsage
	}
	if err != nil {
		fmt.Fprintf(log, "faultd %s: %v\n", args[0], err)
		return exitFault
	}
	return exitOK
}
