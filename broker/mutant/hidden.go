package mutant

// Hidden says why what clients see does not convict this bug, or only after
// long: what it would take. It is empty for a bug that clients see soon.
func (r Row) Hidden() string { return hidden[r.Name] }

var hidden = map[Mutant]string{}
