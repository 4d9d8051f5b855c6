package controller

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPropertiesAreSortedAndTheirDefaultsValid(t *testing.T) {
	names := []string{}
	for _, p := range Properties() {
		names = append(names, p.Name)
		require.NoError(t, CheckTopicProperty(p.Name, &p.Default))
		require.NoError(t, CheckClusterProperty(p.BrokerName, &p.Default))
		value, source := NewImage().TopicConfig("none", p.Name, nil)
		require.Equal(t, p.Default, value)
		require.Equal(t, SourceDefault, source)
	}
	require.True(t, slices.IsSorted(names), names)
}

func TestMinISRPanicsOnWhatWasNeverValid(t *testing.T) {
	require.PanicsWithValue(t, `controller: topic t holds min.insync.replicas="x", which was never valid`, func() {
		NewImage().MinISR("t", map[string]string{MinInSyncReplicas: "x"})
	})
}
