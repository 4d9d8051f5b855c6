package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestTheHelpNamesEveryFaultByHand(t *testing.T) {
	exit, stdout, _ := call("nemesis", "--help")
	require.Equal(t, exitValid, exit)
	for _, kind := range nemesis.LiveKinds() {
		require.Regexp(t, `\n  `+string(kind)+` +\S`, stdout)
	}
	for _, target := range nemesis.LiveTargets() {
		require.Regexp(t, `\n  `+string(target)+` +\S`, stdout)
	}
	for _, shape := range nemesis.Shapes() {
		require.Regexp(t, `\s`+string(shape)+`\b`, stdout)
	}
}
