package harness

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/cluster/local"
	"github.com/ackproof/ackproof/harness/doctor"
	"github.com/ackproof/ackproof/nemesis"
)

func TestAMachineIsWhatTheDoctorFound(t *testing.T) {
	m := machine(doctor.Report{
		{Name: "disk", Level: doctor.OK, Found: "70 GiB"},
		{Name: "clock", Level: doctor.Lacking, Found: "no: not on arm64\nyet"},
	}, map[nemesis.Kind]string{nemesis.SkewClock: "clock", nemesis.Partition: "nftables"})
	require.Equal(t, Machine{
		Found:  map[string]string{"disk": "ok: 70 GiB", "clock": "lacks: no: not on arm64\nyet"},
		Cannot: map[nemesis.Kind]string{nemesis.SkewClock: "not on arm64; yet"},
	}, m)
}

func TestMachinesWithoutAnEngineHaveNoContainers(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
	_, err := Examine(t.Context(), Docker, Tools{})
	var bad *InputError
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, `cluster is "docker", allowed here is "local": no Docker engine answers`)
	require.ErrorContains(t, DockerAnswers(t.Context()), "no Docker engine answers")

	m, err := Examine(t.Context(), Local, Tools{})
	require.NoError(t, err)
	require.NotEmpty(t, m.Found["disk"])
	require.Equal(t, map[nemesis.Kind]string{nemesis.Loss: local.NoPackets, nemesis.Reorder: local.NoPackets}, m.Cannot,
		"nobody looked at clocks")

	_, err = Examine(t.Context(), "cloud", Tools{})
	require.EqualError(t, err, `cluster is "cloud", allowed are local, docker`)
}

func TestSchedulesThatTheMachineCannotRunAreRefused(t *testing.T) {
	c := Defaults()
	c.Machine.Cannot = map[nemesis.Kind]string{nemesis.SkewClock: "not on arm64"}
	s, err := c.Schedule()
	require.NoError(t, err, "mixed is what there is")
	require.Equal(t, "partition, kill, stop, pause, elect, delay, loss, reset, reorder", s.Name)
	for _, word := range []string{"clock", "clock-sessions"} {
		c.Nemesis = []string{word}
		_, err = c.Schedule()
		require.EqualError(t, err, "schedule "+word+": step 1: a clock fault cannot be had on this machine's local clusters: not on arm64")
	}
}

func TestFaultsOfSimulationsAreRefusedElsewhere(t *testing.T) {
	for _, cluster := range Clusters {
		c := Defaults()
		c.Cluster = cluster
		for _, word := range []string{"power", "disk"} {
			c.Nemesis = []string{word}
			_, err := c.Schedule()
			require.ErrorContains(t, err, "schedule "+word+" on cluster "+cluster+": step 1: fault: "+word)
			require.ErrorContains(t, err, "this cluster cannot have that, allowed on a simulated cluster only")
		}
		c.Nemesis = []string{"elect"}
		_, err := c.Schedule()
		require.NoError(t, err)
	}
}
