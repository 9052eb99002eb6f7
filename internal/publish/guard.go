package publish

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Sides is all that the page of a comparison is made of.
type Sides struct {
	Guard     art.Guard
	Brand     Brand
	Open      func(ctx context.Context, sha256 string) ([]byte, error)
	Generator string // "Presswerk 0.1.0"
}

// guardPage is what the template shows.
type guardPage struct {
	frame
	Heading, Lead, Made, Method, Passed string
	Outcome, Says                       string
	Sides                               []guardSide
	Scorers                             []forest
	Pairs                               []guardPair
}

type guardSide struct {
	Name string
	Rows []row
}

// forest is one scorer's line: figures, and an interval on an axis of 400 units with 0 in the middle.
type forest struct {
	Name, Unit, Old, New, Gain, Label, Note string
	Outcome, Says                           string
	Drawn                                   bool
	BandX, BandWidth, LowX, HighX, GainX    string
}

type guardPair struct {
	Name   string
	Seed   art.Seed
	Shots  []guardShot
	Scores []guardScore
}

type guardShot struct {
	Src, Alt, Name string
	Width, Height  int
	Pass           bool
}

type guardScore struct{ Name, Old, New string }

// Guard writes the side-by-side sheet of a comparison into dir, in English and German, whole or not at all.
func Guard(ctx context.Context, s Sides, dir string) error {
	return replace(dir, func(tmp string) error {
		b, err := newBuilder(tmp, s.Brand.Colours, "guard.css")
		if err != nil {
			return err
		}
		written := map[string]bool{}
		for _, p := range s.Guard.Pairs {
			for _, shot := range []art.Shot{p.Old, p.New} {
				if written[shot.Image] {
					continue
				}
				written[shot.Image] = true
				data, err := s.Open(ctx, shot.Image)
				if err != nil {
					return fmt.Errorf("publish: fetching the picture of %s: %w", p.Prompt, err)
				}
				if err := b.write("images/"+shot.Image+".png", data); err != nil {
					return err
				}
			}
		}
		for _, lang := range []art.Language{art.English, art.German} {
			if err := b.guard(s, lang); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *builder) guard(s Sides, lang art.Language) error {
	w := maps.Clone(catalogue()[lang])
	w["footer"] = w["guard_footer"]
	g := s.Guard
	p := guardPage{
		frame:   frame{Lang: lang, Words: w, Style: b.style, Brand: s.Brand.Name.In(lang), OtherLang: w["other_lang"], Alternate: "de/index.html", Generator: s.Generator},
		Heading: fmt.Sprintf(w["guard_heading"], s.Brand.Name.In(lang), title(g.Old, g.New), title(g.New, g.Old)),
		Outcome: string(g.Outcome), Says: w["guard_"+string(g.Outcome)], Lead: w["guard_lead_"+string(g.Outcome)],
		Made:   strings.Trim(g.ID+" · "+g.At.UTC().Format("2006-01-02 15:04 MST")+" · "+g.By, " ·"),
		Method: fmt.Sprintf(w["guard_method"], 100*g.Confidence),
	}
	name := "index.html"
	if lang == art.German {
		name, p.Root, p.Alternate = "de/index.html", "../", "../index.html"
	}
	p.Title, p.Description = p.Heading+" · "+p.Says, p.Lead
	p.Sides = []guardSide{{w["guard_old"], sideRows(g.Old, w)}, {w["guard_new"], sideRows(g.New, w)}}
	for _, c := range g.Scorers {
		p.Scorers = append(p.Scorers, newForest(c, w, lang))
	}
	passed := [2]int{}
	for _, pair := range g.Pairs {
		p.Pairs = append(p.Pairs, newGuardPair(pair, p.Root, w))
		for i, shot := range []art.Shot{pair.Old, pair.New} {
			if shot.Pass {
				passed[i]++
			}
		}
	}
	p.Passed = fmt.Sprintf(w["guard_passed"], passed[0], passed[1], len(g.Pairs))
	return b.page(name, "guard.html", p)
}

// title names a side by what tells it from the other one.
func title(s, other art.Side) string {
	if s.Model != other.Model {
		return strings.TrimSuffix(s.Model.Name+" "+s.Model.Version, " ")
	}
	var said []string
	for _, k := range slices.Sorted(maps.Keys(s.Fields)) {
		if k != "model" && s.Fields[k] != other.Fields[k] {
			said = append(said, k+" "+s.Fields[k])
		}
	}
	for _, l := range s.LoRAs {
		said = append(said, fmt.Sprintf("%s × %g", l.Name, l.Weight))
	}
	switch {
	case len(said) > 0:
		return strings.Join(said, ", ")
	case s.EngineVersion != other.EngineVersion:
		return s.Engine + " " + s.EngineVersion
	}
	return s.Model.Name
}

func sideRows(s art.Side, w words) []row {
	rows := []row{
		{w["model"], strings.TrimSpace(s.Model.Name + " " + s.Model.Version)}, {"SHA-256", s.Model.SHA256}, {w["engine"], strings.TrimSpace(s.Engine + " " + s.EngineVersion)},
	}
	for _, k := range slices.Sorted(maps.Keys(s.Fields)) {
		if k != "model" && k != "engine" {
			rows = append(rows, row{k, s.Fields[k]})
		}
	}
	for _, l := range s.LoRAs {
		rows = append(rows, row{"LoRA", strings.TrimSpace(fmt.Sprintf("%s × %g %s", l.Name, l.Weight, l.SHA256))})
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.Value == "" })
}

// newForest draws an interval. The axis reaches as far as the interval or twice the margin, whichever is more.
func newForest(c art.Compared, w words, lang art.Language) forest {
	f := forest{
		Name: c.Scorer, Unit: c.Unit, Old: figure(c.Old, lang), New: figure(c.New, lang), Outcome: string(c.Outcome), Says: w["guard_"+string(c.Outcome)], Note: c.Note.In(lang),
		Drawn: len(c.Note) == 0,
	}
	reach := 1.08 * math.Max(2*c.Margin, math.Max(math.Abs(c.Low), math.Abs(c.High)))
	at := func(v float64) float64 {
		if reach == 0 {
			return 200
		}
		return 200 + 200*v/reach
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	f.BandX, f.BandWidth = number(at(-c.Margin)), number(at(c.Margin)-at(-c.Margin))
	f.LowX, f.HighX, f.GainX = number(at(c.Low)), number(at(c.High)), number(at(c.Gain))
	if f.Drawn {
		f.Gain = fmt.Sprintf(w["guard_gain"], signed(c.Gain, lang), signed(c.Low, lang), signed(c.High, lang))
	}
	f.Label = fmt.Sprintf("%s: %s. %s", c.Scorer, f.Says, f.Gain)
	return f
}

// figure writes a number as people of a language read it.
func figure(v float64, lang art.Language) string {
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if lang == art.German {
		s = strings.ReplaceAll(s, ".", ",")
	}
	return strings.ReplaceAll(s, "-", "−")
}

func signed(v float64, lang art.Language) string {
	if v > 0 {
		return "+" + figure(v, lang)
	}
	return figure(v, lang)
}

func newGuardPair(g art.GuardPair, root string, w words) guardPair {
	lang := w["lang"]
	p := guardPair{Name: g.Prompt, Seed: g.Seed}
	for _, s := range []struct {
		name string
		shot art.Shot
	}{{w["guard_old"], g.Old}, {w["guard_new"], g.New}} {
		p.Shots = append(p.Shots, guardShot{
			Src: root + "images/" + s.shot.Image + ".png", Alt: s.name + ": " + g.Words, Name: s.name, Width: s.shot.Width, Height: s.shot.Height, Pass: s.shot.Pass,
		})
	}
	for _, o := range g.Old.Scores {
		line := guardScore{Name: o.Scorer, Old: "–", New: "–"}
		if o.Available {
			line.Old = figure(o.Value, lang)
		}
		for _, n := range g.New.Scores {
			if n.Scorer == o.Scorer && n.Available {
				line.New = figure(n.Value, lang)
			}
		}
		p.Scores = append(p.Scores, line)
	}
	return p
}
