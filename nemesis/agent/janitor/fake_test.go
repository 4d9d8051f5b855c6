package janitor

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const label = "com.example.run=r42"

// fakeEngine is a container engine of names, behind a Unix socket.
type fakeEngine struct {
	socket string

	mu     sync.Mutex
	things map[string][]string // by kind, all labelled
	order  []string            // of what was removed
	inUse  map[string][]string // names of the endpoints of a network
	// onRemove may refuse: it returns the status of a removal, or 0.
	onRemove func(kind, id string) int
	onList   func(kind string)
}

func startEngine(t *testing.T, things map[string][]string) *fakeEngine {
	t.Helper()
	e := &fakeEngine{socket: filepath.Join(t.TempDir(), "engine.sock"), things: things}
	listener, err := net.Listen("unix", e.socket)
	require.NoError(t, err)
	routes := http.NewServeMux()
	routes.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"ApiVersion": "1.41"})
	})
	routes.HandleFunc("GET /v1.41/containers/json", e.list(t, "containers", "Id"))
	routes.HandleFunc("GET /v1.41/networks", e.list(t, "networks", "Id"))
	routes.HandleFunc("GET /v1.41/volumes", e.list(t, "volumes", "Name"))
	routes.HandleFunc("GET /v1.41/networks/{id}", e.inspectNetwork)
	routes.HandleFunc("POST /v1.41/networks/{id}/disconnect", e.disconnect)
	routes.HandleFunc("DELETE /v1.41/{kind}/{id}", e.remove)
	server := &http.Server{Handler: routes}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return e
}

func (e *fakeEngine) list(t *testing.T, kind, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if filters := r.URL.Query().Get("filters"); filters != `{"label":["`+label+`"]}` {
			http.Error(w, `{"message":"bad filters `+filters+`"}`, http.StatusBadRequest)
			return
		}
		if kind == "containers" && r.URL.Query().Get("all") != "1" {
			http.Error(w, `{"message":"stopped containers are left out"}`, http.StatusBadRequest)
			return
		}
		if e.onList != nil {
			e.onList(kind)
		}
		listed := []map[string]string{}
		for _, id := range e.things[kind] {
			listed = append(listed, map[string]string{key: id})
		}
		if kind == "volumes" {
			json.NewEncoder(w).Encode(map[string]any{"Volumes": listed})
			return
		}
		json.NewEncoder(w).Encode(listed)
	}
}

func (e *fakeEngine) remove(w http.ResponseWriter, r *http.Request) {
	kind, id := r.PathValue("kind"), r.PathValue("id")
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.onRemove != nil {
		if status := e.onRemove(kind, id); status != 0 {
			http.Error(w, `{"message":"refused by the test"}`, status)
			return
		}
	}
	if kind == "networks" && len(e.inUse[id]) > 0 {
		http.Error(w, `{"message":"network has active endpoints"}`, http.StatusForbidden)
		return
	}
	at := slices.Index(e.things[kind], id)
	if at < 0 {
		http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
		return
	}
	if kind == "containers" && !strings.Contains(r.URL.RawQuery, "force=1") {
		http.Error(w, `{"message":"it runs"}`, http.StatusConflict)
		return
	}
	e.things[kind] = slices.Delete(e.things[kind], at, at+1)
	e.order = append(e.order, kind)
	w.WriteHeader(http.StatusNoContent)
}

func (e *fakeEngine) inspectNetwork(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	endpoints := map[string]any{}
	for _, name := range e.inUse[r.PathValue("id")] {
		endpoints["ep-"+name] = map[string]string{"Name": name}
	}
	json.NewEncoder(w).Encode(map[string]any{"Containers": endpoints})
}

// disconnect knows no container: what is left of one goes only by force.
func (e *fakeEngine) disconnect(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Container string
		Force     bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !body.Force {
		http.Error(w, `{"message":"no such container"}`, http.StatusNotFound)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := r.PathValue("id")
	e.inUse[id] = slices.DeleteFunc(e.inUse[id], func(name string) bool { return name == body.Container })
}

func (e *fakeEngine) left() (ids []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, kind := range e.things {
		ids = append(ids, kind...)
	}
	return ids
}
