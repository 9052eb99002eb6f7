package infotext

import (
	"strings"
	"unicode/utf8"
)

// Picture is what a file says about itself, as far as its container goes.
type Picture struct {
	Name          string  // of the file, without folders
	Width, Height int     // 0 when the file is a bare text
	Texts         []Entry // by keyword: PNG's own ("parameters"), "exif:UserComment", "xmp:Description", "comment", "text"
}

// candidate is a text with the tool that seems to have written it.
type candidate struct {
	source Source
	read   func() (Record, error)
}

// find lists what may be read, the surest first.
func (p Picture) find() []candidate {
	var all []candidate
	add := func(s Source, read func(string) (Record, error), text string) {
		all = append(all, candidate{s, func() (Record, error) {
			r, err := read(text)
			p.complete(&r)
			return r, err
		}})
	}
	for _, e := range p.Texts {
		p.findKnown(e, add)
	}
	for _, e := range p.Texts {
		p.findBare(e, add)
	}
	if f, ok := ParseFileName(p.Name); ok {
		add(Midjourney, func(string) (Record, error) { return fromFileName(f), nil }, "")
	}
	for _, e := range p.Texts {
		if e.Name == "xmp:AIPromptInformation" || e.Name == "exif:UserComment" || e.Name == "exif:ImageDescription" || e.Name == "xmp:Description" || e.Name == "Description" {
			add(EXIF, p.caption, e.Value)
		}
	}
	return all
}

// findKnown looks for what only one tool writes.
func (p Picture) findKnown(e Entry, add func(Source, func(string) (Record, error), string)) {
	text := strings.TrimSpace(e.Value)
	switch {
	case strings.HasPrefix(text, "{") && strings.Contains(text, `"sui_image_params"`):
		add(SwarmUI, parseSwarmUI, text)
	case e.Name == "invokeai_metadata" || e.Name == "text" && strings.Contains(text, `"positive_prompt"`):
		add(InvokeAI, parseInvokeAI, text)
	case e.Name == "sd-metadata":
		add(InvokeAI, parseSDMetadata, text)
	case e.Name == "Dream" || e.Name == "dream":
		add(InvokeAI, parseDream, text)
	case !strings.HasPrefix(text, "{") && (looksLikeA1111(text) || e.Name == "parameters" && len(text) > maxPrompt):
		add(A1111, parseA1111, text)
	}
}

// findBare looks for graphs and descriptions, whose place and form say less. A graph that ran goes before the editor's.
func (p Picture) findBare(e Entry, add func(Source, func(string) (Record, error), string)) {
	text := strings.TrimSpace(e.Value)
	for _, name := range []string{"prompt:", "Prompt:", "workflow:", "Workflow:"} {
		text = strings.TrimPrefix(text, name) // as ComfyUI writes into EXIF's Make and Model
	}
	switch {
	case strings.HasPrefix(text, "{") && (strings.Contains(text, `"class_type"`) || strings.Contains(text, `"nodes"`)):
		add(ComfyUI, parseComfyUI, text)
	case (e.Name == "prompt" || e.Name == "workflow") && strings.HasPrefix(text, "{"):
		add(ComfyUI, parseComfyUI, text) // cut off, which reading says
	case strings.Contains(text, jobMark) && jobID.MatchString(text):
		add(Midjourney, parseMidjourney, text)
	case e.Name == "text" && len(text) <= maxWords && len(flagsIn(text)) > 0:
		add(Midjourney, parseMidjourney, text)
	}
}

func looksLikeA1111(text string) bool {
	if len(text) > maxPrompt || !strings.Contains(text, "Steps: ") && !strings.Contains(text, "Sampler: ") && !strings.Contains(text, "Seed: ") {
		return false // without taking the text apart, which costs
	}
	_, _, line, _ := splitText(text)
	return line != "" && (strings.Contains(line, "Steps: ") || strings.Contains(line, "Sampler: ") || strings.Contains(line, "Seed: "))
}

// caption makes a record of a text of an unknown tool.
func (p Picture) caption(text string) (Record, error) {
	r := newReading(EXIF)
	r.Recipe.Prompt = strings.ToValidUTF8(text, string(utf8.RuneError))
	r.note(NoteCaption)
	return r.done(), nil
}

// complete adds what the file itself says where the text is silent.
func (p Picture) complete(r *Record) {
	if p.Width == 0 || p.Height == 0 {
		return
	}
	if r.Recipe.Width != 0 && r.Recipe.Height != 0 {
		return
	}
	r.Recipe.Width, r.Recipe.Height = p.Width, p.Height
	missing := []string{}
	for _, m := range r.Missing {
		if m != "size" {
			missing = append(missing, m)
		}
	}
	r.Missing = missing
	if r.Source == Midjourney {
		if f, ok := ParseFileName(p.Name); ok {
			r.fileOf(f)
		}
	}
	for _, e := range p.Texts {
		if r.Source == Midjourney && (e.Name == "Author" || e.Name == "Creation Time") {
			r.keep("file "+e.Name, e.Value)
		}
	}
}

// fileOf adds the index of the picture within its job.
func (r *Record) fileOf(f FileName) {
	if _, there := r.kept("picture index"); !there && f.Index >= 0 {
		r.keep("picture index", string(rune('0'+f.Index)))
	}
}
