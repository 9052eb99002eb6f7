package factory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Brought is what has become of a picture that was not made here.
type Brought struct {
	Run       string             `json:"run"`
	Candidate string             `json:"candidate"`
	Known     bool               `json:"known,omitempty"` // it was there before; the licence is written down beside the older one
	License   art.PictureLicense `json:"license"`
	Warnings  []string           `json:"warnings,omitempty"` // why the licence does not allow what the run is for
}

// Bring takes a picture that was not made here into a run, with the licence under which it came, and lets it be judged and
// reviewed as any other. Into is a run that is there; "" takes the order's own run of licensed pictures, which is begun with the
// first of them. A preview goes into an exploration alone. The licence's ID, Picture and At are filled in.
//
// A picture that the run has already gets the new licence and no second candidate. What the licence does not allow is warned of
// here and refused when it is approved, finished or published.
func (f *Factory) Bring(ctx context.Context, o Order, into string, l art.PictureLicense, picture []byte) (Brought, error) {
	f.deciding.Lock() // which also keeps two pictures from taking one place in a run
	defer f.deciding.Unlock()
	if err := l.Check(); err != nil {
		return Brought{}, err
	}
	run, begun, err := f.shelf(ctx, o, into, l.Comp)
	if err != nil {
		return Brought{}, fmt.Errorf("factory: bringing a picture of %s: %w", l.Source, err)
	}
	if l.Comp && run.Kind != art.Exploration {
		return Brought{}, &art.FieldError{
			Field: "run", Reason: run.ID + " is a production, and this is a watermarked preview", Remedy: "buy a licence, or bring it into an exploration", Kind: art.ErrRefused,
		}
	}
	c, err := f.brought(ctx, run, l, picture)
	if err != nil {
		return Brought{}, fmt.Errorf("factory: bringing a picture of %s: %w", l.Source, err)
	}
	b := Brought{Run: run.ID, License: *c.License, Warnings: reasons(f.allowed(*c.License, run))}
	change := art.Change{Licenses: []art.PictureLicense{*c.License}}
	if begun {
		if err := f.keepPictures(ctx, o); err != nil {
			return Brought{}, err
		}
		change.NewRun = &run
	}
	others, err := f.Records.Candidates(ctx, run.ID)
	if err != nil {
		return Brought{}, err
	}
	if at := slices.IndexFunc(others, func(v art.CandidateView) bool { return v.License != nil && v.Image == c.Image }); at >= 0 {
		b.Candidate, b.Known = others[at].ID, true
		return b, f.Commit(ctx, change)
	}
	c.Index, c.ID = len(others), fmt.Sprintf("%s-%03d", run.ID, len(others)+1)
	b.Candidate = c.ID
	print, err := f.fingerprint(ctx, c)
	if err != nil {
		return Brought{}, fmt.Errorf("factory: taking the fingerprint of %s: %w", c.ID, err)
	}
	change.NewCandidates, change.Rendered, change.Fingerprints = []art.Candidate{c}, []art.Candidate{c}, []art.Fingerprint{print}
	change.Jobs = []art.Job{{Kind: art.JobJudge, Run: run.ID, Subject: c.ID}}
	change.Events = []art.Event{{Kind: "candidate", Run: run.ID, Candidate: c.ID, At: c.RenderedAt}}
	if err := f.Commit(ctx, change); err != nil {
		return Brought{}, fmt.Errorf("factory: writing down %s: %w", c.ID, err)
	}
	return b, nil
}

// shelf finds the run that a picture goes into, or begins it.
func (f *Factory) shelf(ctx context.Context, o Order, into string, comp bool) (art.Run, bool, error) {
	if into != "" {
		v, err := f.Records.Run(ctx, into)
		return v.Run, false, err
	}
	o.Brief.ID += "-licensed"
	o.Brief.Matrix, o.Brief.Run = nil, cmp.Or(o.Brief.Run, art.Production)
	if comp {
		o.Brief.ID, o.Brief.Run = o.Brief.ID+"-previews", art.Exploration
	}
	run, err := newRun(o, art.Plan{Brief: o.Brief.ID, Kind: o.Brief.Run})
	if err != nil {
		return run, false, err
	}
	there, err := f.Records.Run(ctx, run.ID)
	switch {
	case err == nil:
		return there.Run, false, nil
	case !errors.Is(err, art.ErrNotFound):
		return run, false, err
	}
	run.CreatedAt, run.UpdatedAt = f.Now(), f.Now()
	return run, true, nil
}

// brought keeps a picture and makes the candidate of it. Its recipe stays empty: nobody could make it again.
func (f *Factory) brought(ctx context.Context, run art.Run, l art.PictureLicense, picture []byte) (art.Candidate, error) {
	p, _, err := f.Read.OrHere()(ctx, picture, imaging.Limits{})
	if err != nil {
		return art.Candidate{}, err
	}
	c := art.Candidate{Run: run.ID, Width: p.Width, Height: p.Height, PixelsSHA256: art.Digest(p.Pix), RenderedAt: f.Now(), Call: l.Call}
	c.Planned.Source.Subject.Words = l.Title
	if c.Image, err = f.Blobs.Put(ctx, picture); err != nil {
		return c, err
	}
	l.Picture, l.At = c.Image, f.Now()
	if l.ID, err = art.LicenseID(l); err != nil {
		return c, err
	}
	c.License = &l
	return c, nil
}

// newest gives the newest licence of a candidate's picture.
func (f *Factory) newest(ctx context.Context, c art.Candidate) (art.PictureLicense, error) {
	l, err := f.Records.LicenseOf(ctx, c.Image)
	if err != nil {
		return l, fmt.Errorf("factory: looking for the licence of %s: %w", c.ID, err)
	}
	return l, nil
}

// covered refuses a candidate that was not made here and whose newest licence does not allow today what its run is for.
func (f *Factory) covered(ctx context.Context, c art.Candidate, run art.Run) error {
	if c.License == nil {
		return nil
	}
	l, err := f.newest(ctx, c)
	if err != nil {
		return err
	}
	if err := f.allowed(l, run); err != nil {
		return fmt.Errorf("%s: %w", c.ID, err)
	}
	return nil
}

func (f *Factory) allowed(l art.PictureLicense, run art.Run) error {
	k, err := Kit(run)
	if err != nil {
		return err
	}
	return l.Refuses(run.Brief.Channels, run.Brief.Legal.Usage.Over(k.Usage), f.Now().UTC().Format(time.DateOnly))
}

// reasons takes joined errors apart for people.
func reasons(err error) []string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var told []string
		for _, one := range all.Unwrap() {
			told = append(told, one.Error())
		}
		return told
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// rightsOf are the rights of a licensed picture: its maker's, with the kit's word on data mining, which nothing is taken from.
func rightsOf(l art.PictureLicense, house art.Rights) art.Rights {
	return art.Rights{
		Creator: cmp.Or(l.Creator, l.Source), Credit: cmp.Or(l.Credit, l.Creator, l.Source), Copyright: l.Copyright,
		License: l.Terms, AcquireURL: l.Acquire, DataMining: house.DataMining,
	}
}
