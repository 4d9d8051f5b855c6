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
	process, host, err := readingOf([]agent.ClockReading{
		{Error: "it has just ended"}, {HostUnixNS: 1_000_000_000, ProcessUnixNS: 3_000_000_000},
	})
	require.NoError(t, err)
	require.Equal(t, int64(1), host.Unix())
	require.Equal(t, int64(3), process.Unix())
	_, _, err = readingOf([]agent.ClockReading{{Error: "it has just ended"}})
	require.EqualError(t, err, "it has just ended")
	_, _, err = readingOf(nil)
	require.EqualError(t, err, "it has no process")
}
