package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxFile is how large a YAML file of a workspace may be, in bytes.
const MaxFile = 1 << 20

// parse reads one YAML document. It gives the root of the document, or what is wrong with it.
func parse(file string, data []byte) (*yaml.Node, Problems) {
	if len(data) > MaxFile {
		return nil, Problems{{File: file, Reason: fmt.Sprintf("is larger than %d KiB", MaxFile>>10), Remedy: "briefs and kits are small; is this the right file?"}}
	}
	if line, column, ok := badUTF8(data); ok {
		return nil, Problems{{File: file, Line: line, Column: column, Reason: "is no UTF-8 text here", Remedy: "save the file as UTF-8"}}
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Problems{{File: file, Line: 1, Column: 1, Reason: "is empty", Remedy: "see the examples that presswerk init writes"}}
		}
		return nil, syntax(file, data, err)
	}
	var second yaml.Node
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, Problems{{File: file, Line: max(second.Line, 1), Column: max(second.Column, 1), Reason: "a second document begins here", Remedy: "keep one document in a file: take the line --- out"}}
	case !errors.Is(err, io.EOF):
		return nil, syntax(file, data, err)
	}
	if len(doc.Content) == 0 {
		return nil, Problems{{File: file, Line: 1, Column: 1, Reason: "is empty", Remedy: "see the examples that presswerk init writes"}}
	}
	return doc.Content[0], nil
}

var linePattern = regexp.MustCompile(`line (\d+): (.*)`)

// syntax turns the YAML reader's complaint into problems with a column, and tells of tabs by themselves, since they are
// what the reader stumbled over.
func syntax(file string, data []byte, err error) Problems {
	lines := strings.Split(string(data), "\n")
	var found Problems
	for i, l := range lines {
		if tab := strings.IndexByte(l[:len(l)-len(strings.TrimLeft(l, " \t"))], '\t'); tab >= 0 && len(found) < maxProblems {
			found = append(found, Problem{File: file, Line: i + 1, Column: tab + 1, Reason: "a tab stands in the indentation", Remedy: "YAML is indented with spaces"})
		}
	}
	if len(found) > 0 {
		return found
	}
	p := Problem{File: file, Line: 1, Reason: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		p.Reason = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			p.Line = min(max(n, 1), len(lines))
		}
	}
	if n := firstBad(lines); n > 0 {
		p.Line = n
	}
	text := lines[p.Line-1]
	p.Column = utf8.RuneCountInString(text[:len(text)-len(strings.TrimLeft(text, " "))]) + 1
	p.Remedy = remedyFor(p.Reason)
	return Problems{p}
}

// firstBad finds the line at which a text stops being YAML: the one after the longest beginning that can be read. The
// reader itself names the line where the surrounding mapping began, which may be far away. 0 means that it was not looked
// for, because the text is long.
func firstBad(lines []string) int {
	const most, bytes = 400, 16 << 10
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	if len(lines) > most || size > bytes {
		return 0
	}
	for n := len(lines) - 1; n > 0; n-- {
		var doc yaml.Node
		if yaml.Unmarshal([]byte(strings.Join(lines[:n], "\n")), &doc) == nil {
			for n < len(lines)-1 && strings.TrimSpace(lines[n]) == "" {
				n++ // empty lines are not to blame
			}
			return n + 1
		}
	}
	return 1
}

// remedyFor says what usually lies behind the YAML reader's messages.
func remedyFor(reason string) string {
	for _, r := range []struct{ part, remedy string }{
		{"mapping values are not allowed", "words with a colon in them need quotes"},
		{"did not find expected key", "look at the indentation here and on the line above, and for a quote too many"},
		{"could not find expected ':'", "a key needs a colon and a space after it; look at the line above, too"},
		{"did not find expected '-' indicator", "the entries of a list must be indented alike"},
		{"found unexpected end of stream", "a quote or bracket is never closed"},
		{"cannot start any token", "words that begin with @, `, % or a tab need quotes"},
		{"unknown anchor", "write the value out instead of the *reference"},
		{"unknown escape", `in "double quotes" a backslash is written \\`},
		{"did not find expected ',' or ']'", "a list [in, brackets] is not closed or lacks a comma"},
		{"did not find expected ',' or '}'", "a mapping {in: braces} is not closed or lacks a comma"},
		{"alphabetic or numeric character", "words that begin with * or & need quotes"},
	} {
		if strings.Contains(reason, r.part) {
			return r.remedy
		}
	}
	return "this is not YAML; an editor with YAML support shows where it breaks"
}

// badUTF8 finds the first byte that is no UTF-8.
func badUTF8(data []byte) (line, column int, bad bool) {
	if utf8.Valid(data) {
		return 0, 0, false
	}
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return line, column, true
}
