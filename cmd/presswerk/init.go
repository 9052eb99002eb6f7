package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"presswerk/internal/workspace"
)

// initCmd makes a workspace.
type initCmd struct {
	Dir string `arg:"" optional:"" default:"." type:"path" help:"${arg_dir}"`
}

// Run writes the example workspace, or says that there is one already.
func (c *initCmd) Run(ctx context.Context, g *globals) error {
	report, err := workspace.Init(ctx, c.Dir, time.Now())
	if err != nil {
		return err
	}
	ws, created := report.Workspace, !report.Existing
	briefs, err := ws.Briefs()
	if err != nil {
		return err
	}
	answer := struct {
		Workspace string   `json:"workspace"`
		Created   bool     `json:"created"`
		Briefs    []string `json:"briefs"`
	}{ws.Dir, created, briefs}
	return g.answer(answer, func(w io.Writer) {
		if !created {
			fmt.Fprintln(w, g.words.say("init_there", ws.Dir))
			return
		}
		fmt.Fprintln(w, g.words.say("init_done", ws.Dir))
		if len(briefs) > 0 {
			fmt.Fprintln(w, g.words.say("init_next", filepath.Join(c.Dir, briefs[0])))
		}
	})
}
