package docker

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/stretchr/testify/require"
)

// fakeEngine answers the first questions to an engine with these headers.
func fakeEngine(t *testing.T, headers map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for key, value := range headers {
			w.Header().Set(key, value)
		}
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	return server
}

func TestConnectRefusesAnEngineThatCannotDo(t *testing.T) {
	t.Run("too old", func(t *testing.T) {
		fakeEngine(t, map[string]string{"Api-Version": "1.39", "Ostype": "linux"})
		_, err := Connect(t.Context())
		require.ErrorContains(t, err, "API version 1.39: allowed is 1.40 or newer")
		require.NotErrorIs(t, err, ErrNoEngine)
	})
	t.Run("of Windows containers", func(t *testing.T) {
		fakeEngine(t, map[string]string{"Api-Version": "1.41", "Ostype": "windows"})
		_, err := Connect(t.Context())
		require.ErrorContains(t, err, `its containers are of "windows", allowed is linux`)
	})
	t.Run("not there", func(t *testing.T) {
		t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
		_, err := Connect(t.Context())
		require.ErrorIs(t, err, ErrNoEngine)
		require.NotContains(t, err.Error(), "\n")
	})
	t.Run("no address", func(t *testing.T) {
		t.Setenv("DOCKER_HOST", "nonsense")
		_, err := Connect(t.Context())
		require.ErrorIs(t, err, ErrNoEngine)
		require.ErrorContains(t, err, `DOCKER_HOST "nonsense"`)
	})
}

func TestAnEngineThatDiesIsNamedOnce(t *testing.T) {
	server := fakeEngine(t, map[string]string{"Api-Version": "1.41", "Ostype": "linux"})
	c, err := New(t.Context(), Options{Dir: t.TempDir(), Nodes: 3})
	require.NoError(t, err)
	server.Close()
	require.ErrorIs(t, c.engine.sweep(t.Context()), ErrGone)
	err = c.Stop()
	require.ErrorIs(t, err, ErrGone)
	require.EqualError(t, err, "the Docker engine is gone: what run "+c.Run()+" made on it is removed when it is back")
}

func TestEngineHostsPreferTheUsersChoice(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_RUNTIME_DIR", home)
	t.Setenv("DOCKER_CONTEXT", "")
	t.Setenv("DOCKER_HOST", "")
	require.Equal(t, []string{"unix:///var/run/docker.sock"}, engineHosts())

	write := func(path, text string) {
		path = filepath.Join(home, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write("docker.sock", "")
	write(".docker/config.json", `{"currentContext":"colima"}`)
	// The folder is the SHA-256 of the context's name.
	write(".docker/contexts/meta/f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16/meta.json",
		`{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///home/me/.colima/docker.sock"}}}`)
	require.Equal(t, []string{
		"unix:///home/me/.colima/docker.sock", "unix:///var/run/docker.sock", "unix://" + home + "/docker.sock",
	}, engineHosts())

	t.Setenv("DOCKER_HOST", "tcp://other:2375")
	require.Equal(t, []string{"tcp://other:2375"}, engineHosts())
}

func TestPublishedPortsAreWhereTheEngineIs(t *testing.T) {
	tests := map[string]struct{ host, override, published, bound string }{
		"here":      {"unix:///var/run/docker.sock", "", "127.0.0.1", "127.0.0.1"},
		"localhost": {"tcp://localhost:2375", "", "127.0.0.1", "127.0.0.1"},
		"elsewhere": {"tcp://docker:2375", "", "docker", "0.0.0.0"},
		"override":  {"unix:///var/run/docker.sock", "172.17.0.1", "172.17.0.1", "0.0.0.0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(hostOverride, test.override)
			e := &Engine{Host: test.host}
			require.Equal(t, test.published, e.published())
			require.Equal(t, test.bound, e.bindAddress().String())
		})
	}
}

func TestJanitorFindsTheSocket(t *testing.T) {
	rootless := &Engine{Host: "unix:///run/user/1000/docker.sock"}
	require.Equal(t, "/run/user/1000/docker.sock", rootless.socket())
	desktop := &Engine{Host: "unix:///home/me/.docker/run/docker.sock", System: "Docker Desktop"}
	require.Equal(t, engineSocket, desktop.socket())
	require.Equal(t, engineSocket, (&Engine{Host: "tcp://docker:2375"}).socket())
	t.Setenv("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE", "unix:///elsewhere.sock")
	require.Equal(t, "/elsewhere.sock", rootless.socket())
}

func TestRyukIsReadAsTestcontainersReadsIt(t *testing.T) {
	require.True(t, disablesRyuk(strings.NewReader("docker.host=x\nryuk.disabled = true\n")))
	require.False(t, disablesRyuk(strings.NewReader("#ryuk.disabled=true\nryuk.disabled=false\n")))
}

func TestWatchersAreJanitorsAndProbes(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	of := func(role string, state container.ContainerState, age time.Duration) container.Summary {
		return container.Summary{Labels: map[string]string{LabelRole: role}, State: state, Created: now.Add(-age).Unix()}
	}
	require.True(t, watched(of(roleJanitor, container.StateRunning, time.Hour), now))
	require.True(t, watched(of(roleProbe, container.StateRunning, time.Hour), now))
	require.True(t, watched(of(roleJanitor, container.StateCreated, time.Second), now))
	require.False(t, watched(of(roleJanitor, container.StateCreated, time.Hour), now))
	require.False(t, watched(of(roleJanitor, container.StateExited, 0), now))
	require.False(t, watched(of(roleBroker, container.StateRunning, 0), now))
}
