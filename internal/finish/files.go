package finish

import (
	"context"
	"fmt"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

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
	claim, err := w.first(ctx, name)
	if err != nil {
		return nil, err
	}
	if w.out.Master, err = w.f.sign(ctx, file, claim); err != nil {
		return nil, err
	}
	said := map[string]any{"name": name, "c2pa": w.out.Master.C2PA}
	if w.aigc() {
		said[art.MarkAIGC] = true
	}
	return said, nil
}

// written are the formats that channels may ask for.
func written() []imaging.Format {
	return []imaging.Format{imaging.AVIF, imaging.WebP, imaging.JPEG, imaging.PNG, imaging.TIFF, imaging.JXL}
}

// wish is one file that a channel asks for; equal wishes of several channels are one file.
type wish struct {
	cropped  *imaging.RGB
	clean    *imaging.RGB // the crop before a number was hidden in it; nil where none was
	marked   int          // longer side of the picture that the number was hidden in
	window   *art.Window  // nil where the crop is the whole picture
	aspect   string       // "" where the crop is the whole picture
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
		cropped, window, err := w.crop(c.Aspect)
		if err != nil {
			return nil, err
		}
		x := wish{cropped: cropped, window: window, aspect: c.Aspect, maxBytes: c.MaxBytes}
		if window == nil {
			x.aspect = ""
		}
		if w.clean != nil {
			if x.clean, _, err = w.clean.crop(c.Aspect); err != nil {
				return nil, err
			}
			if x.marked = w.long(); w.crops[x.aspect] != nil {
				x.marked = max(cropped.Width, cropped.Height)
			}
		}
		for _, name := range c.Formats {
			x.format = imaging.Format(name)
			if !slices.Contains(written(), x.format) {
				return nil, art.Invalid("channels."+c.Name+".formats", fmt.Sprintf("%q cannot be written", name), "use avif, webp, jpeg, png, tiff or jxl")
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

// short is the part of an identity that file names carry.
func short(id string) string { return id[:min(8, len(id))] }

// sign puts the manifest in; without a signer the file says why it has none.
func (f *Finisher) sign(ctx context.Context, file File, claim provenance.Claim) (File, error) {
	if f.o.Signer == nil {
		file.C2PA = "unsigned: " + f.o.Unsigned
	} else {
		claim.Generator, claim.When = f.o.Generator, f.o.Now()
		s, err := f.o.Signer.Sign(ctx, file.MIME, file.Data, claim)
		if err != nil {
			return file, err
		}
		file.Data, file.C2PA, file.TimeStamp = s.Data, "signed", s.TimeStamp()
	}
	file.SHA256, file.Bytes = art.Digest(file.Data), int64(len(file.Data))
	return file, nil
}
