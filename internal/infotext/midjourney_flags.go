package infotext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// flag is a parameter of Midjourney.
type flag struct {
	name     string   // the short way to write it, as it is written here
	others   []string // the other ways
	low, top float64  // of a number; both 0 when it is none
	whole    bool
	values   string // that are allowed, by space, when there is a list
	bare     bool   // stands alone
}

// flags is the table of Midjourney's parameters with their ranges.
//
// Source: Midjourney's Parameter List for V7 and V8.1 as the prompt guides of docs.evolink.ai table it, and for older
// versions (stop, cref, style, hd) what artificial-intelligence-wiki.com says; read 2026-11-26. Midjourney's own page
// could not be read from here. A value outside is refused when it is written, and kept when it is read.
func flags() []flag {
	return []flag{
		{name: "ar", others: []string{"aspect"}},
		{name: "c", others: []string{"chaos"}, top: 100, whole: true},
		{name: "cref"},
		{name: "cw", top: 100, whole: true},
		{name: "draft", bare: true},
		{name: "exp", top: 100, whole: true},
		{name: "fast", bare: true},
		{name: "hd", bare: true},
		{name: "iw", top: 3},
		{name: "niji"},
		{name: "no"},
		{name: "oref"},
		{name: "ow", low: 1, top: 1000, whole: true},
		{name: "p", others: []string{"profile", "personalize"}},
		{name: "public", bare: true},
		{name: "q", others: []string{"quality"}, values: ".25 0.25 .5 0.5 1 2 4"},
		{name: "r", others: []string{"repeat"}, low: 1, top: 40, whole: true},
		{name: "raw", bare: true},
		{name: "relax", bare: true},
		{name: "s", others: []string{"stylize"}, top: 1000, whole: true},
		{name: "sd", bare: true},
		{name: "seed", top: 1<<32 - 1, whole: true},
		{name: "sref"},
		{name: "stealth", bare: true},
		{name: "stop", low: 10, top: 100, whole: true},
		{name: "style"},
		{name: "sv", low: 1, top: 8, whole: true},
		{name: "sw", top: 1000, whole: true},
		{name: "tile", bare: true},
		{name: "turbo", bare: true},
		{name: "v", others: []string{"version"}},
		{name: "video", bare: true},
		{name: "w", others: []string{"weird"}, top: 3000, whole: true},
	}
}

// MidjourneyFlags are the flags that a recipe has no field for, by the short names under which they are kept. Ratio, negative
// prompt, seed, tiling and version are a recipe's own.
func MidjourneyFlags() []string {
	var names []string
	for _, f := range flags() {
		if !slices.Contains([]string{"ar", "niji", "no", "seed", "tile", "v", "video"}, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

func flagNamed(name string) (flag, bool) {
	name = strings.ToLower(name)
	for _, f := range flags() {
		if f.name == name || slices.Contains(f.others, name) {
			return f, true
		}
	}
	return flag{}, false
}

// check says what is wrong with a value; nil when nothing is.
func (f flag) check(value string) error {
	field, remedy := "midjourney."+f.name, "leave it out, or write a value that Midjourney takes"
	switch {
	case f.bare && value != "":
		return art.Invalid(field, fmt.Sprintf("--%s stands alone, and here is %q", f.name, value), remedy)
	case f.name == "ar":
		if _, _, ok := ratio(value); !ok {
			return art.Invalid(field, fmt.Sprintf("%q is no ratio of two whole numbers", value), "write it as 16:9")
		}
	case f.values != "" && !slices.Contains(strings.Fields(f.values), value):
		return art.Invalid(field, fmt.Sprintf("%q is none of %s", value, f.values), remedy)
	case f.top != 0:
		n, ok := number(value)
		if !ok || n < f.low || n > f.top || f.whole && strings.ContainsAny(value, ".eE") {
			return art.Invalid(field, fmt.Sprintf("%q is not in %s … %s", value, plain(f.low), plain(f.top)), remedy)
		}
	}
	return nil
}

// ratio reads "16:9".
func ratio(value string) (w, h int, ok bool) {
	left, right, _ := strings.Cut(value, ":")
	w, errW := strconv.Atoi(left)
	h, errH := strconv.Atoi(right)
	return w, h, errW == nil && errH == nil && w > 0 && h > 0 && w <= maxSide && h <= maxSide
}
