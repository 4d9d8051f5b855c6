// Command faultd brings faults into force inside a node's namespaces (serve),
// and removes what a dead harness left behind (janitor). See packages sandbox
// and janitor.
package main

import (
	"os"

	"github.com/ackproof/ackproof/nemesis/agent/sandbox"
)

func main() { os.Exit(sandbox.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
