package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/ssimulacra2"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
)

// benchFinishCmd makes the web set of a picture as finishing does, and says what each step took.
type benchFinishCmd struct {
	File  string  `arg:"" type:"existingfile" help:"${arg_picture}"`
	Out   string  `short:"o" name:"out" type:"path" required:"" placeholder:"DIR" help:"${flag_bench_out}"`
	Score float64 `name:"score" default:"82" help:"${flag_bench_score}"`
	Sign  bool    `name:"sign" help:"${flag_bench_sign}"`
}

// webSet is the answer of bench finish.
type webSet struct {
	Seconds map[string]float64 `json:"seconds"` // of each step
	CPU     map[string]float64 `json:"cpu_seconds"`
	Files   []measured         `json:"files"`
}

// measured is a file with the score of the whole picture, which finishing takes of a sample.
type measured struct {
	art.Rendition
	Whole float64 `json:"whole_score"`
}

// Run writes the files and, as PNG, the sizes that they were encoded from.
func (c *benchFinishCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // files are written by then
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.File, err)
	}
	in := finish.Input{
		Candidate: art.Candidate{Planned: art.PlannedRecipe{ID: "bench", Recipe: art.Recipe{Model: art.ModelRef{Name: "bench", Version: "1"}}}}, Picture: data, AssetID: art.Digest(data), Slug: "bench",
		Finishing: art.Finishing{Score: c.Score},
		Channels:  []art.Channel{{Name: "web", Widths: []int{640, 1280, 1920}, Formats: []string{"avif", "webp", "jpeg"}}},
	}
	var clock []moment
	o := finish.Options{Now: func() time.Time {
		clock = append(clock, moment{time.Now(), cpuTime()})
		return clock[len(clock)-1].at
	}, Unsigned: "this is a measurement"}
	if c.Sign {
		if o, err = t.benchSigner(c.Out, o); err != nil {
			return err
		}
		in.Finishing.Watermark = 44
	}
	out, err := finish.New(o).Finish(ctx, in)
	if err != nil {
		return err
	}
	answer := webSet{Seconds: map[string]float64{}, CPU: map[string]float64{}}
	for _, s := range out.Steps {
		var used time.Duration
		used, clock = usedIn(s.Elapsed, clock)
		answer.Seconds[s.Name], answer.CPU[s.Name] = s.Elapsed.Seconds(), used.Seconds()
	}
	if answer.Files, err = c.keep(ctx, out); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		for _, s := range out.Steps {
			fmt.Fprintf(w, "%-12s %8.3f s  %8.3f s CPU\n", s.Name, answer.Seconds[s.Name], answer.CPU[s.Name])
		}
		for _, f := range answer.Files {
			fmt.Fprintf(w, "%-24s %8d  %3d  %6.2f  %6.2f\n", filepath.Ext(f.Name)+" "+fmt.Sprint(f.Width), f.Bytes, f.Quality, f.Score, f.Whole)
		}
	})
}

// moment is when the clock was looked at, and how long all cores had worked for this process until then.
type moment struct {
	at  time.Time
	cpu time.Duration
}

// usedIn is what all cores worked in a step, and what the clock showed after it. A step looks at the clock when it begins and ends, signing in
// between, and one that had nothing to do only once: two looks that are as far apart as the step was long are its own.
func usedIn(elapsed time.Duration, clock []moment) (time.Duration, []moment) {
	for i, begun := range clock {
		for j, ended := range clock[i+1:] {
			if ended.at.Sub(begun.at) == elapsed {
				return ended.cpu - begun.cpu, clock[i+1+j:]
			}
		}
	}
	return 0, clock
}

// cpuTime is what this process has used of all cores; 0 where the system doesn't say.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchSigner signs with an identity of its own and hides numbers.
func (t *tools) benchSigner(dir string, o finish.Options) (finish.Options, error) {
	id, err := provenance.LoadOrCreate(filepath.Join(dir, "signing"), "bench", time.Now(), rand.Reader, provenance.Keys{})
	if err != nil {
		return o, err
	}
	lib, err := t.library()
	if err != nil {
		return o, err
	}
	o.Signer, o.Mark = signer{lib, id}, watermark.New(make([]byte, 32))
	return o, nil
}

// keep writes the files and measures each against the size that it was made from.
func (c *benchFinishCmd) keep(ctx context.Context, out finish.Output) ([]measured, error) {
	master, err := imaging.Decode(ctx, out.Master.Data, imaging.Limits{})
	if err != nil {
		return nil, err
	}
	references := map[int]*ssimulacra2.Reference{}
	var all []measured
	for _, f := range out.Renditions {
		r := references[f.Width]
		if r == nil {
			p, err := imaging.Resize(master, f.Width, f.Height)
			if err != nil {
				return nil, err
			}
			if r, err = ssimulacra2.New(p); err != nil {
				return nil, err
			}
			references[f.Width] = r
		}
		p, err := imaging.Decode(ctx, f.Data, imaging.Limits{})
		if err != nil {
			return nil, err
		}
		m := measured{Rendition: f.Rendition}
		if m.Whole, err = r.Score(p); err != nil {
			return nil, err
		}
		if err := writeWhole(filepath.Join(c.Out, f.Name), f.Data); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// benchScoreCmd scores copies of a picture.
type benchScoreCmd struct {
	Original string   `arg:"" type:"existingfile" help:"${arg_picture}"`
	Copies   []string `arg:"" type:"existingfile" help:"${arg_copies}"`
}

// Run answers with one score for each copy.
func (c *benchScoreCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	pictures, err := readPictures(ctx, slices.Concat([]string{c.Original}, c.Copies))
	if err != nil {
		return err
	}
	r, err := ssimulacra2.New(pictures[0])
	if err != nil {
		return err
	}
	scores := make([]float64, len(c.Copies))
	for i, p := range pictures[1:] {
		if scores[i], err = r.Score(p); err != nil {
			return fmt.Errorf("%s: %w", c.Copies[i], err)
		}
	}
	return g.answer(scores, func(w io.Writer) {
		for i, s := range scores {
			fmt.Fprintf(w, "%8.3f  %s\n", s, c.Copies[i])
		}
	})
}
