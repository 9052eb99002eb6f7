package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/library"
)

// duplicatesCmd finds pictures that are alike, and keeps the sets that candidates are compared with.
type duplicatesCmd struct {
	Find duplicatesFindCmd `cmd:"" help:"${duplicates_find}"`
	Add  duplicatesAddCmd  `cmd:"" help:"${duplicates_add}"`
	Sets duplicatesSetsCmd `cmd:"" help:"${duplicates_sets}"`
	Drop duplicatesDropCmd `cmd:"" help:"${duplicates_drop}"`
}

// duplicatesAddCmd puts pictures into a set.
type duplicatesAddCmd struct {
	Set     string   `arg:"" help:"${arg_set}"`
	Files   []string `arg:"" help:"${arg_files}"`
	Exclude bool     `name:"exclude" xor:"kind" help:"${flag_exclude}"`
	Look    bool     `name:"look" xor:"kind" help:"${flag_look}"`
}

// Run keeps the pictures' hashes and, where a network is here, their vectors, not the pictures.
func (c *duplicatesAddCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	var all []art.KnownPicture
	for _, file := range c.Files {
		p, err := readPicture(ctx, file)
		if err != nil {
			return err
		}
		h, _, err := imaging.PDQ(p)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		known := art.KnownPicture{Set: c.Set, Name: filepath.Base(file), Exclude: c.Exclude, Look: c.Look, Hash: h.String()}
		v, err := judge.Vector(ctx, p, l.tools.embedders())
		switch {
		case err == nil:
			known.Model, known.Vector = l.tools.embedders().Embedder().SHA256, library.WriteVector(v)
		case c.Look || !errors.Is(err, art.ErrUnavailable):
			return fmt.Errorf("%s: %w", file, err) // a look is nothing but vectors
		}
		all = append(all, known)
	}
	if err := l.db.AddKnown(ctx, all); err != nil {
		return err
	}
	return g.answer(struct {
		Added []art.KnownPicture `json:"added"`
	}{all}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("duplicates_added", len(all), c.Set)) })
}

// duplicatesSetsCmd lists the sets.
type duplicatesSetsCmd struct{}

// knownSet is a set and how many pictures it has of either kind.
type knownSet struct {
	Set        string `json:"set"`
	References int    `json:"references"`
	Excluded   int    `json:"excluded"`
	Looks      int    `json:"looks"`
}

// Run lists the sets by name.
func (*duplicatesSetsCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	all, err := l.db.Known(ctx)
	if err != nil {
		return err
	}
	byName := map[string]int{}
	sets := []knownSet{}
	for _, p := range all {
		i, ok := byName[p.Set]
		if !ok {
			i = len(sets)
			byName[p.Set], sets = i, append(sets, knownSet{Set: p.Set})
		}
		switch {
		case p.Exclude:
			sets[i].Excluded++
		case p.Look:
			sets[i].Looks++
		default:
			sets[i].References++
		}
	}
	slices.SortFunc(sets, func(a, b knownSet) int { return cmp.Compare(a.Set, b.Set) })
	return g.answer(struct {
		Sets []knownSet `json:"sets"`
	}{sets}, func(w io.Writer) {
		for _, s := range sets {
			fmt.Fprintln(w, g.words.say("duplicates_set", s.Set, s.References, s.Excluded, s.Looks))
		}
	})
}

// duplicatesDropCmd removes a set.
type duplicatesDropCmd struct {
	Set string `arg:"" help:"${arg_set}"`
}

// Run removes a set; one that isn't there is an error.
func (c *duplicatesDropCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	n, err := l.db.DropKnown(ctx, c.Set)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("there is no set %q: 'presswerk duplicates sets' lists them: %w", c.Set, art.ErrNotFound)
	}
	return g.answer(struct {
		Dropped int `json:"dropped"`
	}{n}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("duplicates_dropped", n, c.Set)) })
}

// duplicatesFindCmd looks for pictures among everything that is known.
type duplicatesFindCmd struct {
	Files  []string `arg:"" help:"${arg_files}"`
	Cosine float64  `name:"cosine" default:"0.95" help:"${flag_cosine}"`
}

// foundPicture is what a file resembles most.
type foundPicture struct {
	File     string `json:"file"`
	Quality  int    `json:"pdq_quality"` // below 50 the hash says little
	Match    string `json:"match,omitempty"`
	Set      string `json:"set,omitempty"` // of the match; none is a candidate of this workspace
	Distance int    `json:"distance"`      // bits of 256; 257 where nothing is known
	Turned   string `json:"turned"`
	Same     bool   `json:"same"` // within the distance at which two pictures count as the same, or alike by its vector
	Alike    *alike `json:"alike,omitempty"`
}

// alike is the picture that lies nearest by its vector: it finds crops and other takes of the same thing, which hashes don't.
type alike struct {
	Embedder string  `json:"embedder"`
	Match    string  `json:"match"`
	Set      string  `json:"set,omitempty"`
	Cosine   float64 `json:"cosine"`
	Mirrored bool    `json:"mirrored"`
}

// Run tells of each file what it resembles most, however it is turned; exit 1 when one is known.
func (c *duplicatesFindCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	prints, err := l.prints(ctx)
	if err != nil {
		return err
	}
	vectors, err := l.vectors(ctx)
	if err != nil {
		return err
	}
	all := []foundPicture{}
	var worst error
	for _, file := range c.Files {
		f, err := l.find(ctx, prints, vectors, file)
		if err != nil {
			return err
		}
		f.Same = f.Same || f.Alike != nil && f.Alike.Cosine >= c.Cosine
		if f.Same {
			worst = errNo
		}
		all = append(all, f)
	}
	err = g.answer(struct {
		Pictures []foundPicture `json:"pictures"`
	}{all}, func(w io.Writer) {
		for _, f := range all {
			fmt.Fprintln(w, g.words.say(f.sentence(), f.File, f.Set, f.Match, f.Distance, f.Turned))
			if a := f.Alike; a != nil {
				fmt.Fprintln(w, g.words.say("duplicates_alike", strings.TrimPrefix(a.Set+"/"+a.Match, "/"), a.Cosine, a.Embedder))
			}
		}
	})
	return cmp.Or(err, worst)
}

func (f foundPicture) sentence() string {
	if f.Distance <= library.Radius {
		return "duplicates_same"
	}
	return "duplicates_none"
}

func (l *line) find(ctx context.Context, prints *library.Prints, vectors *library.Vectors, file string) (foundPicture, error) {
	f := foundPicture{File: file, Distance: 257}
	p, err := readPicture(ctx, file)
	if err != nil {
		return f, err
	}
	turned, quality, err := imaging.PDQTurned(p)
	if err != nil {
		return f, fmt.Errorf("%s: %w", file, err)
	}
	f.Quality = quality
	if m, _, ok := prints.Nearest(hashesOf(turned[:]), nil); ok {
		f.Match, f.Set, f.Distance, f.Turned, f.Same = m.Name, m.Set, m.Distance, imaging.Turns()[m.Which], m.Distance <= library.Radius
	}
	if vectors.Len() > 0 {
		f.Alike, err = l.alike(ctx, vectors, p)
	}
	return f, err
}

// alike looks a picture and its mirror image up by their vectors, of which there is one at least.
func (l *line) alike(ctx context.Context, vectors *library.Vectors, p *imaging.RGB) (*alike, error) {
	e := l.tools.embedders()
	upright, err := judge.Vector(ctx, p, e)
	if err != nil {
		return nil, err
	}
	mirrored, err := judge.Vector(ctx, p.Mirrored(), e)
	if err != nil {
		return nil, err
	}
	m, _, err := vectors.Nearest(upright, mirrored)
	if err != nil {
		return nil, err
	}
	return &alike{Embedder: e.Embedder().Name, Match: m.Name, Set: m.Set, Cosine: m.Cosine, Mirrored: m.Which == 1}, nil
}

// vectors are all candidates and known pictures whose vector is of the network that is here.
func (l *line) vectors(ctx context.Context) (*library.Vectors, error) {
	all, model := &library.Vectors{}, l.tools.embedders().Embedder().SHA256
	if model == "" {
		return all, nil
	}
	add := func(p library.Print, text string) error {
		v, err := library.ReadVector(text)
		if err == nil {
			err = all.Add(p, v)
		}
		return err
	}
	err := l.eachPrint(ctx, art.EmbeddingKind(model), func(f art.Fingerprint) error {
		return add(library.Print{Name: f.Candidate, Run: f.Run, Place: f.Index}, f.Hash)
	})
	if err != nil {
		return nil, err
	}
	known, err := l.db.Known(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range known {
		if k.Model == model && k.Vector != "" {
			if err := add(library.Print{Set: k.Set, Name: k.Name}, k.Vector); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func hashesOf(all []imaging.Hash) []library.Hash {
	hashes := make([]library.Hash, len(all))
	for i, h := range all {
		hashes[i] = library.Hash(h)
	}
	return hashes
}

// prints are all candidates and known pictures of the workspace.
func (l *line) prints(ctx context.Context) (*library.Prints, error) {
	all := library.NewPrints()
	add := func(p library.Print, hash string) error {
		h, err := imaging.ParseHash(hash)
		if err == nil {
			all.Add(p, h)
		}
		return err
	}
	err := l.eachPrint(ctx, pdqKind, func(f art.Fingerprint) error {
		return add(library.Print{Name: f.Candidate, Run: f.Run, Place: f.Index}, f.Hash)
	})
	if err != nil {
		return nil, err
	}
	known, err := l.db.Known(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range known {
		if err := add(library.Print{Set: k.Set, Name: k.Name}, k.Hash); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// pdqKind is the kind of fingerprints that are perceptual hashes.
const pdqKind = "pdq"

// eachPrint goes through all candidates' fingerprints of a kind.
func (l *line) eachPrint(ctx context.Context, kind string, look func(art.Fingerprint) error) error {
	const atOnce = 10_000
	for after := int64(0); ; {
		prints, next, err := l.db.Fingerprints(ctx, kind, after, atOnce)
		if err != nil {
			return err
		}
		for _, p := range prints {
			if err := look(p); err != nil {
				return err
			}
		}
		if after = next; len(prints) < atOnce {
			return nil
		}
	}
}

// lookup finds the picture made here that looks most like a fingerprint. One look isn't worth an index.
func (l *line) lookup(ctx context.Context, hash imaging.Hash) (string, int, error) {
	match, best := "", 257
	err := l.eachPrint(ctx, pdqKind, func(p art.Fingerprint) error {
		h, err := imaging.ParseHash(p.Hash)
		if err != nil {
			return err
		}
		if d := hash.Distance(h); d < best {
			match, best = p.Candidate, d
		}
		return nil
	})
	return match, best, err
}
