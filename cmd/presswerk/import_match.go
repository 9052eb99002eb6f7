package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"presswerk/internal/art"
	"presswerk/internal/engine/midjourney"
	"presswerk/internal/infotext"
)

// waiting finds the call among an engine's that a picture was made for, by the prompt that was copied for it: whole words and
// the seed where the file tells them, else the beginning of the words, which is all that a file's name has. A call that has got
// this very picture already is given as it is.
func waiting(calls []art.Call, said infotext.Record, sum string) (art.Call, error) {
	var open, had []art.Call
	for _, c := range calls {
		if c.Picture != nil && c.Picture.Image == sum {
			return c, nil
		}
		if !asks(c.Recipe, said) {
			continue
		}
		switch c.State {
		case art.CallAccepted, art.CallRunning, art.CallUnknown:
			open = append(open, c)
		case art.CallDone:
			had = append(had, c)
		}
	}
	switch {
	case len(open) == 1:
		return open[0], nil
	case len(open) > 1:
		return art.Call{}, &art.FieldError{
			Field: "prompt", Kind: art.ErrConflict, Reason: fmt.Sprintf("%d pictures wait for this prompt, and the file doesn't tell which", len(open)),
			Remedy: "say it: presswerk cost resolve CALL --not-charged --picture FILE --by NAME; the calls are " + names(open),
		}
	case len(had) > 0:
		return art.Call{}, &art.FieldError{
			Field: "prompt", Kind: art.ErrNotFound, Reason: "the picture with this prompt has been brought already, for call " + names(had), Remedy: "ask for more seeds in the brief",
		}
	}
	return art.Call{}, &art.FieldError{
		Field: "prompt", Kind: art.ErrNotFound, Reason: fmt.Sprintf("no picture waits for the prompt %q", oneLine(said.Recipe.Prompt)),
		Remedy: "run presswerk make with its brief first; a picture of no brief is read with presswerk import FILE",
	}
}

func names(calls []art.Call) string {
	var all []string
	for _, c := range calls {
		all = append(all, c.ID)
	}
	return strings.Join(all, ", ")
}

// asks tells whether what a file says fits what a recipe asks for.
func asks(r art.Recipe, said infotext.Record) bool {
	text, err := midjourney.Prompt(r)
	if err != nil {
		return false
	}
	wanted, err := infotext.Parse(text, infotext.Midjourney)
	if err != nil {
		return false
	}
	have, want := bare(said.Recipe.Prompt), bare(wanted.Recipe.Prompt)
	if slices.Contains(said.Notes, infotext.NoteFileName) {
		return have != "" && strings.HasPrefix(strings.ReplaceAll(want, " ", ""), strings.ReplaceAll(have, " ", ""))
	}
	if have != want || bare(said.Recipe.NegativePrompt) != bare(wanted.Recipe.NegativePrompt) {
		return false
	}
	told := !slices.Contains(said.Missing, "seed")
	return !told || said.Recipe.Seed == wanted.Recipe.Seed
}

// bare leaves letters and digits of words, with a space between them: signs and capitals get lost on the way.
func bare(words string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}
