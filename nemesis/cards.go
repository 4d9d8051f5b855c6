package nemesis

// faultCards are the faults that Draw deals on a cluster of that size. A card
// that stands twice is dealt twice as often: leaders are where acked writes
// live and die.
func faultCards(nodes int) map[Kind][]Fault {
	partitions := []Fault{
		{Kind: Partition, Shape: Isolate, Target: Leader},
		{Kind: Partition, Shape: Isolate, Target: Leader, Clients: true},
		{Kind: Partition, Shape: Isolate, Target: Follower},
		{Kind: Partition, Shape: Isolate, Target: Controller},
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
	kill := func(t Target) Fault { return Fault{Kind: Kill, Target: t} }
	pause := func(t Target) Fault { return Fault{Kind: Pause, Target: t} }
	return map[Kind][]Fault{
		Partition: partitions,
		Kill: {
			kill(Leader), kill(Leader), kill(Follower), kill(Controller), kill(Majority), kill(All),
		},
		Pause: {
			pause(Leader), pause(Leader), pause(Follower), pause(Controller),
		},
	}
}
