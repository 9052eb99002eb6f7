package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// importedText tells a person what was read out of the files.
func (g *globals) importedText(w io.Writer, files []imported) {
	for _, f := range files {
		if f.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", f.File, f.Error)
			continue
		}
		fmt.Fprintf(w, "%s: %s\n", f.File, f.Source)
		line := func(key, value string) {
			if value != "" {
				fmt.Fprintf(w, "  %-12s %s\n", g.words.say(key), oneLine(value))
			}
		}
		for _, e := range g.recipeLines(*f.Recipe) {
			if e[0] != "import_seed" || !slices.Contains(f.Missing, "seed") {
				line(e[0], e[1])
			}
		}
		var lacks []string
		for _, m := range f.Missing {
			what, of, _ := strings.Cut(m, ": ")
			lacks = append(lacks, strings.TrimSuffix(g.words.say("lack_"+strings.ReplaceAll(what, " ", "_"))+" "+of, " "))
		}
		line("import_missing", strings.Join(lacks, ", "))
		for _, k := range f.Kept {
			line("import_kept", strings.TrimPrefix(k.Name+": "+k.Value, ": "))
		}
		for _, n := range f.Notes {
			line("import_note", g.words.say("import_note_"+n))
		}
		line("import_written", f.Written)
	}
}

// oneLine shortens a text to what fits a line of a terminal or two.
func oneLine(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// recipeLines are the fields that people look for first, with the keys of their names.
func (g *globals) recipeLines(r art.Recipe) [][2]string {
	var adapters, controls []string
	for _, l := range r.LoRAs {
		adapters = append(adapters, fmt.Sprintf("%s (%v)", l.Name, l.Weight))
	}
	for _, c := range append(append([]art.Control{}, r.Controls...), r.References...) {
		controls = append(controls, fmt.Sprintf("%s %s (%v)", c.Kind, c.Model.Name, c.Weight))
	}
	lines := [][2]string{
		{"import_mode", r.Mode},
		{"import_prompt", r.Prompt},
		{"import_negative", r.NegativePrompt},
		{"import_model", strings.TrimSpace(r.Model.Name + " " + r.Model.Version)},
		{"import_size", ""},
		{"import_sampler", ""},
		{"import_seed", strconv.FormatInt(int64(r.Seed), 10)},
		{"import_loras", strings.Join(adapters, ", ")},
		{"import_controls", strings.Join(controls, ", ")},
	}
	if r.Width > 0 {
		lines[4][1] = fmt.Sprintf("%d×%d", r.Width, r.Height)
	}
	if r.Steps > 0 {
		lines[5][1] = strings.Trim(fmt.Sprintf("%s %s, %s, %v", r.Sampler, r.Scheduler, g.words.say("import_steps", r.Steps), r.GuidanceScale), " ,")
	}
	if h := r.Hires; h != nil {
		lines = append(lines, [2]string{"import_hires", fmt.Sprintf("×%v, %v, %s", h.Scale, h.Strength, h.Upscaler)})
	}
	return lines
}
