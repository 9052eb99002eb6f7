package dataset

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Where captions come from.
const (
	fromSet  = "dataset" // dataset.yaml
	fromFile = "file"    // a .txt of the same name
	fromName = "name"    // a draft from the file's name
)

// caption finds what the picture shows: what the set says, else a text beside it, else a draft of the file's name.
func (p *Picture) caption(dir fs.FS, o Options) {
	p.Said = fromSet
	if p.Caption = strings.Join(strings.Fields(p.Caption), " "); p.Caption != "" {
		return
	}
	beside := strings.TrimSuffix(p.File, path.Ext(p.File)) + ".txt"
	if data, err := readAll(dir, beside, maxCaption); err == nil {
		if p.Caption = strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "")), " "); p.Caption != "" {
			p.Said = fromFile
			return
		}
	}
	p.Said = fromName
	p.Caption = draft(p.File, o.Subjects)
}

var (
	separators = regexp.MustCompile(`[^\p{L}\p{N}]+`)
	numbering  = regexp.MustCompile(`^(img|image|dsc|dscn|dscf|pxl|photo|picture|bild|foto|scan|screenshot|untitled|copy|final|v?\d+)$`)
	digits     = regexp.MustCompile(`\d+$`)
)

// draft makes a caption of a file's name: its words without numbering, and where these are a subject that the base knows,
// that subject. "" when the name says nothing.
func draft(file string, subjects []string) string {
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	var said []string
	for _, w := range separators.Split(strings.ToLower(name), -1) {
		if w = digits.ReplaceAllString(w, ""); w != "" && !numbering.MatchString(w) {
			said = append(said, w)
		}
	}
	text := strings.Join(said, " ")
	best := ""
	for _, s := range subjects {
		if strings.Contains(" "+text+" ", " "+s+" ") && len(s) > len(best) {
			best = s
		}
	}
	if best != "" {
		text = best
	}
	if text == "" {
		return ""
	}
	if strings.ContainsAny(text[:1], "aeiou") {
		return "an " + text
	}
	return "a " + text
}
