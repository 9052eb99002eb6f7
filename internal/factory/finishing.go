package factory

import (
	"context"
	"fmt"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/finish"
	"presswerk/internal/prompt"
)

// finish turns an approved candidate into an asset: master, renditions, metadata, signatures.
func (f *Factory) finish(ctx context.Context, job art.Job) (art.Change, error) {
	c, err := f.Records.Candidate(ctx, job.Subject)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: finish: %w", err)
	}
	if c.AssetID != "" || c.Decision == nil || c.Decision.Action != art.Approve {
		return art.Change{}, nil // finished before, or taken back meanwhile
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: finish: %w", err)
	}
	if err := f.covered(ctx, c.Candidate, run.Run); err != nil {
		return art.Change{}, fmt.Errorf("factory: finishing %w", err)
	}
	asset, err := f.newAsset(ctx, c, run.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: finishing %s: %w", c.ID, err)
	}
	manifests, err := f.manifests(ctx, asset)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: finishing %s: %w", c.ID, err)
	}
	return art.Change{
		Assets: []art.Asset{asset}, Manifests: manifests,
		Jobs:   []art.Job{{Kind: art.JobPublish, Run: c.Run, Subject: asset.ID}},
		Events: []art.Event{{Kind: "asset", Run: c.Run, Candidate: c.ID, Asset: asset.ID, At: f.Now()}},
	}, nil
}

// manifests keeps what an asset's files were signed with, so that it is found again when somebody takes it off.
func (f *Factory) manifests(ctx context.Context, a art.Asset) ([]art.Manifest, error) {
	if f.Keep == nil {
		return nil, nil
	}
	return f.Keep(ctx, a)
}

func (f *Factory) newAsset(ctx context.Context, c art.CandidateView, run art.Run) (art.Asset, error) {
	k, err := Kit(run)
	if err != nil {
		return art.Asset{}, err
	}
	channels, err := k.ChannelsNamed(run.Brief.Channels)
	if err != nil {
		return art.Asset{}, err
	}
	picture, err := f.Blobs.Get(ctx, c.Image)
	if err != nil {
		return art.Asset{}, err
	}
	asset := art.Asset{
		ID: art.Digest([]byte(c.ID))[:16], Run: run.ID, Brief: run.Brief.ID, Brand: run.BrandID, Candidate: c.ID,
		Planned: c.Planned, Slug: prompt.Slug(c.Planned.Source), Title: prompt.Title(c.Planned.Source, run.Brief.Languages),
		Rights: k.Rights, Approval: *c.Decision, Image: c.Image, PixelsSHA256: c.PixelsSHA256, CreatedAt: f.Now(),
	}
	if asset, err = f.described(ctx, asset, c.Candidate, run.Brief); err != nil {
		return art.Asset{}, err
	}
	if asset, err = f.labelled(asset, c, run); err != nil {
		return art.Asset{}, err
	}
	in := finishInput(asset, c.Candidate, picture, channels, k, run.Brief)
	if in.Given, err = given(ctx, f.Blobs.Get, c.Planned.Recipe); err != nil {
		return art.Asset{}, err
	}
	if in.Clip, err = f.clipInput(ctx, c.Candidate, run.Brief); err != nil {
		return art.Asset{}, err
	}
	out, err := f.Finisher.Finish(ctx, in)
	if err != nil {
		return art.Asset{}, err
	}
	return f.keep(ctx, asset, out)
}

// described fills in what an asset shows and what it was made from. Of a picture that was not made here its licence says so, and
// whose it is.
func (f *Factory) described(ctx context.Context, a art.Asset, c art.Candidate, b art.Brief) (art.Asset, error) {
	var err error
	if c.License == nil {
		a.Sources = f.sources(c.Planned.Recipe)
		a.Alt, err = altText(c, b)
		return a, err
	}
	l, err := f.newest(ctx, c)
	a.License, a.Title, a.Alt, a.Rights = &l, l.Title, l.Alt, rightsOf(l, a.Rights)
	a.Sources = []art.Source{{Kind: "picture", Name: l.Source, Version: l.Content, SHA256: l.Picture, License: l.Kind}}
	return a, err
}

// altText says what an asset shows: a clip, what its brief says of it.
func altText(c art.Candidate, b art.Brief) (art.Text, error) {
	switch {
	case c.Clip == nil:
		return prompt.AltText(c.Planned.Source, b.Languages)
	case b.Clip != nil && len(b.Clip.Description) > 0:
		return b.Clip.Description, nil
	}
	return prompt.ClipText(c.Planned.Source, b.Languages)
}

func finishInput(a art.Asset, c art.Candidate, picture []byte, channels []art.Channel, k brand.Kit, b art.Brief) finish.Input {
	return finish.Input{
		Candidate: c, Picture: picture, AssetID: a.ID, Slug: a.Slug, Title: a.Title, Alt: a.Alt,
		Channels: channels, Layout: k.Layout, Finishing: k.Finishing, Rights: a.Rights, License: a.License, PromptInFiles: k.PromptMode(), Sources: a.Sources, Approval: a.Approval,
		Label: a.Labelling.Label, AIGC: slices.Contains(a.Labelling.Marks, art.MarkAIGC), Languages: b.Languages,
	}
}

// sources names what a recipe's pictures are made from, with the licences.
func (f *Factory) sources(r art.Recipe) []art.Source {
	s := art.Source{Kind: "model", Name: r.Model.Name, Version: r.Model.Version, SHA256: r.Model.SHA256}
	if e, err := f.maker(r); err == nil {
		if m, err := e.Info().Model(r.Model); err == nil {
			s.License = m.ModelLicense
		}
	}
	all := []art.Source{s}
	if r.Clip == nil {
		return all
	}
	for _, frame := range framesOf(*r.Clip) {
		all = append(all, art.Source{Kind: "frame", Name: frame.label + " frame", SHA256: frame.sum})
	}
	return all
}

// keep puts all files of a finished asset into the blob store.
func (f *Factory) keep(ctx context.Context, a art.Asset, out finish.Output) (art.Asset, error) {
	var err error
	if a.Master, err = f.keepFile(ctx, out.Master); err != nil {
		return a, err
	}
	for _, file := range out.Renditions {
		r, err := f.keepFile(ctx, file)
		if err != nil {
			return a, err
		}
		a.Renditions = append(a.Renditions, r)
	}
	if a.Clip, err = f.keepClip(ctx, out.Clip); err != nil {
		return a, err
	}
	a.Steps, a.Placeholder, a.ThumbHash = out.Steps, out.Placeholder, out.ThumbHash
	a.Sources = append(a.Sources, out.Sources...)
	return a, nil
}

func (f *Factory) keepFile(ctx context.Context, file finish.File) (art.Rendition, error) {
	r := file.Rendition
	var err error
	if r.SHA256, err = f.Blobs.Put(ctx, file.Data); err != nil {
		return r, err
	}
	r.Bytes = int64(len(file.Data))
	return r, nil
}
