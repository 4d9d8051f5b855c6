package server

import (
	"context"
	crypto "crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/storage/osfs"
)

// Run runs a broker until it fails, or until ctx is done and it has handed its
// leaderships over. The error is nil after a controlled shutdown.
func Run(ctx context.Context, s Settings) error {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	release, err := claimDirs(s.Broker)
	if err != nil {
		return err
	}
	defer release()
	listeners, err := bind(s.Listeners)
	if err != nil {
		return err
	}
	defer closeListeners(listeners)
	var http net.Listener
	if s.HTTPListen != "" {
		if http, err = listen("http.listen", s.HTTPListen); err != nil {
			return err
		}
		defer http.Close()
	}

	for i := range s.Broker.Advertised {
		for _, l := range listeners {
			if a := &s.Broker.Advertised[i]; a.Name == l.name && a.Port == 0 {
				a.Port = l.port()
			}
		}
	}
	s.Broker.FS = osfs.New()
	s.Broker.Seed = randomSeed()
	core, err := broker.New(s.Broker)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	d := newDriver(core, s)
	if http != nil {
		stop := d.serveHTTP(http)
		defer stop()
	}
	s.Log.Info("started", "node", s.Broker.NodeID, "cluster", s.Broker.ClusterID,
		"dir", s.Broker.LogDir, "mutants", s.Broker.Mutants.String())
	return d.run(ctx, listeners)
}

// randomSeed makes every life of a broker draw other topic ids and another
// incarnation.
func randomSeed() uint64 {
	var b [8]byte
	_, _ = crypto.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}
