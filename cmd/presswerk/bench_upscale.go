package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"presswerk/internal/imaging"
)

// benchUpscaleCmd enlarges a picture as finishing does, from file to file, and says what that took.
type benchUpscaleCmd struct {
	File     string `arg:"" type:"existingfile" help:"${arg_picture}"`
	Upscaler string `name:"upscaler" default:"realesr-animevideov3-x4" help:"${flag_upscaler}"`
	Out      string `short:"o" name:"out" type:"path" placeholder:"PNG" help:"${flag_png}"`
}

// upscaled is the answer of bench upscale.
type upscaled struct {
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	Seconds   float64 `json:"seconds"`    // of enlarging, without loading, decoding and encoding
	PeakBytes int64   `json:"peak_bytes"` // of the whole process; 0 where the system doesn't say
}

// Run encodes the result also where it is not kept, as that belongs to the peak.
func (c *benchUpscaleCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // the picture is written by then
	p, err := readPicture(ctx, c.File)
	if err != nil {
		return err
	}
	up := &lazyUpscaler{tools: t, path: g.settings.upscaler(c.Upscaler)}
	if err := up.load(); err != nil {
		return err
	}
	begun := time.Now()
	large, err := up.Upscale(ctx, p, nil)
	if err != nil {
		return err
	}
	answer := upscaled{Width: large.Width, Height: large.Height, Seconds: time.Since(begun).Seconds()}
	data, err := imaging.Encode(large, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, data); err != nil {
			return err
		}
	}
	answer.PeakBytes = peakMemory()
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("bench_upscaled", answer.Width, answer.Height, answer.Seconds, float64(answer.PeakBytes)/(1<<20)))
	})
}
