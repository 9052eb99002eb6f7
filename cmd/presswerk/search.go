package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"presswerk/internal/art"
)

// searchCmd finds assets by words.
type searchCmd struct {
	Words []string `arg:"" optional:"" help:"${arg_words}"`
}

// Run lists the assets in which all words occur.
func (c *searchCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	assets, err := l.db.Assets(ctx, strings.Join(c.Words, " "))
	if err != nil {
		return err
	}
	return g.answer(struct {
		Assets []art.Asset `json:"assets"`
	}{append([]art.Asset{}, assets...)}, func(w io.Writer) {
		for _, a := range assets {
			fmt.Fprintf(w, "%s  %-28s %s\n", a.ID, a.Slug, a.Alt.In(g.words.lang))
		}
		if len(assets) == 0 {
			fmt.Fprintln(w, g.words.say("none_found"))
		}
	})
}
