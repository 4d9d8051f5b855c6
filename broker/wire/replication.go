package wire

// Replication is what the handlers of produce and fetch need: the partitions
// that this broker holds. See 00_produce.go and 01_fetch.go.
type Replication interface{}
