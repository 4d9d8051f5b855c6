package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// When records reach the disk is the brokers' setting: a topic has none.
func TestFlushPolicyGoesToTheBrokers(t *testing.T) {
	c := Defaults()
	c.Flush = "before-ack"
	require.Equal(t, "before-ack", c.brokerProperties()["flush.policy"])
	require.NotContains(t, (&run{config: c}).topic().Configs, "flush.policy")
	require.NotContains(t, brokerTimes, "flush.policy", "one run's setting is not the next one's")
}
