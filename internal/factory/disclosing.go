package factory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/label"
)

// Disclose takes a person's word on whether a candidate could mislead. The newest word counts; a published picture's pages are
// written again. ID, Run and At are filled in. An answer without a reason or a name, or one that cannot be, gives art.ErrInvalid.
func (f *Factory) Disclose(ctx context.Context, d art.Disclosure) error {
	f.deciding.Lock()
	defer f.deciding.Unlock()
	c, err := f.Records.Candidate(ctx, d.Candidate)
	if err != nil {
		return fmt.Errorf("factory: disclose: %w", err)
	}
	if err := mayDisclose(d, c.Candidate); err != nil {
		return err
	}
	earlier, err := f.Records.Disclosures(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("factory: disclose: %w", err)
	}
	d.Run, d.At = c.Run, f.Now()
	d.ID = disclosureID(d, len(earlier))
	change := art.Change{
		Disclosures: []art.Disclosure{d},
		Events:      []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: d.At}},
	}
	if c.AssetID != "" && c.Decision != nil && c.Decision.Action == art.Approve {
		change.Jobs = []art.Job{{Kind: art.JobPublish, Run: c.Run, Subject: d.ID}}
	}
	if err := f.Commit(ctx, change); err != nil {
		return fmt.Errorf("factory: writing down whether %s could mislead: %w", c.ID, err)
	}
	return nil
}

func mayDisclose(d art.Disclosure, c art.Candidate) error {
	var all []error
	if d.By == "" {
		all = append(all, art.Invalid("by", "a word on a picture needs the name of who says it", "say who you are"))
	}
	for _, e := range d.Check("disclosure") {
		all = append(all, e)
	}
	if d.StandardEdit && c.License == nil {
		all = append(all, art.Invalid("disclosure.standard_edit", c.ID+" was made from words; nothing was edited", "leave it out"))
	}
	return errors.Join(all...)
}

func disclosureID(d art.Disclosure, earlier int) string {
	return art.Digest(fmt.Appendf(nil, "disclosure %s %d %t %s", d.Candidate, earlier, d.Misleads(), d.By))[:16]
}

// Disclosures lists what was said about whether a candidate could mislead, the oldest first.
func (f *Factory) Disclosures(ctx context.Context, candidate string) ([]art.Disclosure, error) {
	return f.Records.Disclosures(ctx, candidate)
}

// Labelling is what the rules want of a candidate's files and pages today, as far as is said; with the word that would count if it
// was approved now, or nil.
func (f *Factory) Labelling(c art.CandidateView, run art.Run) (art.Labelling, *art.Disclosure, error) {
	u, err := f.use(run)
	if err != nil {
		return art.Labelling{}, nil, err
	}
	d := c.Disclosure
	if d == nil {
		if d, err = f.usual(c, run); err != nil {
			return art.Labelling{}, nil, err
		}
	}
	return f.Labels.Want(u, label.Picture{Origin: label.Origin(c.License), Disclosure: d}), d, nil
}

// use is where a run's pictures go.
func (f *Factory) use(run art.Run) (label.Use, error) {
	k, err := Kit(run)
	if err != nil {
		return label.Use{}, err
	}
	channels, err := k.ChannelsNamed(run.Brief.Channels)
	if err != nil {
		return label.Use{}, err
	}
	u := label.Use{Usage: run.Brief.Legal.Usage.Over(k.Usage), Channels: channels, Policy: k.Labels, Day: f.Now().UTC().Format(time.DateOnly)}
	if r := k.Layout.CopySpace; r != nil {
		u.Keep = []art.Region{*r}
	}
	return u, nil
}

// usual is what brief or kit say of all of their pictures, or nil. Where a policy has found something in the words that exists and
// needs a clearance, such as a person or a place, nobody has meant that picture.
func (f *Factory) usual(c art.CandidateView, run art.Run) (*art.Disclosure, error) {
	for _, concern := range c.NeedsPerson() {
		if concern.Clearance != "" {
			return nil, nil //nolint:nilnil // no answer, and that is no error
		}
	}
	k, err := Kit(run)
	if err != nil {
		return nil, err
	}
	d := art.Disclosure{Run: run.ID, Candidate: c.ID, At: f.Now()}
	switch {
	case run.Brief.Disclosure != nil:
		d.Stance, d.By = *run.Brief.Disclosure, "brief:"+run.Brief.ID
	case k.Disclosure != nil:
		d.Stance, d.By = *k.Disclosure, "kit:"+k.ID
	default:
		return nil, nil //nolint:nilnil // no answer, and that is no error
	}
	if c.License == nil {
		d.StandardEdit = false // nothing was edited
	}
	d.ID = disclosureID(d, 0)
	return &d, nil
}

// disclosed refuses to approve what rules want a word on that nobody has said. It gives what has to be written down with the
// approval: the usual answer, where that is what counts.
func (f *Factory) disclosed(c art.CandidateView, run art.Run) ([]art.Disclosure, error) {
	want, d, err := f.Labelling(c, run)
	if err != nil {
		return nil, err
	}
	if err := label.Undecided(want, c.ID, d); err != nil {
		return nil, err
	}
	if c.Disclosure != nil || d == nil || len(want.Decide) == 0 {
		return nil, nil
	}
	return []art.Disclosure{*d}, nil
}

// labelled fills in what is known and wanted of an asset before it is finished.
func (f *Factory) labelled(a art.Asset, c art.CandidateView, run art.Run) (art.Asset, error) {
	want, d, err := f.Labelling(c, run)
	if err != nil {
		return a, err
	}
	a.Disclosure, a.Labelling = d, &want
	return a, label.Undecided(want, c.ID, d)
}

// marked refuses a site with a file that rules want marked or labelled and that isn't. The assets that it gives have the newest
// word on each, and what the rules want today.
func (f *Factory) marked(assets []art.Asset, candidates []art.CandidateView, run art.Run) ([]art.Asset, error) {
	by := map[string]art.CandidateView{}
	for _, c := range candidates {
		by[c.ID] = c
	}
	var all []error
	for i, a := range assets {
		want, d, err := f.Labelling(by[a.Candidate], run)
		if err != nil {
			return nil, err
		}
		assets[i].Disclosure, assets[i].Labelling = d, &want
		if err := label.Refuse(want, assets[i]); err != nil {
			all = append(all, fmt.Errorf("%s: %w", a.ID, err))
		}
	}
	return assets, errors.Join(all...)
}

// Shown tells whether a candidate may be shown without a label, as on a contact sheet: no rule wants a word or a label on it, or
// the word is that it misleads nobody.
func (f *Factory) Shown(c art.CandidateView, run art.Run) bool {
	want, d, err := f.Labelling(c, run)
	return err == nil && want.Label == nil && label.Undecided(want, c.ID, d) == nil
}
