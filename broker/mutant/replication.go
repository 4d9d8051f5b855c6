package mutant

// What is broken between a leader and its followers.
const ()

var replication = []Row{}
