package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/web"
)

// proofCmd shows how a picture will print, and makes the page. It works outside a workspace.
type proofCmd struct {
	File       string  `arg:"" type:"existingfile" help:"${arg_files}"`
	Out        string  `short:"o" name:"out" type:"path" required:"" placeholder:"DIR" help:"${flag_out}"`
	Size       string  `name:"size" required:"" placeholder:"148x210" help:"${flag_page_size}"`
	Bleed      float64 `name:"bleed" default:"3" placeholder:"MM" help:"${flag_bleed}"`
	Marks      bool    `name:"marks" help:"${flag_marks}"`
	Profile    string  `name:"profile" default:"fogra39" placeholder:"NAME|FILE" help:"${flag_press}"`
	Intent     string  `name:"intent" default:"perceptual" enum:"perceptual,relative,saturation,absolute" help:"${flag_intent}"`
	BlackPoint bool    `name:"black-point" help:"${flag_black_point}"`
	MaxInk     float64 `name:"tac" default:"300" placeholder:"PERCENT" help:"${flag_tac}"`
	MinPPI     float64 `name:"min-ppi" default:"300" placeholder:"N" help:"${flag_min_ppi}"`
	Standard   string  `name:"standard" default:"x-4" enum:"x-4,x-3" help:"${flag_standard}"`
}

// proofed is what --json answers.
type proofed struct {
	Condition  string           `json:"condition"`
	Files      []string         `json:"files"`
	Resolution press.Resolution `json:"resolution"`
	InkBefore  press.Ink        `json:"ink_before"`
	Ink        press.Ink        `json:"ink"`
	Limited    press.Limited    `json:"limited"`
	Shift      *press.Shift     `json:"shift"`
	Checks     []art.Check      `json:"checks"`
}

// Run writes page, plates and pictures of what was measured; exit 1 when a check fails.
func (c *proofCmd) Run(ctx context.Context, g *globals) error {
	print := art.Print{
		BleedMM: c.Bleed, Profile: c.Profile, Intent: c.Intent, MaxInk: c.MaxInk, MinPPI: c.MinPPI, Standard: c.Standard, Marks: c.Marks, BlackPoint: c.BlackPoint,
	}
	var err error
	if print.WidthMM, print.HeightMM, err = pageSize(c.Size); err != nil {
		return err
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.File, err)
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // files are written by then
	picture, err := imaging.DecodeDeep(ctx, data, imaging.Limits{})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	p, err := t.press(".", c.Profile)
	if err != nil {
		return err
	}
	defer p.Close()
	j, err := p.Make(ctx, picture, print)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))
	page, checks, err := p.Finish(j, press.Document{Title: name, Producer: "Presswerk " + version, Made: time.Now()})
	if err != nil {
		return err
	}
	answer := proofed{Condition: p.Title, Resolution: j.Resolution, InkBefore: j.Before, Ink: j.Ink, Limited: j.Limited, Shift: j.Shift, Checks: checks}
	files, err := proofFiles(ctx, p, j)
	if err != nil {
		return err
	}
	if answer.Files, err = c.write(name, append(files, proofFile{".pdf", page})); err != nil {
		return err
	}
	if err := g.answer(answer, func(w io.Writer) { g.proofText(w, answer) }); err != nil {
		return err
	}
	if !press.Passed(checks) {
		return errNo
	}
	return nil
}

// pageSize reads "148x210", in millimetres.
func pageSize(s string) (width, height float64, err error) {
	a, b, ok := strings.Cut(strings.ToLower(strings.TrimSuffix(s, "mm")), "x")
	width, err1 := strconv.ParseFloat(a, 64)
	height, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, art.Invalid("size", fmt.Sprintf("%q is no size of a page", s), "write width and height in millimetres: 148x210")
	}
	return width, height, nil
}

// proofFile is a file by the end of its name.
type proofFile struct {
	ending string
	data   []byte
}

// proofFiles are the plates and the pictures for people.
func proofFiles(ctx context.Context, p *press.Press, j *press.Job) ([]proofFile, error) {
	plates, err := imaging.EncodeDeep(p.Deep(j.Separation), imaging.DeepEncoding{Format: imaging.TIFF, PPI: j.Resolution.PPI, Eight: true})
	if err != nil {
		return nil, err
	}
	files := []proofFile{{"-cmyk.tif", plates}}
	for _, picture := range []struct {
		ending string
		make   func() (*imaging.RGB, error)
	}{
		{"-proof.png", func() (*imaging.RGB, error) { return p.Proof(ctx, j.Separation, true) }},
		{"-ink.png", func() (*imaging.RGB, error) { return j.Separation.InkMap(j.Print.MaxInk) }},
		{"-shift.png", j.Shift.Map},
	} {
		rgb, err := picture.make()
		if err != nil {
			return nil, err
		}
		data, err := imaging.Encode(rgb, imaging.Encoding{Format: imaging.PNG})
		if err != nil {
			return nil, err
		}
		files = append(files, proofFile{picture.ending, data})
	}
	return files, nil
}

func (c *proofCmd) write(name string, files []proofFile) ([]string, error) {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", c.Out, err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(c.Out, name+f.ending)
		if err := writeWhole(path, f.data); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (g *globals) proofText(w io.Writer, a proofed) {
	say := g.words.say
	fmt.Fprintln(w, say("proof_condition", a.Condition))
	r := a.Resolution
	if r.Enough {
		fmt.Fprintln(w, say("proof_fine", r.PPI, r.Wanted))
	} else {
		fmt.Fprintln(w, say("proof_coarse", r.PPI, r.Wanted, r.NeedWidth, r.NeedHeight, r.Scale, r.LargestWidth, r.LargestHeight))
	}
	fmt.Fprintln(w, say("proof_ink", a.Ink.Max, a.Ink.Mean, a.Ink.Limit))
	if a.Limited.Share > 0 {
		fmt.Fprintln(w, say("proof_limited", a.InkBefore.Max, 100*a.Limited.Share, a.Limited.Mean, a.Limited.Max))
	}
	s := a.Shift
	fmt.Fprintln(w, say("proof_shift", s.Mean, s.P95, s.Max, 100*s.Over2, 100*s.Over5))
	g.checkLines(w, a.Checks)
	for _, f := range a.Files {
		fmt.Fprintln(w, f)
	}
}

// checkLines says of each check of a page whether it holds, in the studio's words.
func (g *globals) checkLines(w io.Writer, checks []art.Check) {
	say := func(key string, args ...any) string { return web.Say(g.words.lang, key, args...) }
	for _, c := range checks {
		verdict := "check_failed"
		if c.Passed {
			verdict = "check_passed"
		}
		fmt.Fprintf(w, "  %-6s %-22s %s", g.words.say(verdict), say("check_"+c.Name), c.Found)
		if !c.Passed {
			fmt.Fprintf(w, "  (%s)", say("check_wanted", c.Wanted))
		}
		fmt.Fprintln(w)
	}
}
