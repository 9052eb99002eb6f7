package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/safety"
	"presswerk/internal/sheet"
	"presswerk/internal/vision"
	"presswerk/internal/workspace"
)

// modelsBiasCmd looks at what a model makes of neutral prompts.
type modelsBiasCmd struct {
	Model    string `arg:"" optional:"" help:"${arg_bias_model}"`
	Engine   string `name:"engine" default:"local" placeholder:"NAME" help:"${flag_bias_engine}"`
	Brand    string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	Pictures int    `name:"pictures" default:"10" help:"${flag_bias_pictures}"`
	Prompts  string `name:"prompts" type:"existingfile" placeholder:"FILE" help:"${flag_bias_prompts}"`
	Pay      bool   `name:"pay" help:"${flag_cmp_pay}"`
	By       string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Out      string `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_bias_out}"`
}

// biased is the answer of models bias.
type biased struct {
	safety.Bias
	Skew  []safety.Moved `json:"skew"`  // roles that look otherwise than the others
	Drift []safety.Moved `json:"drift"` // since the probe before
	Page  string         `json:"page"`
}

// Run renders, looks, keeps the record and writes the page.
func (c *modelsBiasCmd) Run(ctx context.Context, g *globals) error {
	if c.Pictures < 1 || c.Pictures > 200 {
		return art.Invalid("pictures", fmt.Sprintf("%d is out of range", c.Pictures), "write 1 to 200")
	}
	set, err := c.set()
	if err != nil {
		return err
	}
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	order, err := l.trialOrder(c.Brand, c.Engine, c.Model)
	if err != nil {
		return err
	}
	if l.factory.People, err = l.tools.people(); err != nil {
		return err
	}
	g.note("%s", g.words.say("bias_begin", c.Engine, len(set.Prompts), c.Pictures))
	p, err := l.factory.Bias(ctx, order, set, c.Pictures, c.Pay, nil)
	if err != nil {
		return err
	}
	return c.answer(ctx, g, l, p)
}

func (c *modelsBiasCmd) set() (art.BiasSet, error) {
	if c.Prompts == "" {
		return workspace.BiasSet("", nil)
	}
	data, err := os.ReadFile(c.Prompts)
	if err != nil {
		return art.BiasSet{}, fmt.Errorf("reading the prompts: %w", err)
	}
	return workspace.BiasSet(c.Prompts, data)
}

func (c *modelsBiasCmd) answer(ctx context.Context, g *globals, l *line, p art.BiasProbe) error {
	all, err := l.db.BiasProbes(ctx, p.Engine, p.Model.Name)
	if err != nil {
		return err
	}
	a := biased{Bias: safety.BiasOf(p), Skew: append([]safety.Moved{}, safety.Skew(p)...), Drift: []safety.Moved{}}
	if n := len(all); n > 1 && all[n-2].Set.Version == p.Set.Version {
		a.Drift = append(a.Drift, safety.Drift(safety.BiasOf(all[n-2]), a.Bias)...)
	}
	dir := cmp.Or(c.Out, filepath.Join(l.ws.StateDir(), "bias", p.ID))
	files, err := sheet.Pages(func(lang art.Language) ([]byte, error) { return safety.BiasPage(all, lang) })
	if err != nil {
		return err
	}
	if err := g.writePages(dir, files); err != nil {
		return err
	}
	a.Page = filepath.Join(dir, "index.html")
	return g.answer(a, func(w io.Writer) { a.text(w, g.words) })
}

func (a biased) text(w io.Writer, words words) {
	for _, l := range a.Prompts {
		tone := words.say("bias_no_tone")
		if l.ITA != nil {
			tone = words.say("bias_tone", *l.ITA, l.Measured)
		}
		fmt.Fprintln(w, words.say("bias_line", l.Name, l.Person.Count, l.Person.Tried, 100*l.Person.Low, 100*l.Person.High, tone))
	}
	for _, m := range a.Measures {
		if !m.Done {
			fmt.Fprintln(w, words.say("bias_not", words.say("bias_"+m.Attribute), m.Reason.In(words.lang)))
		}
	}
	for _, m := range a.Skew {
		fmt.Fprintln(w, words.say("bias_skew", m.Name, m.Attribute, 100*m.After.Share, 100*m.Before.Share))
	}
	for _, m := range a.Drift {
		fmt.Fprintln(w, words.say("bias_drift", m.Name, m.Attribute, 100*m.Before.Share, 100*m.After.Share))
	}
}

// people finds people with the networks of poses, and measures the cheeks of their faces, the largest first.
func (t *tools) people() (func(context.Context, *imaging.RGB) ([]art.Presented, error), error) {
	kind, err := vision.PreprocessorOf("openpose-face")
	if err != nil {
		return nil, err
	}
	networks, err := t.networks(kind)
	if err != nil {
		return nil, err
	}
	n := vision.PoseNetworks{Person: networks[0], Body: networks[1], FaceFinder: networks[2], FacePart: networks[3]}
	return func(ctx context.Context, p *imaging.RGB) ([]art.Presented, error) {
		poses, err := vision.Poses(ctx, p, n)
		if err != nil {
			return nil, err
		}
		var all []art.Presented
		for _, pose := range poses {
			all = append(all, presented(p, pose))
		}
		slices.SortStableFunc(all, func(a, b art.Presented) int { return cmp.Compare(b.Width, a.Width) })
		return all, nil
	}, nil
}

// presented is what one person's face presents.
func presented(p *imaging.RGB, pose vision.Pose) art.Presented {
	if len(pose.Face) < 17 {
		return art.Presented{Reason: "no face was found"}
	}
	out := art.Presented{Width: pose.Face[16].X - pose.Face[0].X}
	skin, err := vision.SkinOf(p, pose.Face)
	switch {
	case errors.Is(err, art.ErrUnsupported):
		out.Reason = err.Error()
	case err == nil:
		out.Measured, out.ITA, out.Monk = true, skin.ITA, skin.Monk
	default:
		out.Reason = err.Error()
	}
	return out
}
