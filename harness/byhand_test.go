package harness

import (
	"bufio"
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestAKeeperRefusesWhatItDoesNotUnderstand(t *testing.T) {
	k, err := openKeeper(Machine{}, nil)
	require.NoError(t, err)
	k.serve(t.Context())
	conn, err := net.Dial("unix", k.address())
	require.NoError(t, err)
	_, err = conn.Write([]byte(`{"explode":true}` + "\n"))
	require.NoError(t, err)
	said, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, `{"reports":null,"error":"request: json: unknown field \"explode\"","refused":true}`+"\n", said)
	require.NoError(t, k.close())
	require.NoFileExists(t, k.address())
	require.NoDirExists(t, filepath.Dir(k.address()))
}

// A keeper that ends does not wait for somebody who has not asked yet.
func TestAKeeperEndsWithItsContext(t *testing.T) {
	k, err := openKeeper(Machine{}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	k.serve(ctx)
	conn, err := net.Dial("unix", k.address())
	require.NoError(t, err)
	cancel()
	require.NoError(t, k.close())
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
}

// What the cluster cannot have is refused before anything is tried.
func TestAKeeperRefusesWhatCannotBeHad(t *testing.T) {
	k, err := openKeeper(Machine{Cannot: map[nemesis.Kind]string{nemesis.Loss: "there are no packets"}}, nil)
	require.NoError(t, err)
	k.serve(t.Context())
	s := PlaygroundState{Nemesis: k.address()}
	_, err = s.Ask(t.Context(), ByHand{Apply: &nemesis.Fault{Kind: nemesis.Loss}})
	var bad *InputError
	require.ErrorAs(t, err, &bad)
	require.EqualError(t, err, `apply: fault: kind "loss" cannot be had on this cluster: there are no packets; `+
		`allowed are partition, kill, stop, pause, wipe, clock, elect, delay, reset, reorder`)
	require.NoError(t, k.close())
}

// silentView knows no roles, and takes all the time that it has to say so.
type silentView struct {
	nemesis.View
	asked chan bool
}

func (v silentView) Roles(ctx context.Context) (nemesis.Roles, error) {
	v.asked <- true
	<-ctx.Done()
	return nemesis.Roles{}, ctx.Err()
}

type sizedCluster struct{ nemesis.Cluster }

func (sizedCluster) Size() int { return 3 }

// Who hangs up while a fault waits for its target wants it no more.
func TestAKeeperHearsThatSomebodyHangsUp(t *testing.T) {
	view := silentView{asked: make(chan bool, 100)}
	k, err := openKeeper(Machine{}, nemesis.NewHand(sizedCluster{}, view))
	require.NoError(t, err)
	k.serve(t.Context())
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-view.asked
		hangUp()
	}()
	_, err = PlaygroundState{Nemesis: k.address()}.Ask(ctx, ByHand{Apply: &nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader}})
	require.Error(t, err)
	require.NoError(t, k.close())
	require.Less(t, len(view.asked), 10, "a hand that nobody stops asks nearly twenty times")
}

func TestNobodyKeepsTheCluster(t *testing.T) {
	s := PlaygroundState{Nemesis: filepath.Join(t.TempDir(), socketName)}
	_, err := s.Ask(t.Context(), ByHand{List: true})
	require.ErrorContains(t, err, "ask the cluster's keeper: dial unix")
}

func TestEveryKindOfFaultIsMeasured(t *testing.T) {
	measured := map[nemesis.Kind]bool{}
	for _, m := range measuredFaults {
		measured[m.fault.Kind] = true
		m.fault.Target = nemesis.Follower
		s := nemesis.Schedule{
			Format: nemesis.Format, Version: nemesis.Version, Nodes: 3, Length: 1,
			Steps: []nemesis.Step{{ID: 1, For: 1, Fault: m.fault}},
		}
		require.NoError(t, s.Validate(), m.name)
		require.NotEmpty(t, m.evidence, m.name)
	}
	for _, kind := range nemesis.LiveKinds() {
		require.True(t, measured[kind], kind)
	}
	require.Equal(t, 2*time.Second, median([]time.Duration{3 * time.Second, time.Second, 2 * time.Second}))
	require.Zero(t, median(nil))
}
