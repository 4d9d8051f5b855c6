package nemesis

// hour is more than any timeout and any session.
const hour Millis = 3600 * 1000

// faultCards are the faults that Draw deals on a cluster of that size. A card
// that stands twice is dealt twice as often: leaders are where acked writes
// live and die.
func faultCards(nodes int) map[Kind][]Fault {
	partitions := []Fault{
		{Kind: Partition, Shape: Isolate, Target: Leader},
		{Kind: Partition, Shape: Isolate, Target: Leader, Clients: true},
		{Kind: Partition, Shape: Isolate, Target: Follower},
		{Kind: Partition, Shape: Isolate, Target: Controller},
		{Kind: Partition, Shape: Pair, Target: Leader},
		{Kind: Partition, Shape: OneWayIn, Target: Leader},
		{Kind: Partition, Shape: OneWayIn, Target: Leader, Clients: true},
		{Kind: Partition, Shape: OneWayOut, Target: Leader},
		{Kind: Partition, Shape: OneWayOut, Target: Leader, Clients: true},
		{Kind: Partition, Shape: OneWayIn, Target: Follower},
		{Kind: Partition, Shape: OneWayOut, Target: Follower},
		{Kind: Partition, Shape: Halves, Target: Leader},
		{Kind: Partition, Shape: Halves, Target: Leader, Clients: true},
	}
	if nodes >= ringNodes {
		partitions = append(partitions,
			Fault{Kind: Partition, Shape: Ring, Target: Leader},
			Fault{Kind: Partition, Shape: Bridge, Target: Leader},
			Fault{Kind: Partition, Shape: Bridge, Target: Follower},
		)
	}
	var clocks []Fault
	for _, clock := range []Clock{
		{Offset: hour}, {Offset: -hour}, {Rate: 2}, {Offset: hour, StrobePeriod: 100},
	} {
		for _, target := range []Target{Leader, Controller, Follower} {
			clocks = append(clocks, Fault{Kind: SkewClock, Target: target, Clock: clock})
		}
	}
	on := func(kind Kind, shape Shape, t Target) Fault { return Fault{Kind: kind, Shape: shape, Target: t} }
	slow := func(shape Shape, t Target, delay, jitter Millis) Fault {
		return Fault{Kind: Delay, Shape: shape, Target: t, Delay: delay, Jitter: jitter}
	}
	lossy := func(shape Shape, t Target, percent float64) Fault {
		return Fault{Kind: Loss, Shape: shape, Target: t, Loss: percent}
	}
	disorderly := func(shape Shape, t Target, jitter Millis) Fault {
		return Fault{Kind: Reorder, Shape: shape, Target: t, Jitter: jitter}
	}
	withClients := func(f Fault) Fault { f.Clients = true; return f }
	kill := func(t Target) Fault { return Fault{Kind: Kill, Target: t} }
	stop := func(t Target) Fault { return Fault{Kind: Stop, Target: t} }
	pause := func(t Target) Fault { return Fault{Kind: Pause, Target: t} }
	return map[Kind][]Fault{
		Partition: partitions,
		Kill: {
			kill(Leader), kill(Leader), kill(Follower), kill(Controller), kill(Majority), kill(All),
		},
		Stop: {
			stop(Leader), stop(Leader), stop(Follower), stop(Controller),
		},
		Pause: {
			pause(Leader), pause(Leader), pause(Follower), pause(Controller),
		},
		SkewClock: clocks,
		// Up to half of a session, both ways, and of the quorum's patience.
		Delay: {
			slow(Isolate, Leader, 50, 50), slow(Isolate, Controller, 100, 0), slow(Isolate, Follower, 250, 100),
			slow(OneWayIn, Leader, 400, 0), slow(OneWayOut, Leader, 400, 0), withClients(slow(Isolate, Leader, 100, 50)),
		},
		Loss: {
			lossy(Isolate, Leader, 10), lossy(Isolate, Leader, 30), lossy(Isolate, Controller, 20), lossy(Isolate, Follower, 50),
			lossy(OneWayIn, Leader, 50), withClients(lossy(Isolate, Leader, 20)),
		},
		Reset: {
			on(Reset, Isolate, Leader), withClients(on(Reset, Isolate, Leader)), on(Reset, Isolate, Follower),
			on(Reset, Isolate, Controller), on(Reset, Halves, Leader),
		},
		Reorder: {
			disorderly(Isolate, Leader, 20), disorderly(Isolate, Leader, 100), disorderly(Isolate, Follower, 50),
			disorderly(Isolate, Controller, 50), withClients(disorderly(Isolate, Leader, 50)),
		},
		Elect: {{Kind: Elect, Target: Follower}, {Kind: Elect, Target: Follower}},
		Power: powerCards,
		Disk:  diskCards,
	}
}

var powerCards = []Fault{
	{Kind: Power, Target: Leader},
	{Kind: Power, Target: Leader, Torn: true},
	{Kind: Power, Target: Follower},
	{Kind: Power, Target: Follower, Torn: true},
	{Kind: Power, Target: Controller},
	{Kind: Power, Target: All, Torn: true},
}

var diskCards = []Fault{
	{Kind: Disk, Target: Leader, Disk: DiskError},
	{Kind: Disk, Target: Follower, Disk: DiskError},
	{Kind: Disk, Target: Leader, Disk: DiskFull},
	{Kind: Disk, Target: Follower, Disk: DiskFull},
	{Kind: Disk, Target: Leader, Disk: DiskStall},
	{Kind: Disk, Target: Follower, Disk: DiskStall},
	{Kind: Disk, Target: Controller, Disk: DiskStall},
}
