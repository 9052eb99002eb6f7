package workspace

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"gopkg.in/yaml.v3"
)

// maxExactInt is the largest whole number that JSON keeps exactly for every reader.
const maxExactInt = 1<<53 - 1

// scalar reads words, numbers and yes-or-no. YAML's guesses are not trusted: a number where words belong is told, because
// "1.10" and "no" lose their meaning when they are read as something else.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.complain(n, path, fmt.Sprintf("%s stands where %s belongs", shown(n), wanted(v)), "")
		return
	}
	ok := false
	remedy := ""
	switch v.Kind() {
	case reflect.String:
		if ok = n.Tag == "!!str" || n.Tag == "!!timestamp"; ok {
			v.SetString(n.Value)
		}
		remedy = fmt.Sprintf("put it into quotes: %q", n.Value)
	case reflect.Bool:
		var b bool
		if ok = n.Tag == "!!bool" && n.Decode(&b) == nil; ok {
			v.SetBool(b)
		}
		remedy = "write true or false"
	case reflect.Int, reflect.Int64:
		var i int64
		if ok = n.Tag == "!!int" && n.Decode(&i) == nil && !v.OverflowInt(i); ok {
			v.SetInt(i)
		}
		remedy = "write a whole number without quotes"
	case reflect.Float64:
		var f float64
		if ok = (n.Tag == "!!int" || n.Tag == "!!float") && n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f); ok {
			v.SetFloat(f)
		}
		remedy = "write a number without quotes, with a point for decimals"
	}
	if !ok {
		d.complain(n, path, fmt.Sprintf("%s is %s, and %s belongs here", shown(n), given(n), wanted(v)), remedy)
	}
}

// any reads a value of a matrix as JSON would: words, numbers, lists, mappings. Whole numbers that JSON cannot keep
// exactly become decimal strings.
func (d *decoder) any(n *yaml.Node, path string, depth int) any {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			d.value(e, reflect.ValueOf(&list[i]).Elem(), fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
		return list
	case yaml.MappingNode:
		m := map[string]any{}
		for key, value := range d.pairs(n, path, "keys and values") {
			var e any
			d.value(value, reflect.ValueOf(&e).Elem(), below(path, key.Value), depth+1)
			m[key.Value] = e
		}
		return m
	}
	switch n.Tag {
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil && i >= -maxExactInt && i <= maxExactInt {
			return i
		}
		return n.Value
	case "!!float":
		var f float64
		if n.Decode(&f) != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			d.complain(n, path, fmt.Sprintf("%s is no finite number", shown(n)), "write a number")
			return nil
		}
		return f
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	}
	return n.Value
}

// wanted names a kind of value for a message.
func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "something else"
	}
}

// given names what YAML took a scalar for.
func given(n *yaml.Node) string {
	switch n.Tag {
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number"
	case "!!bool":
		return "yes or no"
	case "!!str":
		return "text"
	case "!!timestamp":
		return "a date"
	default:
		return "of another kind"
	}
}
