package docker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

func TestClocksInTheAgentsWords(t *testing.T) {
	require.Nil(t, agentClock(nemesis.Clock{}))
	require.Equal(t, &agent.Clock{OffsetMS: -5, Rate: 2}, agentClock(nemesis.Clock{Offset: -5, Rate: 2}))
	require.Equal(t, &agent.Clock{StrobeMS: 5, StrobePeriodMS: 7}, agentClock(nemesis.Clock{Offset: 5, StrobePeriod: 7}))
}

func TestTheBrokersClockIsTheOneThatCanBeRead(t *testing.T) {
	running := []agent.Process{{State: agent.ProcessRunning}}
	ended := agent.ClockReading{Error: "it has just ended"}
	process, host, err := readingOf(agent.Stats{
		Processes: running, HostUnixNS: 9,
		Clocks: []agent.ClockReading{ended, {HostUnixNS: 1_000_000_000, ProcessUnixNS: 3_000_000_000}},
	})
	require.NoError(t, err)
	require.Equal(t, int64(1), host.Unix())
	require.Equal(t, int64(3), process.Unix())

	process, host, err = readingOf(agent.Stats{Processes: running, HostUnixNS: 5_000_000_000})
	require.NoError(t, err, "without a fault it is the host's")
	require.Equal(t, int64(5), host.Unix())
	require.Equal(t, host, process)

	_, _, err = readingOf(agent.Stats{Processes: running, Clocks: []agent.ClockReading{ended}})
	require.EqualError(t, err, "it has just ended")
	_, _, err = readingOf(agent.Stats{HostUnixNS: 5})
	require.EqualError(t, err, "it has no process")
}
