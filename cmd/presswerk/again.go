package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// againCmd makes an asset again from its record.
type againCmd struct {
	Asset string `arg:"" help:"${arg_asset}"`
	Pay   bool   `name:"pay" help:"${flag_pay}"`
}

// Run renders and compares; exit 1 when the pictures differ or something is missing.
func (c *againCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	answer, err := l.factory.Again(ctx, c.Asset, c.Pay)
	if err != nil {
		return err
	}
	err = g.answer(answer, func(w io.Writer) {
		switch {
		case len(answer.Missing) > 0:
			fmt.Fprintln(w, g.words.say("again_missing", strings.Join(answer.Missing, "; ")))
		case answer.Identical:
			fmt.Fprintln(w, g.words.say("again_same", answer.PixelsSHA256))
		default:
			fmt.Fprintln(w, g.words.say("again_differs", answer.MaxAbsDiff, answer.MeanAbsDiff))
		}
	})
	if err != nil {
		return err
	}
	if !answer.Identical {
		return errNo
	}
	return nil
}
