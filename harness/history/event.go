// Package history holds what happened in a run, as the clients and the nemesis
// saw it: one event per line, in the order of recording. It promises that an
// event is on its way to the disk before Record returns, so a killed harness
// loses at most its last line, and that a loader refuses what it does not know.
// The format is described field by field in docs/history.md.
package history

// Format and Version name the file format in a history's header line.
const (
	Format  = "ackproof-history"
	Version = 1
)

// Header is the first line of a history.
type Header struct {
	Format   string            `json:"format"`
	Version  int               `json:"version"`
	Run      string            `json:"run"`
	Created  string            `json:"created"` // RFC 3339, wall clock, for people only
	Seed     uint64            `json:"seed"`
	Workload string            `json:"workload"`
	Cluster  string            `json:"cluster"` // local, docker, sim, external
	Nodes    int               `json:"nodes"`
	Broker   string            `json:"broker"` // build of the system under test
	Config   Config            `json:"config"`
	Schedule string            `json:"schedule,omitempty"` // SHA-256 of schedule.json
	Labels   map[string]string `json:"labels,omitempty"`
}

// The label of a run whose network, disks or clocks are bad also while no fault
// is in force.
const (
	Weather = "weather"
	Rough   = "rough"
)

// Config is the part of a run's configuration that decides what was promised.
type Config struct {
	Acks              string `json:"acks"` // "all", "1", "0"
	MinISR            int    `json:"min_isr"`
	ReplicationFactor int    `json:"replication_factor"`
	UncleanElection   bool   `json:"unclean_election"`
	Flush             string `json:"flush"` // never, interval, before-ack
	Idempotent        bool   `json:"idempotent"`
	// RetentionBytes is the size beyond which a partition's oldest records are
	// deleted; 0 keeps all.
	RetentionBytes int `json:"retention_bytes,omitempty"`
}

// Type is an event's kind, in Jepsen's words.
type Type string

// An op begins with invoke and ends with one of the others: ok, it happened;
// fail, it did not and never will; info, nobody knows.
const (
	Invoke Type = "invoke"
	OK     Type = "ok"
	Fail   Type = "fail"
	Info   Type = "info"
)

// NemesisProcess is the process id of fault events, and of what was seen of ISRs.
const NemesisProcess = -1

// ISR is what metadata showed of (Topic, Partition): its ISR, its leader as Node,
// nil if it had none, and LeaderEpoch. It is an info of the nemesis's process, and
// was true at some time since the one before it, or for all of that time.
const ISR = "isr"

// Ops of the log workload.
const (
	// Send appends Value to (Topic, Partition). Its ok carries Offset; with
	// acks=0 no offset is known and its ok says only that it was sent
	// (Offset is -1).
	Send = "send"
	// Poll reads (Topic, Partition) from Offset on as a consumer would. Its ok
	// carries Records.
	Poll = "poll"
	// EndOffset asks for the partition's end offset as a consumer sees it. Its
	// ok carries Offset and the LeaderEpoch under which it was answered.
	EndOffset = "end-offset"
	// Assign seeks a consumer process to Offset of (Topic, Partition).
	Assign = "assign"
	// Drain reads the whole of (Topic, Partition) from the replica Node after
	// heal. Its ok carries Records (one event may carry a part: successive
	// drain events of a node continue) and, on the last, End: the high
	// watermark up to which it read.
	Drain = "drain"
	// Marker is a send after all others ended, acked and read back by the
	// drain: proof that the partition works and that the drain is complete.
	Marker = "marker"
	// CreateTopic makes the topic, and DeleteTopic deletes it with all that it holds. A topic
	// that bears its name again is another one, and has another name in the history.
	CreateTopic = "create"
	DeleteTopic = "delete"
)

// Record is one record as read: its offset and its value.
type Record struct {
	Offset int64 `json:"o"`
	Value  int64 `json:"v"`
}

// Event is one line of a history.
type Event struct {
	Index     int64  `json:"i"`
	Time      int64  `json:"t"` // monotonic ns since the run's base
	Process   int    `json:"p"` // NemesisProcess for faults and ISRs
	Type      Type   `json:"type"`
	F         string `json:"f"`
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"part,omitempty"`
	// Value is a send's value, unique in the run and > 0.
	Value int64 `json:"value,omitempty"`
	// Offset as the op defines it; nil where not known.
	Offset *int64 `json:"offset,omitempty"`
	// LeaderEpoch under which an answer was given; nil where not known.
	LeaderEpoch *int32 `json:"epoch,omitempty"`
	Node        *int   `json:"node,omitempty"` // the replica drained; the leader seen
	// ISR are the members that were seen in it.
	ISR []int `json:"isr,omitempty"`
	// Records read, in order of reading.
	Records []Record `json:"records,omitempty"`
	// End is the exclusive end up to which a drain read its replica.
	End *int64 `json:"end,omitempty"`
	// Error is the class or protocol name of what went wrong, with detail.
	Error string `json:"err,omitempty"`
	// Fault describes a nemesis event.
	Fault *Fault `json:"fault,omitempty"`
}

// SawISR is the event of what was seen of a partition; leader is 0 if it had none.
func SawISR(topic string, partition, epoch int32, leader int, isr []int) Event {
	e := Event{Process: NemesisProcess, Type: Info, F: ISR, Topic: topic, Partition: partition, LeaderEpoch: &epoch, ISR: isr}
	if leader > 0 {
		e.Node = &leader
	}
	return e
}

// Fault is the nemesis part of an event. Type is Invoke when the fault was
// applied and Info when it was healed; both carry the schedule's step id.
type Fault struct {
	Step     int               `json:"step"`
	Kind     string            `json:"kind"`               // as schedules name it
	Nodes    []int             `json:"nodes,omitempty"`    // the nodes it hit
	Describe string            `json:"describe,omitempty"` // one line for people
	Evidence map[string]string `json:"evidence,omitempty"` // what was read back
	// Bit says whether the evidence shows that the fault had an effect; only
	// on heal events.
	Bit *bool `json:"bit,omitempty"`
	// Healing is when healing began, in monotonic ns since the run's base; only
	// on heal events, and nil where not known. The event itself is recorded
	// when healing is done, and a node that is restarted works before that.
	Healing *int64 `json:"healing_ns,omitempty"`
}
