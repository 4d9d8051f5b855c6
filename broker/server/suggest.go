package server

import "fmt"

// unknown is the error for a name that is none of the known ones, with the one
// that was probably meant.
func unknown(kind, name string, known []string, where string) error {
	hint := ""
	if meant := Nearest(name, known); meant != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", meant)
	}
	return badConfig("%s %q is unknown%s%s", kind, name, hint, where)
}

// Nearest finds the known name with the fewest edits to name, if they are few
// enough to be a slip; otherwise it is empty.
func Nearest(name string, known []string) string {
	best, fewest := "", 1+max(2, len(name)/5)
	for _, candidate := range known {
		if d := editDistance(name, candidate); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
