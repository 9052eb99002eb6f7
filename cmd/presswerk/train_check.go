package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/dataset"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/workspace"
)

// trainCheckCmd looks at a dataset and trains nothing.
type trainCheckCmd struct {
	Dir    string `arg:"" placeholder:"DATASET" type:"existingdir" help:"${arg_dataset}"`
	Model  string `name:"model" default:"house" placeholder:"NAME|DIR" help:"${flag_train_model}"`
	Size   int    `name:"size" placeholder:"PIXELS" help:"${flag_train_size}"`
	Report string `name:"report" type:"path" placeholder:"HTML" help:"${flag_report}"`
}

// Run says what is wrong with the pictures and their rights; exit 2 when nothing could be trained on them.
func (c *trainCheckCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written by it
	t.here()
	base, err := t.base(c.Model)
	if err != nil {
		return err
	}
	set, err := readDataset(c.Dir)
	if err != nil {
		return err
	}
	width, height := base.size(c.Size)
	report, page, err := g.curate(ctx, t, c.Dir, set, sizes{width, height, base.subjects()}, c.Report)
	if err != nil {
		return err
	}
	return g.checked(report, page)
}

// checked prints a report. One with errors is bad input.
func (g *globals) checked(r dataset.Report, page string) error {
	err := g.answer(struct {
		dataset.Report
		Page string `json:"page,omitempty"`
	}{r, page}, func(w io.Writer) {
		for _, f := range r.Findings {
			file := f.File
			if file == "" {
				file = g.words.say("train_whole")
			}
			fmt.Fprintf(w, "%-8s %s: %s; %s\n", g.words.say("severity_"+f.Severity), file, f.Reason.In(g.words.lang), f.Remedy.In(g.words.lang))
		}
		fmt.Fprintln(w, g.words.say("train_checked", len(r.Usable()), len(r.Pictures), r.Errors(), len(r.Findings)-r.Errors()))
		if page != "" {
			fmt.Fprintln(w, page)
		}
	})
	if err != nil {
		return err
	}
	return trainable(r, page)
}

// trainable refuses a set with errors, naming the first.
func trainable(r dataset.Report, page string) error {
	n := r.Errors()
	if n == 0 {
		return nil
	}
	first := r.Findings[0]
	where := first.File
	if where == "" {
		where = "dataset"
	}
	remedy := first.Remedy.In(art.English)
	if page != "" {
		remedy += "; the report shows everything: " + page
	}
	return &art.FieldError{Field: where, Reason: fmt.Sprintf("nothing was started, %d errors stand in the way; the first: %s", n, first.Reason.In(art.English)), Remedy: remedy, Kind: art.ErrInvalid}
}

// readDataset reads dataset.yaml in a folder.
func readDataset(dir string) (art.Dataset, error) {
	file := filepath.Join(dir, art.DatasetFile)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return art.Dataset{}, &art.FieldError{
			Field: "DATASET", Reason: fmt.Sprintf("%s has no %s, so nobody says whose the pictures are and who agreed", dir, art.DatasetFile),
			Remedy: "write one with title, trigger, license, creator, consent and people; docs/training.md shows how", Kind: art.ErrInvalid,
		}
	}
	if err != nil {
		return art.Dataset{}, fmt.Errorf("reading the dataset: %w", err)
	}
	if info.Size() > workspace.MaxFile {
		return art.Dataset{}, art.Invalid(file, fmt.Sprintf("is larger than %d KiB", workspace.MaxFile>>10), "is this a dataset.yaml?")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return art.Dataset{}, fmt.Errorf("reading the dataset: %w", err)
	}
	return workspace.DecodeDataset(file, data)
}

// sizes are what pictures are looked at for.
type sizes struct {
	width, height int
	subjects      []string
}

// previewSide is how large pictures are in a report, in pixels.
const previewSide = 320

// curate looks at every picture and writes the report where one is asked for, or where something is wrong in a workspace.
func (g *globals) curate(ctx context.Context, t *tools, dir string, set art.Dataset, s sizes, page string) (dataset.Report, string, error) {
	o := dataset.Options{Read: readApart, Side: min(s.width, s.height), Width: s.width, Height: s.height, Subjects: s.subjects, Sharpness: sharpness()}
	if page == "" && t.ws != nil {
		page = filepath.Join(t.ws.data(), trainingName, filepath.Base(filepath.Clean(dir))+".html")
	}
	if page != "" {
		o.Preview = preview
	}
	r, err := dataset.Look(ctx, os.DirFS(dir), set, o)
	if err != nil || page == "" {
		return r, "", err
	}
	text, err := dataset.Page(r, g.words.lang)
	if err != nil {
		return r, "", err
	}
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		return r, "", fmt.Errorf("writing the report: %w", err)
	}
	return r, page, writeWhole(page, text)
}

// sharpness is the panel's scorer of that name.
func sharpness() func(ctx context.Context, p *imaging.RGB) (float64, error) {
	for _, s := range judge.DefaultPanel() {
		if s.Name() == "sharpness" {
			return func(ctx context.Context, p *imaging.RGB) (float64, error) {
				v, _, err := s.Score(ctx, judge.Subject{Picture: p})
				return v, err
			}
		}
	}
	return nil
}

// preview makes a small picture that stands inside a page.
func preview(_ context.Context, p *imaging.RGB) (string, error) {
	if side := max(p.Width, p.Height); side > previewSide {
		scale := float64(previewSide) / float64(side)
		var err error
		if p, err = imaging.Resize(p, max(1, int(float64(p.Width)*scale)), max(1, int(float64(p.Height)*scale))); err != nil {
			return "", err
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.WebP, Quality: 80})
	if err != nil {
		return "", err
	}
	return "data:image/webp;base64," + base64.StdEncoding.EncodeToString(data), nil
}
