package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/ledger"
)

// costResolveCmd takes a person's word on a call.
type costResolveCmd struct {
	ID         string   `arg:"" name:"call" help:"${arg_call}"`
	Charged    bool     `name:"charged" help:"${flag_charged}"`
	NotCharged bool     `name:"not-charged" help:"${flag_not_charged}"`
	Amount     *float64 `name:"amount" placeholder:"MONEY" help:"${flag_amount}"`
	Picture    string   `name:"picture" type:"existingfile" placeholder:"FILE" help:"${flag_call_picture}"`
	Job        string   `name:"job" placeholder:"ID" help:"${flag_job}"`
	Anew       bool     `name:"anew" help:"${flag_anew}"`
	By         string   `name:"by" placeholder:"NAME" help:"${flag_resolve_by}"`
}

// Run writes the word down; the run that waits for it goes on with the next make or serve.
func (c *costResolveCmd) Run(ctx context.Context, g *globals) error {
	word := ledger.Word{By: c.By, Job: c.Job, Anew: c.Anew}
	if c.Charged && c.NotCharged {
		return art.Invalid("charged", "it can't be both", "say one of --charged and --not-charged")
	}
	if c.Charged || c.NotCharged {
		word.Charged = &c.Charged
	}
	if c.Amount != nil {
		if *c.Amount < 0 || !c.Charged {
			return art.Invalid("amount", "nothing else was said to be charged", "say --charged --amount and what was charged, in the currency of the estimate")
		}
		amount := art.AmountOf(*c.Amount)
		word.Amount = &amount
	}
	if c.Picture != "" {
		data, err := os.ReadFile(c.Picture)
		if err != nil {
			return fmt.Errorf("reading the picture: %w: %w", err, art.ErrInvalid)
		}
		p, err := brought(c.Picture, data)
		if err != nil {
			return err
		}
		word.Picture = &p
	}
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	call, err := l.db.Call(ctx, c.ID)
	if err != nil {
		return err
	}
	if call, err = l.factory.Resolve(ctx, call, word); err != nil {
		return err
	}
	return g.answer(call, func(w io.Writer) {
		amount, currency := call.Cost()
		fmt.Fprintln(w, g.words.say("cost_resolved", call.ID, call.State, amount, currency, call.By))
		if call.Candidate != "" && (call.State != art.CallLost || c.Anew) {
			fmt.Fprintln(w, g.words.say("cost_goes_on", call.Candidate))
		}
	})
}

// brought is a picture, or a clip, that a person has fetched from the service.
func brought(name string, data []byte) (engine.Picture, error) {
	if kind := http.DetectContentType(data); kind == "video/mp4" || kind == "video/webm" {
		return engine.Picture{Bytes: data, MIME: kind}, nil
	}
	p, err := (&wire.Client{Name: name}).Picture(data)
	if err != nil {
		return p, art.Invalid("picture", err.Error(), "name a PNG, JPEG, WebP or GIF file, or a clip as MP4 or WebM, as the service gave it")
	}
	return p, nil
}
