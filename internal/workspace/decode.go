package workspace

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// Limits against files that unfold into something huge.
const (
	maxNodes = 50_000
	maxDepth = 32
)

// decoder writes a YAML tree into a Go value and remembers where everything stood.
type decoder struct {
	file  string
	found Problems
	where map[string]*yaml.Node // path → node
	nodes int
}

// decode reads one file into out, a pointer to a struct. It returns the decoder, which knows the places.
func decode(file string, data []byte, out any) *decoder {
	d := &decoder{file: file, where: map[string]*yaml.Node{}}
	root, problems := parse(file, data)
	if root == nil {
		d.found = problems
		return d
	}
	d.value(root, reflect.ValueOf(out).Elem(), "", 0)
	return d
}

// complain adds a problem at a node.
func (d *decoder) complain(n *yaml.Node, path, reason, remedy string) {
	if len(d.found) < maxProblems {
		d.found = append(d.found, Problem{File: d.file, Line: max(n.Line, 1), Column: max(n.Column, 1), Field: path, Reason: reason, Remedy: remedy})
	}
}

// place adds problems that were found in the value, at the place where their field stands, or would stand. A field of
// which something was told already is left alone: a number where words belong is not missing, too.
func (d *decoder) place(all []*art.FieldError) {
	if root := d.where[""]; root == nil || root.Kind != yaml.MappingNode {
		return
	}
	told := slices.Clone(d.found)
	for _, e := range all {
		if slices.ContainsFunc(told, func(p Problem) bool { return within(e.Field, p.Field) || within(p.Field, e.Field) }) {
			continue
		}
		n := d.where[e.Field]
		for at := e.Field; n == nil && at != ""; n = d.where[at] {
			at = at[:max(strings.LastIndexAny(at, ".["), 0)]
		}
		d.complain(n, e.Field, e.Reason, e.Remedy)
	}
}

// within tells whether path is field or something below it.
func within(path, field string) bool {
	rest, ok := strings.CutPrefix(path, field)
	return ok && field != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// value writes one node. Whatever is wrong is told, and the value is then left as it was.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, depth int) {
	if d.nodes++; d.nodes > maxNodes || depth > maxDepth {
		if d.nodes == maxNodes+1 || depth == maxDepth+1 {
			d.complain(n, path, "is too large or too deep", "briefs and kits are small; are there *references that repeat each other?")
		}
		d.nodes = max(d.nodes, maxNodes+1) // read no further
		return
	}
	d.where[path] = n
	if n.Kind == yaml.AliasNode {
		d.value(n.Alias, v, path, depth+1)
		return
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		d.complain(n, path, fmt.Sprintf("has the tag %s, which means nothing here", n.Tag), "take it out")
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		d.complain(n, path, "has no value", `write one or take the line out; what begins with # needs quotes: "#ffd0b2"`)
		return
	}
	if v.Kind() == reflect.Pointer {
		fresh := reflect.New(v.Type().Elem())
		d.value(n, fresh.Elem(), path, depth)
		v.Set(fresh)
		return
	}
	if !d.special(n, v, path, depth) {
		d.plain(n, v, path, depth)
	}
}

// special reads the types that have a form of their own. It tells whether v was one.
func (d *decoder) special(n *yaml.Node, v reflect.Value, path string, depth int) bool {
	switch out := v.Addr().Interface().(type) {
	case *art.Text:
		d.text(n, out, path, depth)
	case *art.Part:
		d.part(n, out, path, depth)
	case *art.Seed:
		s, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || err != nil || s < 0 {
			d.complain(n, path, fmt.Sprintf("%s is no seed", shown(n)), "write a whole number from 0 to 9223372036854775807")
			return true
		}
		*out = art.Seed(s)
	case *time.Time:
		d.time(n, out, path)
	case *any:
		*out = d.any(n, path, depth)
	default:
		return false
	}
	return true
}

// plain reads structs, maps, lists and scalars.
func (d *decoder) plain(n *yaml.Node, v reflect.Value, path string, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path, depth)
	case reflect.Map:
		d.mapping(n, v, path, depth)
	case reflect.Slice:
		d.list(n, v, path, depth)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string, depth int) {
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		if name := keyOf(v.Type().Field(i)); name != "" {
			fields[name] = i
			known = append(known, name)
		}
	}
	for key, value := range d.pairs(n, path, "keys and values: "+strings.Join(known, ", ")) {
		i, ok := fields[key.Value]
		if !ok {
			d.complain(key, below(path, key.Value), "nobody knows this key", didYouMean(key.Value, known))
			continue
		}
		d.value(value, v.Field(i), below(path, key.Value), depth+1)
	}
}

// keyOf is the key under which a field stands in YAML; "" when it never does.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string, depth int) {
	m := reflect.MakeMap(v.Type())
	for key, value := range d.pairs(n, path, "a mapping of names") {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(value, e, below(path, key.Value), depth+1)
		m.SetMapIndex(reflect.ValueOf(key.Value), e)
	}
	v.Set(m)
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.complain(n, path, fmt.Sprintf("%s stands where a list belongs", shown(n)), "write a list: [one, two]")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, e := range n.Content {
		d.value(e, list.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1)
	}
	v.Set(list)
}

// pairs goes through the keys and values of a mapping, and tells of whatever is no mapping, and of double keys.
func (d *decoder) pairs(n *yaml.Node, path, wanted string) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			d.complain(n, path, fmt.Sprintf("%s stands where %s belong", shown(n), wanted), "")
			return
		}
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			switch first, twice := lines[key.Value]; {
			case key.Kind != yaml.ScalarNode || key.Tag == "!!null":
				d.complain(key, path, "a key must be a word", "")
			case key.Tag == "!!merge":
				d.complain(key, path, "merging with << is not read here", "write the values out")
			case twice:
				d.complain(key, below(path, key.Value), fmt.Sprintf("stands here a second time; the first is on line %d", first), "keep one of them")
			default:
				lines[key.Value] = key.Line
				if !yield(key, n.Content[i+1]) {
					return
				}
			}
		}
	}
}

var languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// text reads a bare string as English, or a mapping of languages.
func (d *decoder) text(n *yaml.Node, out *art.Text, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		var s string
		d.scalar(n, reflect.ValueOf(&s).Elem(), path)
		if s != "" {
			*out = art.Text{art.English: s}
		}
		return
	}
	t := art.Text{}
	for key, value := range d.pairs(n, path, "languages") {
		if !languagePattern.MatchString(key.Value) {
			d.complain(key, below(path, key.Value), "is no language", "use tags such as en and de")
			continue
		}
		var s string
		d.value(value, reflect.ValueOf(&s).Elem(), below(path, key.Value), depth+1)
		if s != "" {
			t[key.Value] = s
		}
	}
	if len(t) > 0 {
		*out = t
	}
}

// part reads a bare string, {en: …, de: …} or {words, priority}.
func (d *decoder) part(n *yaml.Node, out *art.Part, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.text(n, &out.Words, path, depth)
		return
	}
	own := slices.ContainsFunc(n.Content, func(k *yaml.Node) bool { return k.Value == "words" || k.Value == "priority" })
	if own {
		d.structure(n, reflect.ValueOf(out).Elem(), path, depth)
		return
	}
	d.text(n, &out.Words, path, depth)
}

func (d *decoder) time(n *yaml.Node, out *time.Time, path string) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, n.Value); err == nil && n.Kind == yaml.ScalarNode {
			*out = t
			return
		}
	}
	d.complain(n, path, fmt.Sprintf("%s is no date", shown(n)), "write 2026-12-31, or 2026-12-31T18:00:00+01:00")
}

// didYouMean names the key that was probably meant, and else all of them.
func didYouMean(key string, known []string) string {
	if near := prompt.Nearest(key, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known keys: " + strings.Join(known, ", ")
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shown names what stands at a node, for a message.
func shown(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	s := []rune(n.Value)
	if len(s) > 40 {
		return strconv.Quote(string(s[:40]) + "…")
	}
	return strconv.Quote(n.Value)
}
