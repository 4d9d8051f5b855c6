package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/wire"
)

// patience bounds what a test waits for; it is reached only if it fails.
const patience = 30 * time.Second

// process is a broker of its own, started from the test's binary.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	// addresses by listener, as they are logged.
	mu        sync.Mutex
	addresses map[string]string
	log       bytes.Buffer
	read      chan struct{} // closed at the end of the log
}

// singleNode are the flags of a broker that is alone, on free ports.
func singleNode(dir string) []string {
	return []string{"--log.dirs=" + dir, "--listeners=INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0",
		"--http.listen=127.0.0.1:0", "--broker.heartbeat.interval.ms=50", "--controller.quorum.tick.ms=10"}
}

func startProcess(t *testing.T, flags []string, prepare func(*exec.Cmd)) *process {
	p := &process{t: t, cmd: exec.Command(os.Args[0], flags...), addresses: map[string]string{}, read: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "TEST_AS_ACKBROKER=1")
	if prepare != nil {
		prepare(p.cmd)
	}
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	go p.follow(stderr)
	return p
}

// follow keeps the log, and finds the addresses in it.
func (p *process) follow(stderr io.Reader) {
	defer close(p.read)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		var listener, address string
		if _, rest, ok := strings.Cut(lines.Text(), "msg=listening listener="); ok {
			listener, address, _ = strings.Cut(rest, " address=")
		}
		p.mu.Lock()
		fmt.Fprintln(&p.log, lines.Text())
		p.addresses[listener] = address
		p.mu.Unlock()
	}
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// address waits until a listener is bound.
func (p *process) address(listener string) (address string) {
	require.Eventually(p.t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		address = p.addresses[listener]
		return address != ""
	}, patience, time.Millisecond)
	return address
}

// awaitHealthy waits until the broker is registered and unfenced.
func (p *process) awaitHealthy() {
	url := "http://" + p.address("http") + "/healthz"
	require.Eventually(p.t, func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond)
}

// wait gives the exit code, once the whole log is read.
func (p *process) wait() int {
	select {
	case <-p.read:
	case <-time.After(patience):
		p.t.Fatalf("the broker did not end:\n%s", p.text())
	}
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

func TestBrokerServesAndShutsDown(t *testing.T) {
	p := startProcess(t, singleNode(t.TempDir()), nil)
	p.awaitHealthy()

	nc, err := net.Dial("tcp", p.address("OUTSIDE"))
	require.NoError(t, err)
	defer nc.Close()
	request := kmsg.NewPtrMetadataRequest()
	request.Version = 12
	_, err = nc.Write(wire.AppendRequest(nil, 5, "test", request))
	require.NoError(t, err)
	frame, err := wire.ReadFrame(nc, wire.DefaultMaxFrameBytes)
	require.NoError(t, err)
	id, body, err := wire.DecodeCorrelationID(frame)
	require.NoError(t, err)
	require.EqualValues(t, 5, id)
	response, err := wire.DecodeResponse(request, body)
	require.NoError(t, err)
	brokers := response.(*kmsg.MetadataResponse).Brokers
	require.Len(t, brokers, 1)
	require.Equal(t, p.address("OUTSIDE"), net.JoinHostPort(brokers[0].Host, fmt.Sprint(brokers[0].Port)),
		"port 0 is advertised as the port that was bound")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Equal(t, 0, p.wait(), p.text())
}

func TestBrokerDiesWithItsParent(t *testing.T) {
	ours, theirs, err := os.Pipe()
	require.NoError(t, err)
	// The read end goes to the child; the write end stays, as in a harness.
	p := startProcess(t, singleNode(t.TempDir()), func(cmd *exec.Cmd) {
		cmd.ExtraFiles = []*os.File{ours}
		cmd.Env = append(cmd.Env, "ACKBROKER_PARENT_PIPE=3")
	})
	require.NoError(t, ours.Close())
	p.awaitHealthy()
	require.NoError(t, theirs.Close())
	require.Equal(t, 1, p.wait())
	require.Contains(t, p.text(), "ackbroker: the process that started this broker is gone")
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	var done []string
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGINT
	heedSignals(signals, func() { done = append(done, "shut down") }, func() { done = append(done, "exit") })
	require.Equal(t, []string{"shut down", "exit"}, done)
}

func TestFailuresAreOneLineWithACode(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	used := t.TempDir()
	claim(t, dirConfig(used))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))

	for _, test := range []struct {
		name  string
		flags []string
		code  int
		want  string
	}{
		{"bad property", []string{"--node.id=x"}, 254,
			`ackbroker: property "node.id": "x" is not allowed; allowed: integers from 0 to 2147483647`},
		{"port in use", []string{"--log.dirs=" + t.TempDir(), "--listeners=OUTSIDE://" + busy.Addr().String()}, 1,
			`ackbroker: listener OUTSIDE: ` + busy.Addr().String() + `: address already in use`},
		{"metrics port in use", append(singleNode(t.TempDir())[:2], "--http.listen="+busy.Addr().String()), 1,
			`ackbroker: listener http.listen: ` + busy.Addr().String() + `: address already in use`},
		{"directory of another cluster", append(singleNode(dirConfig(used).LogDir), "--cluster.id=d"), 254,
			`ackbroker: property "log.dirs": ` + dirConfig(used).LogDir + ` has cluster.id "c" in its meta.properties, not "d"`},
		{"directory is a file", singleNode(file), 1,
			`ackbroker: property "log.dirs": open ` + file + `/.lock: not a directory`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := startProcess(t, test.flags, nil)
			require.Equal(t, test.code, p.wait())
			require.Equal(t, test.want+"\n", p.text())
		})
	}
}

func TestBadParentPipeIsRefused(t *testing.T) {
	for value, want := range map[string]string{
		"x":   `"x" is not allowed; allowed: file descriptors from 3 up`,
		"2":   `"2" is not allowed; allowed: file descriptors from 3 up`,
		"999": "file descriptor 999: bad file descriptor",
	} {
		var stderr bytes.Buffer
		require.Equal(t, 254, Main(nil, []string{"ACKBROKER_PARENT_PIPE=" + value}, io.Discard, &stderr))
		require.Equal(t, `ackbroker: environment variable "ACKBROKER_PARENT_PIPE": `+want+"\n", stderr.String())
	}
}

func TestHelpListsEveryProperty(t *testing.T) {
	var stdout bytes.Buffer
	require.Equal(t, 0, Main([]string{"--help"}, nil, &stdout, io.Discard))
	for _, p := range properties {
		require.Contains(t, stdout.String(), "\n"+p.name+" ")
		require.Contains(t, stdout.String(), p.doc)
	}
}

func TestVersionNamesTheBuild(t *testing.T) {
	var stdout bytes.Buffer
	require.Equal(t, 0, Main([]string{"--version"}, nil, &stdout, io.Discard))
	require.True(t, strings.HasPrefix(stdout.String(), "ackbroker "+Version), stdout.String())
}
