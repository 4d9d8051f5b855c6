package main

import (
	"context"
	"os"

	"github.com/ackproof/ackproof/broker/server"
)

// broker is `ackproof broker`: the broker, with the broker's own arguments.
func (a *app) broker(_ context.Context, args []string) (int, error) {
	return server.Main(args, os.Environ(), a.stdout, a.stderr), nil
}

// version is `ackproof version`: the broker's build is the program's, as they
// are one binary.
func (a *app) version(_ context.Context, args []string) (int, error) {
	rest, err := a.flags("version", "").parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	a.say("ackproof, and with it ")
	return server.Main([]string{"--version"}, nil, a.stdout, a.stderr), nil
}
