package main

import (
	"context"
	"fmt"
	"io"
)

// publishCmd writes a run's site again, for example after somebody deleted it.
type publishCmd struct {
	RunID string `arg:"" name:"run" help:"${arg_run}"`
}

// Run writes the site with every asset that is approved now.
func (c *publishCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Work: true})
	if err != nil {
		return err
	}
	defer l.close()
	path, err := l.factory.PublishAgain(ctx, c.RunID)
	if err != nil {
		return err
	}
	answer := struct {
		Run       string `json:"run"`
		Published string `json:"published"`
	}{c.RunID, path}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, g.words.say("published_at", path)) })
}
