package docker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A broker that ends as it was asked to has not crashed, also if it was asked before
// it caught the signal.
func TestOnlyWhatNobodyOrderedIsACrash(t *testing.T) {
	for name, test := range map[string]struct {
		killed, asked bool
		exit          int64
		crashed       bool
	}{
		"nobody asked":                     {crashed: true},
		"a signal of somebody else":        {exit: exitTerminated, crashed: true},
		"asked":                            {asked: true},
		"asked before it catches signals":  {asked: true, exit: exitTerminated},
		"asked, and ends with an error":    {asked: true, exit: 1, crashed: true},
		"asked, and somebody else kills":   {asked: true, exit: exitKilled, crashed: true},
		"killed":                           {killed: true, exit: exitKilled},
		"ends with an error before a kill": {killed: true, exit: 1, crashed: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := &life{done: make(chan struct{}), exit: test.exit}
			l.ordered.Store(test.killed)
			l.asked.Store(test.asked)
			require.False(t, l.crashed(), "it has not ended")
			close(l.done)
			require.Equal(t, test.crashed, l.crashed())
		})
	}
}
