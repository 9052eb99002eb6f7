package factory

import (
	"context"
	"slices"
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
	looks      []judge.Look
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
	var looks []judge.Look
	for _, k := range all {
		if k.Look {
			if looks, err = addLook(looks, k); err != nil {
				return err
			}
			continue
		}
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
	p.mark, p.references, p.excluded, p.looks = mark, references, excluded, looks
	return nil
}

// addLook puts a picture into the look of its set and its network.
func addLook(looks []judge.Look, k art.KnownPicture) ([]judge.Look, error) {
	if k.Vector == "" {
		return looks, nil // it was added where no network was
	}
	v, err := library.ReadVector(k.Vector)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(looks, func(l judge.Look) bool { return l.Name == k.Set && l.Model == k.Model })
	if at < 0 {
		at, looks = len(looks), append(looks, judge.Look{Name: k.Set, Model: k.Model})
	}
	looks[at].Names, looks[at].Vectors = append(looks[at].Names, k.Name), append(looks[at].Vectors, v)
	return looks, nil
}

// compare has a subject compared with what was there before its candidate. Its kin are the same picture in other states.
func (p *pictures) compare(s *judge.Subject, c art.Candidate, kin map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Earlier = among{p.candidates, func(o library.Print) bool { return !kin[o.Name] && (o.Run != c.Run || o.Place < c.Index) }}
	s.Looks = p.looks
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
func (a among) Nearest(hashes ...imaging.Hash) judge.Resemblance {
	all := make([]library.Hash, len(hashes))
	for i, h := range hashes {
		all[i] = library.Hash(h)
	}
	m, compared, ok := a.prints.Nearest(all, a.allow)
	if !ok {
		return judge.Resemblance{Distance: 8 * len(imaging.Hash{}), Compared: compared}
	}
	name := m.Name
	if m.Set != "" {
		name = m.Set + "/" + m.Name
	}
	return judge.Resemblance{Match: name, Distance: m.Distance, Which: m.Which, Compared: compared}
}
