package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/factory"
	"presswerk/internal/finish"
	"presswerk/internal/publish"
)

// files publishes sites into the workspace's site folder.
type files struct {
	l        *line
	finisher *finish.Finisher
}

// baseURL is where the site folder is expected to be served.
func (l *line) baseURL() string { return l.g.settings.BaseURL }

// Write implements factory.Site: the run's site below its brief's name, then the page above all sites.
func (f *files) Write(ctx context.Context, run art.RunView, candidates []art.CandidateView, assets []art.Asset) (string, error) {
	k, err := factory.Kit(run.Run)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(f.l.ws.SiteDir(), run.Brief.ID)
	c := publish.Campaign{
		Run: run.Run, Candidates: candidates, Assets: assets, Languages: languages(run.Brief),
		Brand:   publish.Brand{Name: k.Name, Owner: k.Owner.Name, Colours: k.Colours, Rights: k.Rights},
		BaseURL: f.l.baseURL() + run.Brief.ID + "/", Open: f.l.blobs.Get, Generator: "Presswerk " + version, MadeAt: time.Now(),
		ShowPrompt: k.PromptMode() == brand.PromptAsText,
	}
	if shown := slices.DeleteFunc(slices.Clone(candidates), func(v art.CandidateView) bool { return !f.onSheet(v, run.Run) }); len(shown) > 0 {
		if c.Sheet, err = f.sheet(ctx, run, shown, k); err != nil {
			return "", err
		}
	}
	if err := publish.Site(ctx, c, dir); err != nil {
		return "", err
	}
	return dir, f.index(ctx, c)
}

func languages(b art.Brief) []art.Language {
	if len(b.Languages) == 0 {
		return []art.Language{art.English}
	}
	return b.Languages
}

// onSheet tells which candidates stand on the contact sheet. A licence for one use is none for showing a picture among those that
// were left out, and a picture that needs a label has none there.
func (f *files) onSheet(v art.CandidateView, run art.Run) bool {
	return v.Image != "" && v.License == nil && f.l.factory.Shown(v, run)
}

// sheet draws candidates of the run.
func (f *files) sheet(ctx context.Context, run art.RunView, candidates []art.CandidateView, k brand.Kit) (*publish.Sheet, error) {
	var tiles []finish.Tile
	for _, v := range candidates {
		data, err := f.l.blobs.Get(ctx, v.Image)
		if err != nil {
			return nil, err
		}
		t := finish.Tile{Picture: data, Note: cell(v)}
		if v.Verdict != nil {
			t.Title = fmt.Sprintf("%.2f", v.Verdict.Overall)
		}
		t.Selected = v.Decision != nil && v.Decision.Action == art.Approve
		tiles = append(tiles, t)
	}
	alt := art.Text{
		art.English: fmt.Sprintf("Contact sheet: %d generated pictures of the campaign %s", len(tiles), run.Brief.Title.In(art.English)),
		art.German:  fmt.Sprintf("Kontaktbogen: %d erzeugte Bilder der Kampagne %s", len(tiles), run.Brief.Title.In(art.German)),
	}
	file, err := f.finisher.Sheet(ctx, "contact-sheet-"+run.Brief.ID, tiles, k.Rights, alt)
	if err != nil {
		return nil, err
	}
	return &publish.Sheet{Name: file.Name, Width: file.Width, Height: file.Height, Data: file.Data}, nil
}

// cell names what the matrix varied for a candidate, in the order of the brief.
func cell(v art.CandidateView) string {
	words := v.Planned.Source.Subject.Words.In(art.English)
	if style := v.Planned.Source.Style.Words.In(art.English); style != "" {
		words += ", " + style
	}
	return strings.TrimSpace(fmt.Sprintf("%s · %d", words, v.Planned.Seed))
}

// index writes the page above the sites from the newest published run of each brief. The run that is being published
// now is not in the records yet.
func (f *files) index(ctx context.Context, now publish.Campaign) error {
	runs, err := f.l.db.Runs(ctx)
	if err != nil {
		return err
	}
	cards := []publish.Card{card(now, now.Assets)}
	seen := map[string]bool{now.Run.Brief.ID: true}
	for _, r := range runs {
		if r.Publication == nil || seen[r.Brief.ID] {
			continue
		}
		seen[r.Brief.ID] = true
		k, err := factory.Kit(r.Run)
		if err != nil {
			return err
		}
		assets, err := f.l.db.RunAssets(ctx, r.ID)
		if err != nil {
			return err
		}
		public := r.Publication.Assets // what was taken back since is no longer there to be shown
		assets = slices.DeleteFunc(assets, func(a art.Asset) bool { return !slices.Contains(public, a.ID) })
		cards = append(cards, card(publish.Campaign{
			Run: r.Run, Brand: publish.Brand{Name: k.Name}, Languages: languages(r.Brief), MadeAt: r.Publication.At,
		}, assets))
	}
	return publish.Index(ctx, cards, f.l.baseURL(), f.l.ws.SiteDir())
}

// card shows a campaign by its first asset, in a middling size.
func card(c publish.Campaign, assets []art.Asset) publish.Card {
	k := publish.Card{
		Folder: c.Run.Brief.ID, Title: c.Run.Brief.Title, Brand: c.Brand.Name, Count: len(assets), MadeAt: c.MadeAt, Languages: c.Languages,
	}
	if len(assets) == 0 {
		return k
	}
	k.Alt, k.Unmarked = assets[0].Alt, !publish.Generated(assets[0])
	for _, r := range assets[0].Renditions {
		if r.Format == "jpeg" && (k.Image == "" || r.Width <= 800 && r.Width > k.Width) {
			k.Image, k.Width, k.Height = "images/"+r.Name, r.Width, r.Height
		}
	}
	return k
}
