package finish

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// qualities are the encoder settings by format, chosen for flat illustration without visible loss at 1:1.
func qualities() map[imaging.Format]imaging.Encoding {
	return map[imaging.Format]imaging.Encoding{
		imaging.AVIF: {Format: imaging.AVIF, Quality: 62, Effort: 4},
		imaging.WebP: {Format: imaging.WebP, Quality: 84, Effort: 5},
		imaging.JPEG: {Format: imaging.JPEG, Quality: 86},
		imaging.PNG:  {Format: imaging.PNG},
	}
}

// leastQuality is where a byte budget gives up instead of making a picture ugly.
const leastQuality = 40

// master writes the lossless picture that all renditions descend from.
func master(ctx context.Context, w *work) (map[string]any, error) {
	name := fmt.Sprintf("%s-%s.png", w.Slug, short(w.AssetID))
	data, err := imaging.Encode(w.picture, imaging.Encoding{Format: imaging.PNG, XMP: w.metadata().Packet()})
	if err != nil {
		return nil, err
	}
	file := File{Data: data, Rendition: art.Rendition{
		Name: name, Format: "png", MIME: imaging.PNG.MIME(), Width: w.picture.Width, Height: w.picture.Height, ColourSpace: "srgb",
	}}
	if w.out.Master, err = w.f.sign(ctx, file, w.first(name)); err != nil {
		return nil, err
	}
	return map[string]any{"name": name, "c2pa": w.out.Master.C2PA}, nil
}

// wish is one file that a channel asks for; equal wishes of several channels are one file.
type wish struct {
	cropped  *imaging.RGB
	aspect   string // "" where the crop is the whole picture
	width    int
	format   imaging.Format
	maxBytes int64
	channels []string
}

// wishes lists the files in a fixed order: by channel, then format, then width. No file is wider than what is there, so
// several widths, and several aspects of one picture, may be the same file.
func (w *work) wishes() ([]wish, error) {
	var list []wish
	for _, c := range w.Channels {
		cropped, err := w.cropped(c.Aspect)
		if err != nil {
			return nil, err
		}
		x := wish{cropped: cropped, aspect: c.Aspect, maxBytes: c.MaxBytes}
		if cropped.Width == w.picture.Width && cropped.Height == w.picture.Height {
			x.aspect = ""
		}
		for _, name := range c.Formats {
			x.format = imaging.Format(name)
			if _, ok := qualities()[x.format]; !ok {
				return nil, art.Invalid("channels."+c.Name+".formats", fmt.Sprintf("%q cannot be written", name), "use avif, webp, jpeg or png")
			}
			for _, width := range c.Widths {
				x.width = min(width, cropped.Width)
				list = join(list, x, c.Name)
			}
		}
	}
	return list, nil
}

// join adds a channel's wish, or the channel to an equal wish; of two budgets the smaller one counts.
func join(list []wish, x wish, channel string) []wish {
	i := slices.IndexFunc(list, func(o wish) bool { return o.aspect == x.aspect && o.width == x.width && o.format == x.format })
	if i < 0 {
		x.channels = []string{channel}
		return append(list, x)
	}
	if !slices.Contains(list[i].channels, channel) {
		list[i].channels = append(list[i].channels, channel)
	}
	if list[i].maxBytes == 0 || x.maxBytes > 0 && x.maxBytes < list[i].maxBytes {
		list[i].maxBytes = x.maxBytes
	}
	return list
}

// renditions writes every file that the channels ask for.
func renditions(ctx context.Context, w *work) (map[string]any, error) {
	list, err := w.wishes()
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		file, err := w.rendition(ctx, x)
		if err != nil {
			return nil, fmt.Errorf("%s at %d pixels for %s: %w", x.format, x.width, strings.Join(x.channels, ", "), err)
		}
		w.out.Renditions = append(w.out.Renditions, file)
	}
	return map[string]any{"files": len(list)}, nil
}

// crop cuts a picture to an aspect such as "16:9"; "" keeps it.
func crop(p *imaging.RGB, aspect string) (*imaging.RGB, error) {
	if aspect == "" {
		return p, nil
	}
	a, b, ok := strings.Cut(aspect, ":")
	w, err1 := strconv.ParseFloat(a, 64)
	h, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil || !(w > 0) || !(h > 0) {
		return nil, art.Invalid("aspect", fmt.Sprintf("%q is no aspect", aspect), "write it as 16:9")
	}
	return imaging.CoverCrop(p, w/h)
}

func (w *work) rendition(ctx context.Context, x wish) (File, error) {
	if err := ctx.Err(); err != nil {
		return File{}, err
	}
	p, err := imaging.Resize(x.cropped, x.width, max(1, (x.cropped.Height*x.width+x.cropped.Width/2)/x.cropped.Width))
	if err != nil {
		return File{}, err
	}
	isCrop := x.aspect != ""
	name := fmt.Sprintf("%s-%s-%d.%s", w.Slug, short(w.AssetID), x.width, x.format.Extension())
	if isCrop {
		name = fmt.Sprintf("%s-%s-%s-%d.%s", w.Slug, short(w.AssetID), strings.ReplaceAll(x.aspect, ":", "x"), x.width, x.format.Extension())
	}
	e := qualities()[x.format]
	e.XMP = w.metadata().Packet()
	for {
		data, err := imaging.Encode(p, e)
		if err != nil {
			return File{}, err
		}
		file := File{Data: data, Rendition: art.Rendition{
			Name: name, Channel: strings.Join(x.channels, ", "), Format: string(x.format), MIME: x.format.MIME(),
			Width: p.Width, Height: p.Height, Quality: e.Quality, ColourSpace: "srgb",
		}}
		if file, err = w.f.sign(ctx, file, w.opened(name, isCrop)); err != nil {
			return File{}, err
		}
		if x.maxBytes == 0 || int64(len(file.Data)) <= x.maxBytes {
			return file, nil
		}
		if e.Quality -= 6; e.Quality < leastQuality {
			return File{}, art.Invalid("max_bytes", fmt.Sprintf("%d bytes cannot be kept: %d at quality %d", x.maxBytes, len(file.Data), e.Quality+6), "allow more bytes or ask for fewer pixels")
		}
	}
}

// short is the part of an identity that file names carry.
func short(id string) string { return id[:min(8, len(id))] }

// sign puts the manifest in; without a signer the file says why it has none.
func (f *Finisher) sign(ctx context.Context, file File, claim provenance.Claim) (File, error) {
	if f.o.Signer == nil {
		file.C2PA = "unsigned: " + f.o.Unsigned
	} else {
		claim.Generator = f.o.Generator
		data, err := f.o.Signer.Sign(ctx, file.MIME, file.Data, claim)
		if err != nil {
			return file, err
		}
		file.Data, file.C2PA = data, "signed"
	}
	file.SHA256, file.Bytes = art.Digest(file.Data), int64(len(file.Data))
	return file, nil
}
