package infotext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// object is a JSON object whose values are taken out one by one, so that what is left over can be kept. Numbers stay
// json.Number: seeds reach to 2^64.
type object map[string]any

// parseObject reads one JSON object. Python's NaN and Infinity become null: ComfyUI writes "is_changed": [NaN].
func parseObject(text string) (object, error) {
	d := json.NewDecoder(bytes.NewReader(finite(text)))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("infotext: this is no whole JSON object (%w); was the file cut off?: %w", err, art.ErrInvalid)
	}
	if o == nil || d.More() {
		return nil, fmt.Errorf("infotext: this is no JSON object, or more than one: %w", art.ErrInvalid)
	}
	return o, nil
}

// finite replaces the words that Python's json module writes and JSON doesn't know by null.
func finite(text string) []byte {
	if !strings.Contains(text, "NaN") && !strings.Contains(text, "Infinity") {
		return []byte(text)
	}
	var out strings.Builder
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\' && i+1 < len(text):
			out.WriteByte(c)
			i++
		case c == '"':
			inString = !inString
		case !inString:
			if word := pythonWord(text[i:]); word != "" {
				out.WriteString("null")
				i += len(word) - 1
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return []byte(out.String())
}

func pythonWord(text string) string {
	for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
		if strings.HasPrefix(text, word) {
			return word
		}
	}
	return ""
}

// text takes a string or a number as text.
func (o object) text(name string) (string, bool) {
	s, ok := textOf(o[name])
	if ok {
		delete(o, name)
	}
	return s, ok
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}

// float takes a finite number, or a string that is one.
func (o object) float(name string) (float64, bool) {
	s, ok := textOf(o[name])
	if !ok {
		return 0, false
	}
	f, ok := number(s)
	if ok {
		delete(o, name)
	}
	return f, ok
}

// whole takes a whole number in 0 … limit.
func (o object) whole(name string, limit int) (int, bool) {
	s, ok := textOf(o[name])
	if !ok {
		return 0, false
	}
	n, ok := wholeNumber(s, limit)
	if ok {
		delete(o, name)
	}
	return n, ok
}

// seed takes a seed; those above 2^63 − 1 stay where they are.
func (o object) seed(name string) (art.Seed, bool) {
	s, ok := textOf(o[name])
	if !ok {
		return 0, false
	}
	n, ok := seedOf(s)
	if ok {
		delete(o, name)
	}
	return n, ok
}

// flag takes a truth, also as a word.
func (o object) flag(name string) (is, ok bool) {
	switch v := o[name].(type) {
	case bool:
		is, ok = v, true
	case string:
		is, ok = strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	if ok {
		delete(o, name)
	}
	return is, ok
}

// rest keeps what nobody took, in the order of names. Nulls and empty lists say nothing.
func (o object) rest(r *Record) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		switch v := o[name].(type) {
		case nil:
		case string:
			r.keep(name, v)
		case []any:
			if len(v) > 0 {
				r.keep(name, compact(v))
			}
		default:
			r.keep(name, compact(v))
		}
	}
}

// compact writes a value as JSON in one line.
func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v) // only values that came out of JSON are given here
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// restore puts kept entries back beside what was written: JSON as JSON, anything else as text.
func (o object) restore(kept []Entry) {
	for _, e := range kept {
		if _, there := o[e.Name]; there || e.Name == "" {
			continue
		}
		var v any
		d := json.NewDecoder(strings.NewReader(e.Value))
		d.UseNumber()
		if err := d.Decode(&v); err != nil || d.More() || v == nil {
			v = e.Value
		}
		o[e.Name] = v
	}
}

// number reads a finite number.
func number(s string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// wholeNumber reads a whole number in 0 … limit, also as "20.0".
func wholeNumber(s string, limit int) (int, bool) {
	f, ok := number(s)
	if !ok || f != math.Trunc(f) || f < 0 || f > float64(limit) {
		return 0, false
	}
	return int(f), true
}

func seedOf(s string) (art.Seed, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return art.Seed(n), err == nil && n >= 0
}

// plain writes a number as people do: without an exponent, as short as it stays itself.
func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// modelName is the name of a file of weights without its ending; folders stay, because they tell models apart.
func modelName(path string) string {
	for _, ending := range []string{".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft"} {
		if cut, ok := strings.CutSuffix(path, ending); ok {
			return cut
		}
	}
	return path
}

// fullHash says whether a text is a SHA-256 in hex.
func fullHash(s string) bool {
	return len(s) == 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// sorted walks a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
