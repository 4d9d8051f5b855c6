package sandbox

import (
	"fmt"
	"io"
	"os"

	"github.com/ackproof/ackproof/nemesis/agent"
	"github.com/ackproof/ackproof/nemesis/agent/process"
)

// serve is the agent, until in ends.
func serve(in io.Reader, out, log io.Writer) error {
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("pid %d: allowed is 1; as any other process its faults would hit what is not the node's, and outlive it", pid)
	}
	node, err := open()
	if err != nil {
		return err
	}
	process.Table{}.Reap()
	fmt.Fprintln(log, "faultd: serving")
	defer fmt.Fprintln(log, "faultd: stdin ended, healed")
	return agent.Serve(node, in, out)
}
