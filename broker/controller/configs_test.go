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
