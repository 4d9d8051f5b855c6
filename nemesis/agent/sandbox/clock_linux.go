package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
	"github.com/ackproof/ackproof/nemesis/agent/process"
)

// probeClock skews a process of our own, on the way that a broker is skewed.
func probeClock() agent.Capability {
	self, err := os.Executable()
	if err == nil {
		err = clock.Probe(exec.Command(self, probeCommand))
	}
	if err != nil {
		return agent.Capability{Reason: err.Error()}
	}
	return agent.Capability{Supported: true}
}

// probePtrace reads whether we may trace processes of other users.
func probePtrace() agent.Capability {
	mask, err := effectiveCapabilities()
	switch {
	case err != nil:
		return agent.Capability{Reason: err.Error()}
	case mask&(1<<unix.CAP_SYS_PTRACE) == 0:
		return agent.Capability{Reason: "CAP_SYS_PTRACE is missing"}
	}
	return agent.Capability{Supported: true}
}

func effectiveCapabilities() (mask uint64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, behind, found := strings.Cut(string(status), "\nCapEff:")
	if !found {
		return 0, errors.New("/proc/self/status names no effective capabilities")
	}
	_, err = fmt.Sscanf(behind, "%x", &mask)
	return mask, err
}

// clockTargets are the processes that the state's clock is for.
func (n *node) clockTargets() ([]clock.Target, error) {
	all, err := n.table.List()
	if err != nil {
		return nil, err
	}
	var targets []clock.Target
	for _, p := range process.Pick(all, n.state.Clock.Match) {
		if !p.Ended() {
			targets = append(targets, clock.Target{
				PID: p.PID, Name: p.Name, Forked: p.Forked, Starting: p.Starting(),
			})
		}
	}
	return targets, nil
}

// skew brings the clock of the state into force.
func (n *node) skew(ms map[string]float64) error {
	start := time.Now()
	changed, err := n.setClock()
	if changed {
		ms["clock"] = since(start)
	}
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return nil
}

func (n *node) setClock() (changed bool, err error) {
	wanted := n.state.Clock
	if wanted == nil {
		return n.clocks.Heal()
	}
	if can := n.hello.Capabilities.Clock; !can.Supported {
		return false, errors.New(can.Reason)
	}
	return n.clocks.Set(clock.Fault{
		Offset: millis(wanted.OffsetMS),
		Rate:   wanted.Rate,
		Strobe: millis(wanted.StrobeMS),
		Period: millis(wanted.StrobePeriodMS),
	})
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// readClocks reads back every clock that is kept wrong.
func (n *node) readClocks() []agent.ClockReading {
	readings := []agent.ClockReading{}
	for _, kept := range n.clocks.Read() {
		reading := agent.ClockReading{PID: kept.PID, Name: kept.Name}
		if kept.Err != nil {
			reading.Error = kept.Err.Error()
		} else {
			reading.Patched = true
			reading.HostUnixNS = kept.Reading.Host.UnixNano()
			reading.ProcessUnixNS = kept.Reading.Process.UnixNano()
		}
		readings = append(readings, reading)
	}
	return readings
}
