package mutant

// What is broken in the metadata quorum and in a broker's life in it.
const (
	WallClockSessions Mutant = "wall-clock-sessions"
)

var quorum = []Row{
	{47, WallClockSessions, "measures the sessions of brokers by the controller's wall clock, which can be set: whoever sets it fences the living", "clocks that are set; NTP steps"},
}
