package agent

// ProtocolVersion is what Hello reports; harness and agent must agree on it.
const ProtocolVersion = 1

// Op is what a request asks for.
type Op string

// The operations.
const (
	// OpHello asks for the agent's version and capabilities.
	OpHello Op = "hello"
	// OpState brings Request.State into force.
	OpState Op = "state"
	// OpKill sends SIGKILL to what Request.Kill matches, and waits for its end.
	OpKill Op = "kill"
	// OpStats reads back counters, processes and clocks.
	OpStats Op = "stats"
	// OpData measures the files in Request.Dir.
	OpData Op = "data"
	// OpWipe removes what is in Request.Dir, and measures what is left.
	OpWipe Op = "wipe"
)

// Request is one line on the agent's stdin.
type Request struct {
	// ID is the caller's: the response carries it back.
	ID    int64  `json:"id"`
	Op    Op     `json:"op"`
	State *State `json:"state,omitempty"` // with OpState
	Kill  *Match `json:"kill,omitempty"`  // with OpKill
	// Dir is a directory on the node's volume, absolute; with OpData and OpWipe.
	Dir string `json:"dir,omitempty"`
}

// Response is one line on the agent's stdout. Exactly one of the pointers is
// set when Error is empty; Applied may be set beside an Error, since a state
// can be in force in part.
type Response struct {
	ID      int64    `json:"id"`
	Error   string   `json:"error,omitempty"`
	Hello   *Hello   `json:"hello,omitempty"`
	Applied *Applied `json:"applied,omitempty"`
	Killed  *Killed  `json:"killed,omitempty"`
	Stats   *Stats   `json:"stats,omitempty"`
	Data    *Data    `json:"data,omitempty"`
}

// Hello is what the agent is and can do.
type Hello struct {
	Version      int          `json:"version"` // of this protocol
	Arch         string       `json:"arch"`    // as GOARCH
	Kernel       string       `json:"kernel"`  // as uname -r
	Capabilities Capabilities `json:"capabilities"`
}

// Capabilities is what was tried at the agent's start, in its own namespaces.
type Capabilities struct {
	NFTables Capability `json:"nftables"` // cut links
	Reject   Capability `json:"reject"`   // reset connections
	NFQueue  Capability `json:"nfqueue"`  // loss, delay, jitter, reordering in user space
	Netem    Capability `json:"netem"`    // the same in the kernel
	Ptrace   Capability `json:"ptrace"`
	Clock    Capability `json:"clock"` // skewed wall clocks
}

// Capability is whether one primitive works here.
type Capability struct {
	Supported bool `json:"supported"`
	// How names the variant where there are several: nfqueue is "native" or
	// "compat".
	How string `json:"how,omitempty"`
	// Reason says why it is not supported.
	Reason string `json:"reason,omitempty"`
}

// Applied is a state brought into force and read back.
type Applied struct {
	Gen int64 `json:"gen"`
	// MS is how long each primitive took, in milliseconds, by name: "nftables",
	// "nfqueue", "netem", "pause", "clock". One that had nothing to change is
	// missing.
	MS map[string]float64 `json:"ms"`
}

// Killed names the processes that a kill ended.
type Killed struct {
	PIDs []int   `json:"pids"`
	MS   float64 `json:"ms"` // from the signal to the last process's end
}

// Data is how much lies in a directory.
type Data struct {
	Bytes int64 `json:"bytes"` // of all files' contents
}
