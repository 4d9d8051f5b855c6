package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// httpHeaderTimeout bounds the time that a request's header may take.
const httpHeaderTimeout = 5 * time.Second

// httpHandler serves health, metrics and profiles.
func (d *driver) httpHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.healthz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// healthz says whether this broker can lead and serve, and if not, why.
func (d *driver) healthz(w http.ResponseWriter, _ *http.Request) {
	status := d.status.Load()
	switch {
	case status == nil:
		http.Error(w, "starting", http.StatusServiceUnavailable)
	case !status.Registered:
		http.Error(w, "not registered with the controller", http.StatusServiceUnavailable)
	case status.Fenced:
		http.Error(w, "fenced by the controller", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}

// serveHTTP answers in the background until stop.
func (d *driver) serveHTTP(l net.Listener) (stop func()) {
	server := &http.Server{Handler: d.httpHandler(), ReadHeaderTimeout: httpHeaderTimeout}
	d.log.Info("listening", "listener", "http", "address", l.Addr().String())
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error("metrics and health are no longer served", "error", err)
		}
	}()
	return func() { _ = server.Close() } // nobody waits for its last answers
}
