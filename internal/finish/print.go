package finish

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
)

// pdfMIME is the media type of pages.
const pdfMIME = "application/pdf"

// unsignedPDF is why pages have no manifest. Their XMP says what pictures' does.
const unsignedPDF = "unsigned: the C2PA library writes no manifests into PDF"

// printedSize is the longer side in pixels that a master needs for its channels on paper; 0 where there are none. What a master
// can't have is left to the check of the finished page.
func (w *work) printedSize() (int, error) {
	size := 0
	for _, c := range w.Channels {
		if c.Print == nil {
			continue
		}
		print := c.Print.OrDefaults()
		page, err := press.PageOf(print)
		if err != nil {
			return 0, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		long := max(w.picture.Width, w.picture.Height)
		size = max(size, int(math.Ceil(page.Scale(w.picture.Width, w.picture.Height, print.MinPPI)*float64(long)-1e-9)))
	}
	return min(size, maxMaster), nil
}

// pages makes what the channels on paper ask for: the page, and a proof of how it will look.
func pages(ctx context.Context, w *work) (map[string]any, error) {
	done := map[string]any{}
	for _, c := range w.Channels {
		if c.Print == nil {
			continue
		}
		report, err := w.printed(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		done[c.Name] = report
	}
	if len(done) == 0 {
		return nil, nil
	}
	return done, nil
}

// printed makes one page. A page that fails a check is kept, with the failure.
func (w *work) printed(ctx context.Context, c art.Channel) (map[string]any, error) {
	if w.f.o.Press == nil {
		return nil, fmt.Errorf("there is no printing condition: %w", art.ErrUnavailable)
	}
	print := c.Print.OrDefaults()
	p, err := w.f.o.Press(print.Profile)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	j, err := p.Make(ctx, imaging.Deepen(w.picture), print)
	if err != nil {
		return nil, err
	}
	data, checks, err := p.Finish(j, press.Document{
		Title: w.Title.In(art.English), Producer: w.f.o.Generator.Name + " " + w.f.o.Generator.Version, Made: w.f.o.Now(), XMP: w.metadata().Packet(),
	})
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%s-%s", w.Slug, short(w.AssetID), c.Name)
	w.out.Renditions = append(w.out.Renditions, File{Data: data, Rendition: art.Rendition{
		Name: name + ".pdf", Channel: c.Name, Role: art.RolePrint, Format: "pdf", MIME: pdfMIME, Width: j.Separation.Width, Height: j.Separation.Height,
		ColourSpace: "cmyk " + p.Title, C2PA: unsignedPDF, Checks: checks, SHA256: art.Digest(data), Bytes: int64(len(data)),
	}})
	if err := w.proof(ctx, p, j, name+"-proof.png", c.Name); err != nil {
		return nil, err
	}
	return map[string]any{
		"condition": p.Title, "intent": print.Intent, "black_point": print.BlackPoint, "standard": print.Standard, "resolution": j.Resolution,
		"ink_before": j.Before, "ink": j.Ink, "limited": j.Limited, "shift": j.Shift,
	}, nil
}

func (w *work) proof(ctx context.Context, p *press.Press, j *press.Job, name, channel string) error {
	picture, err := p.Proof(ctx, j.Separation, true)
	if err != nil {
		return err
	}
	data, err := imaging.Encode(picture, imaging.Encoding{Format: imaging.PNG, XMP: w.metadata().Packet()})
	if err != nil {
		return err
	}
	file, err := w.f.sign(ctx, File{Data: data, Rendition: art.Rendition{
		Name: name, Channel: channel, Role: art.RoleProof, Format: "png", MIME: imaging.PNG.MIME(), Width: picture.Width, Height: picture.Height, ColourSpace: "srgb",
	}}, w.opened(name, true))
	if err != nil {
		return err
	}
	w.out.Renditions = append(w.out.Renditions, file)
	return nil
}
