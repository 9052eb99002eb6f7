package main

import (
	"fmt"
	"io"
	"strings"

	"presswerk/internal/infotext"
)

// exportCmd writes a recipe as the text in which another tool would have kept it.
type exportCmd struct {
	Recipe string `arg:"" type:"existingfile" help:"${arg_recipe}"`
	As     string `name:"as" required:"" enum:"a1111,comfyui,swarmui,invokeai,midjourney" placeholder:"TOOL" help:"${flag_export_as}"`
}

// exported is the answer of export.
type exported struct {
	As   infotext.Source `json:"as"`
	Text string          `json:"text"`
	Lost []string        `json:"lost"` // fields of the recipe that the text does not carry
}

// Run prints the text, and says beside it what it does not carry.
func (c *exportCmd) Run(g *globals) error {
	recipe, err := readRecipe(c.Recipe)
	if err != nil {
		return err
	}
	answer := exported{As: infotext.Source(c.As)}
	if answer.Text, err = infotext.Write(infotext.Record{Recipe: recipe}, answer.As); err != nil {
		return err
	}
	if answer.Lost, err = infotext.Lost(recipe, answer.As); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, answer.Text)
		if len(answer.Lost) > 0 {
			g.note("%s", g.words.say("export_lost", c.As, strings.Join(answer.Lost, ", ")))
		}
	})
}
