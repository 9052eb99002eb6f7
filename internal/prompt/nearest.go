package prompt

import (
	"strings"
	"unicode/utf8"
)

// Nearest finds the known name that a mistyped one was most likely meant to be: the smallest number of letters to
// change, add, drop or swap, at most a third of its length (one for short names). It returns "" when none is near.
// Of equally near ones it takes the first.
func Nearest(name string, known []string) string {
	limit := max(1, utf8.RuneCountInString(name)/3)
	best := ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// distance counts changes, additions, drops and swaps of neighbours (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	const far = 1 << 20
	if len(x) > 200 || len(y) > 200 {
		return far // a name this long is no slip of the finger
	}
	older, old, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(y)]
}
