package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const reaperRole = "ACKPROOF_TEST_REAPER"

func TestMain(m *testing.M) {
	if os.Getenv(reaperRole) != "" {
		fmt.Println(reapOrphan())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// reapOrphan makes this process what PID 1 is to its namespace, lets it inherit
// an orphan that ends, and waits until the orphan is not even a zombie.
func reapOrphan() string {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err.Error()
	}
	// The middle process names its child and ends; the orphan waits for its stdin.
	read, write, err := os.Pipe()
	if err != nil {
		return err.Error()
	}
	cmd := exec.Command("sh", "-c", "exec 3<&0; cat <&3 >/dev/null 2>&1 & echo $!")
	cmd.Stdin = read
	out, err := cmd.Output()
	if err != nil {
		return err.Error()
	}
	var orphan int
	if _, err := fmt.Sscan(string(out), &orphan); err != nil {
		return err.Error()
	}
	p, err := Table{}.Read(orphan)
	if err != nil || p.Parent != os.Getpid() {
		return fmt.Sprintf("orphan %d is not ours: %+v, %v", orphan, p, err)
	}
	Table{}.Reap()
	read.Close()
	write.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := (Table{}).Read(orphan); gone(err) {
			return "reaped"
		}
	}
	return "still there"
}

func TestReapCollectsOrphans(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), reaperRole+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "reaped", strings.TrimSpace(string(out)))
}
