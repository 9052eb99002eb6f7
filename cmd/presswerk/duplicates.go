package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
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
	Exclude bool     `name:"exclude" help:"${flag_exclude}"`
}

// Run keeps the pictures' hashes, not the pictures.
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
		all = append(all, art.KnownPicture{Set: c.Set, Name: filepath.Base(file), Exclude: c.Exclude, Hash: h.String()})
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
		if p.Exclude {
			sets[i].Excluded++
		} else {
			sets[i].References++
		}
	}
	slices.SortFunc(sets, func(a, b knownSet) int { return cmp.Compare(a.Set, b.Set) })
	return g.answer(struct {
		Sets []knownSet `json:"sets"`
	}{sets}, func(w io.Writer) {
		for _, s := range sets {
			fmt.Fprintln(w, g.words.say("duplicates_set", s.Set, s.References, s.Excluded))
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
	Files []string `arg:"" help:"${arg_files}"`
}

// foundPicture is what a file resembles most.
type foundPicture struct {
	File     string `json:"file"`
	Quality  int    `json:"pdq_quality"` // below 50 the hash says little
	Match    string `json:"match,omitempty"`
	Set      string `json:"set,omitempty"` // of the match; none is a candidate of this workspace
	Distance int    `json:"distance"`      // bits of 256; 257 where nothing is known
	Turned   string `json:"turned"`
	Same     bool   `json:"same"` // within the distance at which two pictures count as the same
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
	all := []foundPicture{}
	var worst error
	for _, file := range c.Files {
		f, err := find(ctx, prints, file)
		if err != nil {
			return err
		}
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
		}
	})
	return cmp.Or(err, worst)
}

func (f foundPicture) sentence() string {
	if f.Same {
		return "duplicates_same"
	}
	return "duplicates_none"
}

func find(ctx context.Context, prints *library.Prints, file string) (foundPicture, error) {
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
	return f, nil
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
	err := l.eachPrint(ctx, func(f art.Fingerprint) error {
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

// eachPrint goes through all candidates' fingerprints.
func (l *line) eachPrint(ctx context.Context, look func(art.Fingerprint) error) error {
	const atOnce = 10_000
	for after := int64(0); ; {
		prints, next, err := l.db.Fingerprints(ctx, "pdq", after, atOnce)
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
	err := l.eachPrint(ctx, func(p art.Fingerprint) error {
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
