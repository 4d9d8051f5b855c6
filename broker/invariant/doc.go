// Package invariant watches the brokers of a cluster from inside, step by step,
// and notes what contradicts the replication protocol: the invariants of its
// TLA+ models, and what each replica must hold by itself. A client may never
// notice, or not before much else has happened.
//
// It promises to change nothing, and to accuse no correct broker: what was lost
// where nothing was promised (an unclean election that the topic allows, power or
// the disk lost by the last member of an ISR) is forgiven, and so are its
// consequences. It assumes that it sees every broker after each of its steps and
// before the effects of the step, and is told of each power loss and each wiped
// disk before the broker boots again.
package invariant
