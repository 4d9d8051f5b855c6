package mutant

// Hidden says why what clients see does not convict this bug, or only after
// long: what it would take. It is empty for a bug that clients see soon.
func (r Row) Hidden() string { return hidden[r.Name] }

var hidden = map[Mutant]string{
	VoteNotSynced:            "A client sees it only where a voter loses power within the few milliseconds before its vote's next sync, is back before the election is over, and two candidates that cannot hear each other both get its vote; the look inside sees the first voter that forgets.",
	LogStartAboveWatermark:   "Retention may take any record, read or not, so that a client cannot tell what was deleted too early from what was deleted; what it took was not committed, and only the brokers know that.",
	FlushErrorIgnored:        "It takes a sync that fails and a power loss of that node before the next sync succeeds, which makes good for the one that failed; and no other replica may have the record.",
	RecoveredEntriesUnsynced: "It takes a kill during the sync of the metadata log, a restart, an answer to the controller, and a power loss, all before the next entry is synced: about one case in five hundred.",
}
