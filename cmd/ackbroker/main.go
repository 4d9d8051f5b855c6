// Command ackbroker is one broker of a Kafka-like replicated log. See package
// server, or ackbroker --help.
package main

import (
	"os"

	"github.com/ackproof/ackproof/broker/server"
)

func main() { os.Exit(server.Main(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }
