package local

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A broker that is asked to end before it catches the signal ends by that, as it was
// asked to; what ends by the same signal unasked does not.
func TestASignalThatNothingCatchesYetEndsAsAsked(t *testing.T) {
	for name, asked := range map[string]bool{"asked": true, "unasked": false} {
		t.Run(name, func(t *testing.T) {
			log, err := openLog(filepath.Join(t.TempDir(), "log"))
			require.NoError(t, err)
			defer log.file.Close()
			ours, theirs, err := os.Pipe()
			require.NoError(t, err)
			defer ours.Close()
			defer theirs.Close()
			starter := newThread()
			defer starter.stop()
			ended := make(chan bool, 1)
			p, err := spawn(starter, "/bin/sleep", []string{"60"}, log, theirs, func(_ *process, ordered bool) { ended <- ordered })
			require.NoError(t, err)
			if asked {
				require.NoError(t, p.terminate())
			} else {
				require.NoError(t, p.signal(syscall.SIGTERM))
			}
			<-p.exited
			require.Equal(t, asked, <-ended)
			well, err := p.endedWell(t.Context())
			require.NoError(t, err)
			require.False(t, well, "it left nothing in order")
		})
	}
}
