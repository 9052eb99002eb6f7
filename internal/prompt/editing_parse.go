package prompt

import (
	"regexp"
	"strings"
)

type nodeKind int

const (
	nodeText      nodeKind = iota // text as it is
	nodeBrackets                  // brackets that mean attention; text holds the pair
	nodeScheduled                 // parts are before and after, text is the number
	nodeAlternate                 // parts take turns
)

// node is a piece of a prompt with editing. Parts hold what is inside.
type node struct {
	kind  nodeKind
	text  string
	parts [][]node
}

// frame is a bracket that is open, or the whole prompt at the bottom.
type frame struct {
	open  byte
	parts [][]node // what colons and bars divide
	marks []byte   // the dividers
}

func (f *frame) add(n ...node) {
	last := len(f.parts) - 1
	f.parts[last] = append(f.parts[last], n...)
}

func (f *frame) divide(mark byte) {
	f.marks = append(f.marks, mark)
	f.parts = append(f.parts, nil)
}

// editing reads one prompt. Brackets that don't close, or that mean nothing, are text; and since nothing but whole
// brackets may stand inside an edit, so is every bracket around them.
type editing struct{ stack []*frame }

// parseEditing gives the nodes of a prompt, or says that it can't be read: for a bar outside of square brackets, or a
// backslash before nothing or before a line's end.
func parseEditing(text string) (_ []node, ok bool) {
	e := &editing{stack: []*frame{{parts: make([][]node, 1)}}}
	for text != "" {
		n := 1
		switch c := text[0]; c {
		case '(', '[':
			if len(e.stack) > maxNesting {
				return nil, false
			}
			e.stack = append(e.stack, &frame{open: c, parts: make([][]node, 1)})
		case ')', ']':
			ok = e.close(c)
			if !ok {
				return nil, false
			}
		case ':', '|':
			if top := e.top(); top.open != 0 {
				top.divide(c)
			} else if c == '|' {
				return nil, false
			} else {
				top.add(node{text: ":"})
			}
		default:
			if n = plainLength(text); n == 0 {
				return nil, false
			}
			e.top().add(node{text: text[:n]})
		}
		text = text[n:]
	}
	if !e.flatten() {
		return nil, false
	}
	return e.stack[0].parts[0], true
}

func (e *editing) top() *frame { return e.stack[len(e.stack)-1] }

// close ends the innermost bracket, if c fits it and what is inside makes sense.
func (e *editing) close(c byte) bool {
	top := e.top()
	if top.open == '(' && c == ')' || top.open == '[' && c == ']' {
		if n, ok := top.node(); ok {
			e.stack = e.stack[:len(e.stack)-1]
			e.top().add(n)
			return true
		}
	}
	if !e.flatten() {
		return false
	}
	e.top().add(node{text: string(c)})
	return true
}

// flatten makes text of every open bracket. A bar among them can't be text.
func (e *editing) flatten() bool {
	bottom := e.stack[0]
	for _, f := range e.stack[1:] {
		bottom.add(node{text: string(f.open)})
		for i, part := range f.parts {
			if i > 0 {
				if f.marks[i-1] == '|' {
					return false
				}
				bottom.add(node{text: ":"})
			}
			bottom.add(part...)
		}
	}
	e.stack = e.stack[:1]
	return true
}

// node is what a closed bracket means.
func (f *frame) node() (node, bool) {
	colons := strings.Count(string(f.marks), ":")
	bars := len(f.marks) - colons
	switch {
	case f.open == '(':
		return node{nodeBrackets, "()", f.parts}, bars == 0 && colons <= 1
	case colons == 0 && bars == 0:
		return node{nodeBrackets, "[]", f.parts}, true
	case colons == 0:
		return node{kind: nodeAlternate, parts: f.parts}, true
	}
	return f.scheduled()
}

// number is when an edit happens: Lark's SIGNED_NUMBER.
var number = regexp.MustCompile(`^[+-]?([0-9]+[eE][+-]?[0-9]+|([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[0-9]+)$`)

// scheduled reads [after:when] and [before:after:when]. A bar inside is text, as A1111's published examples have it
// ("a [{b|d{:.5] c"), although its own grammar gives up there.
func (f *frame) scheduled() (node, bool) {
	parts := [][]node{nil}
	for i, part := range f.parts {
		if i > 0 && f.marks[i-1] == '|' {
			parts[len(parts)-1] = append(append(parts[len(parts)-1], node{text: "|"}), part...)
			continue
		}
		if i > 0 {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], part...)
	}
	last := parts[len(parts)-1]
	if len(parts) > 3 || len(last) != 1 || last[0].kind != nodeText {
		return node{}, false
	}
	when := strings.TrimFunc(last[0].text, isSpace)
	if !number.MatchString(when) {
		return node{}, false
	}
	n := node{kind: nodeScheduled, text: when, parts: [][]node{nil, parts[0]}}
	if len(parts) == 3 {
		n.parts = parts[:2]
	}
	return n, true
}

// plainLength is how far plain text reaches: everything but brackets, colons and bars, and whatever a backslash
// precedes. It is 0 where a backslash precedes nothing or a line's end.
func plainLength(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', ')', '[', ']', ':', '|':
			return i
		case '\\':
			i++
			if i == len(text) || text[i] == '\n' {
				return 0
			}
		}
	}
	return len(text)
}
