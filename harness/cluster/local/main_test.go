package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// roleVariable makes this test binary act as something else when it is run as
// a child: as a broker, or as a harness that is to be killed.
const roleVariable = "ACKPROOF_LOCAL_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "broker":
		os.Exit(fakeBroker())
	case "teller":
		if err := clock.Answer(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
	case "harness":
		os.Exit(doomedHarness())
	}
}

// fakeBroker listens where its configuration says, echoes what it is sent, and
// says that it is healthy. A request for /crash ends it, one for /full as a full
// disk would, and SIGTERM in order.
func fakeBroker() int {
	properties, err := readProperties(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		os.Exit(0)
	}()
	if os.Getenv(parentPipe) == "3" {
		go func() {
			io.Copy(io.Discard, os.NewFile(3, "parent pipe"))
			fmt.Fprintln(os.Stderr, "the harness is gone")
			os.Exit(4)
		}()
	}
	for listener := range strings.SplitSeq(properties["listeners"], ",") {
		_, at, _ := strings.Cut(listener, "://")
		l, err := net.Listen("tcp", at)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		go echo(l)
	}
	if err := os.WriteFile(filepath.Join(properties["log.dirs"], "records"), []byte("acked"), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "panic: high watermark above log end")
		os.Exit(3)
	})
	http.HandleFunc("/full", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "ackbroker: append log: no space left on device")
		os.Exit(1)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(properties["http.listen"], nil))
	return 1
}

func echo(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			io.Copy(conn, conn)
		}()
	}
}

func readProperties(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	properties := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		properties[key] = value
	}
	return properties, nil
}

// newTestCluster makes a cluster of fake brokers that ends with the test.
func newTestCluster(t *testing.T, options Options) *Cluster {
	t.Helper()
	t.Setenv(roleVariable, "broker")
	options.Binary = testBinary(t)
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	c, err := New(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	return c
}

func testBinary(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	return binary
}

// limited is a context that fails a hanging test before the test run's limit.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition, for as long as a loaded machine may need.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 2*time.Millisecond, what)
}

// goroutinesOf returns the stacks of goroutines that were started by any of
// these receivers' methods. Those of the test itself are not among them.
func goroutinesOf(receivers ...string) []string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, receiver := range receivers {
			if strings.Contains(stack, "created by") && strings.Contains(stack, receiver) {
				found = append(found, stack)
				break
			}
		}
	}
	return found
}
