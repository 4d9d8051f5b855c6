package mutant

// What is broken between a log and its disk.
const ()

var disk = []Row{}
