package factory

import (
	"context"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/library"
)

// pictures are all that candidates are compared with, read from the records once and then as they grow. It is safe for
// concurrent use.
type pictures struct {
	mu         sync.Mutex // guards what is below
	candidates *library.Prints
	after      int64  // the last fingerprint that was read
	mark       string // of the known pictures that were read
	references *library.Prints
	excluded   *library.Prints
}

func newPictures() *pictures { return &pictures{candidates: library.NewPrints()} }

// atOnce is how many fingerprints are read at a time.
const atOnce = 50_000

// read takes in what was written since it was last called.
func (p *pictures) read(ctx context.Context, records Records) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		prints, after, err := records.Fingerprints(ctx, pdq, p.after, atOnce)
		if err != nil {
			return err
		}
		for _, f := range prints {
			h, err := imaging.ParseHash(f.Hash)
			if err != nil {
				return err
			}
			p.candidates.Add(library.Print{Name: f.Candidate, Run: f.Run, Place: f.Index}, h)
		}
		p.after = after
		if len(prints) < atOnce {
			return p.readKnown(ctx, records)
		}
	}
}

// readKnown reads the named sets anew where they have changed.
func (p *pictures) readKnown(ctx context.Context, records Records) error {
	mark, err := records.KnownMark(ctx)
	if err != nil || mark == p.mark {
		return err
	}
	all, err := records.Known(ctx)
	if err != nil {
		return err
	}
	references, excluded := library.NewPrints(), library.NewPrints()
	for _, k := range all {
		h, err := imaging.ParseHash(k.Hash)
		if err != nil {
			return err
		}
		into := references
		if k.Exclude {
			into = excluded
		}
		into.Add(library.Print{Set: k.Set, Name: k.Name}, h)
	}
	p.mark, p.references, p.excluded = mark, references, excluded
	return nil
}

// compare has a subject compared with what was there before its candidate. Its kin are the same picture in other states.
func (p *pictures) compare(s *judge.Subject, c art.Candidate, kin map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Earlier = among{p.candidates, func(o library.Print) bool { return !kin[o.Name] && (o.Run != c.Run || o.Place < c.Index) }}
	if p.references != nil && p.references.Len() > 0 {
		s.References = among{prints: p.references}
	}
	if p.excluded != nil && p.excluded.Len() > 0 {
		s.Excluded = among{prints: p.excluded}
	}
}

// among is judge.Known over some of the pictures.
type among struct {
	prints *library.Prints
	allow  func(library.Print) bool // nil allows all
}

// Nearest implements judge.Known.
func (a among) Nearest(h imaging.Hash) (match string, distance, compared int) {
	m, compared, ok := a.prints.Nearest(h, a.allow)
	if !ok {
		return "", 8 * len(h), compared
	}
	if m.Set != "" {
		return m.Set + "/" + m.Name, m.Distance, compared
	}
	return m.Name, m.Distance, compared
}
