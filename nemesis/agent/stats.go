package agent

// Stats is the evidence of whether faults bite, read back from the kernel and
// from the processes themselves.
type Stats struct {
	Gen int64 `json:"gen"` // of the state in force
	// Peers counts since the agent's start, by the names of the last State.
	Peers     map[string]PeerStats `json:"peers"`
	Processes []Process            `json:"processes"`
	// HostUnixNS is the machine's wall clock, which every process reads whose
	// clock is not in Clocks: those are read back under a clock fault only.
	HostUnixNS int64          `json:"host_unix_ns"`
	Clocks     []ClockReading `json:"clocks"`
}

// PeerStats counts what faults did to the packets from a peer, and to it. A
// healthy link is not counted.
type PeerStats struct {
	Dropped Count `json:"dropped"` // by a cut
	Unsent  Count `json:"unsent"`  // to the peer, by a cut of replies
	Reset   Count `json:"reset"`   // answered with a RST
	Lost    Count `json:"lost"`    // drawn by LossPercent
	Delayed Count `json:"delayed"` // held back, then delivered
	// Reordered are the delayed packets that overtook another one.
	Reordered Count `json:"reordered"`
}

// Count is packets and their bytes, IP headers included.
type Count struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Process is one process of the pid namespace, the agent excepted.
type Process struct {
	PID    int    `json:"pid"`
	Parent int    `json:"parent"` // 0 if it was started from outside the namespace
	Name   string `json:"name"`
	// State is "running", "stopped" (paused) or "dead" (ended, not yet reaped).
	State string `json:"state"`
	// StartTicks is the start in clock ticks since boot: with PID it names the
	// process for good.
	StartTicks uint64 `json:"start_ticks"`
}

// The states of a Process.
const (
	ProcessRunning = "running"
	ProcessStopped = "stopped"
	ProcessDead    = "dead"
)

// ClockReading is one process's wall clock beside the host's, read back from
// the process's memory: what its next time.Now() would be.
type ClockReading struct {
	PID           int    `json:"pid"`
	Name          string `json:"name"`
	HostUnixNS    int64  `json:"host_unix_ns"`
	ProcessUnixNS int64  `json:"process_unix_ns"`
	// Patched tells whether the process's clock is under control; one that is not
	// reads the host's.
	Patched bool   `json:"patched"`
	Error   string `json:"error,omitempty"`
}
