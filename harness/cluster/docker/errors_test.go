package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExplainMakesOneLineThatNamesWhatIsTaken(t *testing.T) {
	tests := map[string]struct {
		engine string
		is     error
		says   string
	}{
		"port of a container": {
			"driver failed programming external connectivity on endpoint x (1f): Bind for 127.0.0.1:19092 failed: port is already allocated",
			ErrPortTaken, "port is taken: 127.0.0.1:19092",
		},
		"port of a process": {
			"driver failed programming external connectivity on endpoint x (1f): Error starting userland proxy: listen tcp4 127.0.0.1:19092: bind: address already in use",
			ErrPortTaken, "port is taken: 127.0.0.1:19092",
		},
		"container": {
			`Conflict. The container name "/play-n1" is already in use by container "1f". You have to remove it.`,
			ErrNameTaken, "name is taken: play-n1",
		},
		"network": {"network with name play already exists", ErrNameTaken, "name is taken: play"},
		"image":   {"No such image: localhost/ackproof/faultd:1f", ErrNoImage, "image is missing: localhost/ackproof/faultd:1f"},
		"disk": {
			"failed to copy files:\nwrite /var/lib/docker/x:\nno space left on device",
			ErrDiskFull, "the Docker engine's disk is full: start: failed to copy files:; write /var/lib/docker/x:; no space left on device",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := explain(fmt.Errorf("start: %w", errors.New(test.engine)))
			require.ErrorIs(t, err, test.is)
			require.Equal(t, test.says, err.Error())
		})
	}
}

func TestExplainKeepsWhatItDoesNotKnow(t *testing.T) {
	require.NoError(t, explain(nil))
	err := explain(fmt.Errorf("one\n%w", context.Canceled))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrGone)
	require.False(t, strings.Contains(err.Error(), "\n"))
}
