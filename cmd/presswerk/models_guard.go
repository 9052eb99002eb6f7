package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/plan"
	"presswerk/internal/publish"
	"presswerk/internal/store"
)

// modelsGuardCmd compares an old side with a new one on a brand's fixed prompts.
type modelsGuardCmd struct {
	Of   string   `arg:"" placeholder:"BRAND|BRIEF" help:"${arg_guard}"`
	Old  string   `name:"old" placeholder:"NAME[@…]" help:"${flag_old}"`
	New  string   `name:"new" placeholder:"NAME[@…]" help:"${flag_new}"`
	Was  []string `name:"was" placeholder:"FIELD=VALUE" help:"${flag_was}"`
	With []string `name:"with" placeholder:"FIELD=VALUE" help:"${flag_with}"`
	By   string   `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Out  string   `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_sheet}"`
}

// guarded is the answer of guard.
type guarded struct {
	art.Guard
	Passes bool   `json:"passes"`
	Sheet  string `json:"sheet"` // the page
}

// Run renders, scores, compares, keeps the result and writes the sheet; exit 1 when the new side does not pass.
func (c *modelsGuardCmd) Run(ctx context.Context, g *globals) error {
	ws, o, err := c.order(g)
	if err != nil {
		return err
	}
	l, err := openLine(ctx, g, ws, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	o.By = cmp.Or(c.By, g.settings.User)
	old := cmp.Or(c.Old, o.Brief.Parameters.Model, o.Kit.Defaults.Model)
	if o.Old, err = l.side(o.Order, old, c.Was); err != nil {
		return fmt.Errorf("the old side: %w", err)
	}
	if o.New, err = l.side(o.Order, cmp.Or(c.New, old), c.With); err != nil {
		return fmt.Errorf("the new side: %w", err)
	}
	pictures := len(o.Set.Prompts) * len(o.Set.Seeds)
	g.note("%s", g.words.say("guard_begin", o.Kit.ID, len(o.Set.Prompts), len(o.Set.Seeds), 2*pictures))
	made, err := l.factory.Guard(ctx, o, nil)
	if err != nil {
		return err
	}
	dir := cmp.Or(c.Out, filepath.Join(ws.StateDir(), "guards", made.ID))
	err = publish.Guard(ctx, publish.Sides{
		Guard: made, Open: l.blobs.Get, Generator: "Presswerk " + version,
		Brand: publish.Brand{Name: o.Kit.Name, Owner: o.Kit.Owner.Name, Colours: o.Kit.Colours, Rights: o.Kit.Rights},
	}, dir)
	if err != nil {
		return err
	}
	answer := guarded{made, made.Outcome.Passes(), filepath.Join(dir, "index.html")}
	if err := g.answer(answer, func(w io.Writer) { answer.text(w, g.words) }); err != nil {
		return err
	}
	if !answer.Passes {
		return errNo
	}
	return nil
}

func (a guarded) text(w io.Writer, words words) {
	say := func(o art.Outcome) string { return words.say("outcome_" + string(o)) }
	fmt.Fprintln(w, words.say("guard_done", a.ID, sideText(a.Old), sideText(a.New), say(a.Outcome)))
	for _, s := range a.Scorers {
		if note := s.Note.In(words.lang); note != "" {
			fmt.Fprintf(w, "  %-12s %s: %s\n", s.Scorer, note, say(s.Outcome))
			continue
		}
		fmt.Fprintln(w, words.say("guard_scorer", s.Scorer, s.Old, s.New, s.Unit, s.Gain, s.Low, s.High, s.Margin, say(s.Outcome)))
	}
	fmt.Fprintln(w, words.say("guard_sheet", a.Sheet))
}

// sideText is a side in a few words: its model, and what was said besides.
func sideText(s art.Side) string {
	var said []string
	for _, k := range slices.Sorted(maps.Keys(s.Fields)) {
		if k != "model" {
			said = append(said, k+" "+s.Fields[k])
		}
	}
	for _, l := range s.LoRAs {
		said = append(said, fmt.Sprintf("%s × %g", l.Name, l.Weight))
	}
	text := strings.TrimSuffix(s.Model.Name+"@"+s.Model.Version, "@")
	if len(said) > 0 {
		text += " (" + strings.Join(said, ", ") + ")"
	}
	return text
}

// order reads the brand, or the brief with its brand, with the prompt set.
func (c *modelsGuardCmd) order(g *globals) (workspaceDir, factory.GuardOrder, error) {
	var o factory.GuardOrder
	near := ""
	if _, err := os.Stat(c.Of); err == nil && filepath.Ext(c.Of) == ".yaml" {
		near = c.Of
	}
	ws, err := g.workspace(near)
	if err != nil {
		return ws, o, err
	}
	name := c.Of
	if file := ws.brief(c.Of); file != "" {
		if o.Brief, err = ws.ReadBrief(file); err != nil {
			return ws, o, err
		}
		name = o.Brief.Brand
	}
	o.Order, o.Set, err = ws.promptSet(name, o.Brief)
	return ws, o, err
}

// brief is the path of a brief that is meant by its path or its name; "" where a brand of this name is meant, or nothing.
func (w workspaceDir) brief(name string) string {
	if info, err := os.Stat(filepath.Join(w.Dir, "brands", name)); err == nil && info.IsDir() {
		return ""
	}
	for _, path := range []string{name, filepath.Join(w.Dir, name), filepath.Join(w.Dir, "briefs", name+".yaml")} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// promptSet reads a brand with its fixed prompts and the style tokens that these and a brief name.
func (w workspaceDir) promptSet(name string, brief art.Brief) (factory.Order, brand.PromptSet, error) {
	o := factory.Order{Brief: brief}
	kit, err := w.ReadKit(name)
	if err != nil {
		return o, brand.PromptSet{}, err
	}
	set, err := w.ReadPromptSet(kit)
	if err != nil {
		return o, set, err
	}
	o.Kit = kit
	if o.Logo, err = w.ReadLogo(kit); err != nil {
		return o, set, err
	}
	if o.Safety, err = w.Guide(kit.Sector); err != nil {
		return o, set, err
	}
	if o.Styles, err = w.ReadStyles(append(append([]string{}, set.Styles...), brief.Styles...)); err != nil {
		return o, set, err
	}
	if o.Models, err = w.ReadModels(); err != nil {
		return o, set, err
	}
	o.Cards, err = w.Cards()
	return o, set, err
}

// pauses reads what is paused from the records, where there are any.
func (w workspaceDir) pauses(ctx context.Context) ([]art.Pause, error) {
	if _, err := os.Stat(w.database()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	db, err := store.Open(ctx, w.database())
	if err != nil {
		return nil, err
	}
	all, err := db.Pauses(ctx)
	return all, errors.Join(err, db.Close())
}

// side reads one side of a comparison: its model, and fields such as "sampler=euler", "lora=ink@1:0.8" or
// "engine_version=2".
func (l *line) side(o factory.Order, model string, said []string) (plan.Change, error) {
	c := plan.Change{Fields: map[string]string{}}
	for _, s := range said {
		field, value, ok := strings.Cut(s, "=")
		switch {
		case !ok || value == "":
			return c, art.Invalid(s, "is no FIELD=VALUE", "write it as sampler=euler")
		case field == "lora":
			lora, err := l.lora(value)
			if err != nil {
				return c, err
			}
			c.LoRAs = append(c.LoRAs, lora)
		case field == "engine_version":
			c.EngineVersion = value
		default:
			c.Fields[field] = value
		}
	}
	model = cmp.Or(c.Fields["model"], model)
	if model == "" {
		delete(c.Fields, "model")
		return c, nil
	}
	ref, err := findModel(l.engines, c.Fields["engine"], model, o.Models, o.Kit.ID)
	if err == nil {
		c.Fields["model"] = cmp.Or(ref.SHA256, strings.TrimSuffix(ref.Name+"@"+ref.Version, "@"))
	}
	return c, err
}

var hashBeginning = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// findModel finds a model by name, name@version, or name@ and the beginning of its SHA-256. A name alone means the version
// that the brand has pinned, else the first.
func findModel(engines engine.Registry, engineName, ref string, policy art.ModelPolicy, brand string) (art.ModelRef, error) {
	name, which, _ := strings.Cut(ref, "@")
	pin, pinned := policy.PinOf(brand, name)
	var there []string
	for _, e := range engines.All() {
		if engineName != "" && e.Info().Name != engineName {
			continue
		}
		for _, m := range e.Info().Models {
			known := m.Capabilities.Model
			there = append(there, known.Name+"@"+known.Version)
			if known.Name != name {
				continue
			}
			if which == known.Version && which != "" || hashBeginning.MatchString(which) && strings.HasPrefix(known.SHA256, which) ||
				which == "" && (!pinned || pin.SHA256 == known.SHA256) {
				return known, nil
			}
		}
	}
	if which == "" && pinned {
		return art.ModelRef{}, &art.FieldError{Field: "model", Reason: fmt.Sprintf("%s@%s, which %s has pinned, is not there", name, pin.Version, brand), Remedy: "there are: " + strings.Join(there, ", "), Kind: art.ErrNotFound}
	}
	return art.ModelRef{}, &art.FieldError{Field: "model", Reason: fmt.Sprintf("no engine has a model %q", ref), Remedy: "there are: " + strings.Join(there, ", "), Kind: art.ErrNotFound}
}

// lora reads NAME[@VERSION][:WEIGHT]; the SHA-256 is that of the store, where it is there.
func (l *line) lora(s string) (art.LoRA, error) {
	name, weight, weighted := strings.Cut(s, ":")
	lora := art.LoRA{Name: name, Weight: 1}
	if weighted {
		w, err := strconv.ParseFloat(weight, 64)
		if err != nil || !(w >= -10 && w <= 10) { // NaN is no weight either
			return lora, art.Invalid("lora", fmt.Sprintf("%q is no weight", weight), "write it as lora=NAME:0.8")
		}
		lora.Weight = w
	}
	m, err := l.g.store().Find(name)
	switch {
	case err == nil:
		lora.SHA256 = m.SHA256
	case !errors.Is(err, art.ErrNotFound):
		return lora, err
	}
	return lora, nil
}
