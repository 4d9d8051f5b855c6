package explore

// drawTenants lets topics come and go in some of the profiles. Where a node stays
// away they do more often: whatever is made then has to do without it.
func drawTenants(r dice, liveness bool) int {
	if often := 4; r.IntN(often) == 0 || liveness && r.IntN(2) == 0 {
		return pick(r, 1, 1, 2)
	}
	return 0
}
