package workspace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// maxProblems is how many problems one file may report: past them, one mistake is repeating itself.
const maxProblems = 100

// Problem is one thing wrong in one file, with the place.
type Problem struct {
	File   string `json:"file"`   // relative to the workspace
	Line   int    `json:"line"`   // from 1; 0 when the whole file is meant
	Column int    `json:"column"` // from 1, in characters
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
}

// Error is "file:line:column: field: reason; remedy".
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Reason)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems is everything wrong with what was read, in the order of files and lines. It wraps art.ErrInvalid.
type Problems []Problem

// Error is one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives art.ErrInvalid.
func (p Problems) Unwrap() error { return art.ErrInvalid }

// err sorts the problems of each file by place and gives them as an error, or nil.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	files := map[string]int{}
	for i, one := range p {
		if _, there := files[one.File]; !there {
			files[one.File] = i
		}
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(files[a.File], files[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p
}
