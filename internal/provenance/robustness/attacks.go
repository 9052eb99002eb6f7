package robustness

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Kind is who does something to a picture.
type Kind string

// The kinds of attacks. Against forgeries a scheme holds where its number is not found.
const (
	Use       Kind = "use"       // happens to pictures in ordinary use
	Adversary Kind = "adversary" // done to be rid of a mark, without its key
	Forgery   Kind = "forgery"   // done to have a mark found where none was put, without its key
)

// Attack is something that is done to a marked picture. Equal pictures give equal results.
type Attack struct {
	ID   string // such as "jpeg-75"
	Name art.Text
	Kind Kind
	Own  bool // only against the house's own scheme, which it is made for
	Do   func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error)
}

// step is a part of an attack.
type step func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error)

// Attacks are all that are known, in the order of reports.
func Attacks() []Attack {
	var all []Attack
	add := func(kind Kind, id, en, de string, do ...step) {
		all = append(all, Attack{ID: id, Name: art.Text{art.English: en, art.German: de}, Kind: kind, Do: after(do)})
	}
	add(Use, "nothing", "nothing", "nichts")
	for _, q := range []int{90, 75, 50, 30} {
		add(Use, fmt.Sprint("jpeg-", q), fmt.Sprint("JPEG ", q), fmt.Sprint("JPEG ", q), jpegOf(q))
	}
	for _, q := range []int{80, 50} {
		add(Use, fmt.Sprint("webp-", q), fmt.Sprint("WebP ", q), fmt.Sprint("WebP ", q), fileOf(imaging.WebP, q))
	}
	for _, q := range []int{60, 40} {
		add(Use, fmt.Sprint("avif-", q), fmt.Sprint("AVIF ", q), fmt.Sprint("AVIF ", q), fileOf(imaging.AVIF, q))
	}
	for _, s := range []int{75, 50, 25} {
		add(Use, fmt.Sprint("resize-", s), fmt.Sprintf("resized to %d %%", s), fmt.Sprintf("auf %d %% verkleinert", s), resized(float64(s)/100))
	}
	add(Use, "resize-50-jpeg-75", "resized to 50 %, JPEG 75", "auf 50 % verkleinert, JPEG 75", resized(0.5), jpegOf(75))
	for _, s := range []int{10, 25, 50} {
		add(Use, fmt.Sprint("crop-", s), fmt.Sprintf("cropped by %d %% of each side", s), fmt.Sprintf("um %d %% jeder Seite beschnitten", s), cropped(float64(s)/100))
	}
	add(Use, "crop-25-resize-70-jpeg-75", "cropped by 25 %, resized to 70 %, JPEG 75", "um 25 % beschnitten, auf 70 % verkleinert, JPEG 75", cropped(0.25), resized(0.7), jpegOf(75))
	add(Use, "brightness", "brighter by 20 %", "um 20 % heller", curve(func(v float64) float64 { return 1.2 * v }))
	add(Use, "contrast", "contrast up by 25 %", "Kontrast um 25 % erhöht", curve(func(v float64) float64 { return 1.25*(v-128) + 128 }))
	add(Use, "blur", "blurred, σ 1 pixel", "weichgezeichnet, σ 1 Pixel", blurred(1))
	add(Use, "sharpen", "sharpened", "geschärft", sharpened)
	add(Use, "noise", "noise, σ 5 levels", "Rauschen, σ 5 Stufen", noisy)
	add(Use, "rotate-2", "turned by 2°", "um 2° gedreht", turned(2))
	add(Use, "mirror", "mirrored", "gespiegelt", mirrored)
	add(Use, "palette", "256 colours with dither, as a GIF", "256 Farben gerastert, wie ein GIF", dithered)
	add(Use, "greyscale", "greyscale", "Graustufen", grey)
	add(Use, "screenshot", "screenshot: 80 % of the size, gamma 1.1", "Bildschirmfoto: 80 % der Größe, Gamma 1,1", resized(0.8), gamma(1.1))
	add(Use, "window", "screenshot with a window around it", "Bildschirmfoto mit einem Fenster darum", resized(0.8), framed)
	add(Adversary, "denoise", "denoised (bilateral)", "entrauscht (bilateral)", denoised)
	add(Adversary, "bend", "bent unevenly by up to 3 pixels", "ungleichmäßig um bis zu 3 Pixel verbogen", bent)
	n := len(all)
	add(Adversary, "over", "marked once more, with another key", "noch einmal markiert, mit anderem Schlüssel", markedOver)
	add(Adversary, "template", "the repeated tile estimated and taken off", "die wiederholte Kachel geschätzt und abgezogen", untiled)
	add(Forgery, "copy", "the repeated tile estimated and put on another picture", "die wiederholte Kachel geschätzt und auf ein anderes Bild gelegt", forged)
	for i := range all[n:] {
		all[n+i].Own = true
	}
	return all
}

// AttacksNamed picks attacks by their identities, or all where none is named.
func AttacksNamed(ids []string) ([]Attack, error) {
	all := Attacks()
	if len(ids) == 0 {
		return all, nil
	}
	known := make([]string, len(all))
	byID := map[string]Attack{}
	for i, a := range all {
		known[i], byID[a.ID] = a.ID, a
	}
	var some []Attack
	for _, id := range ids {
		a, ok := byID[id]
		if !ok {
			return nil, art.Invalid("attacks", fmt.Sprintf("%q is none", id), "choose from "+strings.Join(known, ", "))
		}
		delete(byID, id) // named twice would count twice
		some = append(some, a)
	}
	return some, nil
}

// after does one thing after the other.
func after(all []step) step {
	return func(ctx context.Context, p *imaging.RGB) (_ *imaging.RGB, err error) {
		for _, do := range all {
			if p, err = do(ctx, p); err != nil {
				return nil, err
			}
		}
		return p, nil
	}
}

// jpegOf writes a baseline JPEG with halved colour resolution (4:2:0), as most programs do, and reads it.
func jpegOf(quality int) step {
	return func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, toImage(p), &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("writing a JPEG: %w", err)
		}
		return imaging.Decode(ctx, b.Bytes(), imaging.Limits{})
	}
}

func fileOf(format imaging.Format, quality int) step {
	return func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		data, err := imaging.Encode(p, imaging.Encoding{Format: format, Quality: quality})
		if err != nil {
			return nil, err
		}
		return imaging.Decode(ctx, data, imaging.Limits{})
	}
}

func resized(share float64) step {
	return func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		return imaging.Resize(p, max(1, int(share*float64(p.Width))), max(1, int(share*float64(p.Height))))
	}
}

// cropped keeps the middle.
func cropped(share float64) step {
	return func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		left, top := int(share*float64(p.Width)/2), int(share*float64(p.Height)/2)
		return imaging.Crop(p, left, top, p.Width-2*left, p.Height-2*top)
	}
}
