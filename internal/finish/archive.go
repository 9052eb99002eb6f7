package finish

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
)

// archive writes a second master with 16 bits a channel, where the brand wants one.
func archive(ctx context.Context, w *work) (map[string]any, error) {
	want := w.Finishing.Archive
	if want == nil {
		return nil, nil
	}
	if imaging.Format(want.Format) == imaging.JXL {
		data, err := imaging.Encode(w.picture, imaging.Encoding{Format: imaging.JXL, Effort: imaging.Archive.Effort(imaging.JXL), Lossless: true, XMP: w.metadata().Packet()})
		if err != nil {
			return nil, err
		}
		return map[string]any{"name": w.archived(imaging.JXL), "bits": 8}, w.keep(ctx, data, imaging.JXL, w.picture.Width, w.picture.Height, "srgb")
	}
	if w.f.o.Colours == nil {
		return nil, fmt.Errorf("there is no library that turns colours: %w", art.ErrUnavailable)
	}
	lib, err := w.f.o.Colours()
	if err != nil {
		return nil, err
	}
	space, profile := "srgb", icc.SRGB()
	if want.Profile == "display-p3" {
		space, profile = want.Profile, icc.DisplayP3()
	}
	d, from, err := w.deep(ctx, lib, profile)
	if err != nil {
		return nil, err
	}
	format := imaging.PNG
	if want.Format == "tiff" {
		format = imaging.TIFF
	}
	data, err := imaging.EncodeDeep(d, imaging.DeepEncoding{Format: format, XMP: w.metadata().Packet()})
	if err != nil {
		return nil, err
	}
	if err := w.keep(ctx, data, format, d.Width, d.Height, space); err != nil {
		return nil, err
	}
	return map[string]any{"name": w.archived(format), "bits": 16, "from_bits": from, "profile": space}, nil
}

// archived is an archive's name.
func (w *work) archived(f imaging.Format) string {
	return fmt.Sprintf("%s-%s-archive.%s", w.Slug, short(w.AssetID), f.Extension())
}

// keep signs an archive and puts it beside the other files.
func (w *work) keep(ctx context.Context, data []byte, f imaging.Format, width, height int, space string) error {
	name := w.archived(f)
	claim, err := w.first(ctx, name)
	if err != nil {
		return err
	}
	file, err := w.f.sign(ctx, File{Data: data, Rendition: art.Rendition{
		Name: name, Role: art.RoleArchive, Format: string(f), MIME: f.MIME(), Width: width, Height: height, ColourSpace: space,
	}}, claim)
	w.out.Renditions = append(w.out.Renditions, file)
	return err
}

// deep is the master with 16 bits a channel under a profile, and how many bits it was made from: those of the picture as it came
// where no network changed it, else the 8 that networks give, resized without rounding.
func (w *work) deep(ctx context.Context, lib *icc.Library, profile []byte) (*imaging.Deep, int, error) {
	width, height := w.picture.Width, w.picture.Height
	if len(w.out.Sources) == 0 && w.Finishing.Smooth == 0 && !w.Finishing.EvenBackground {
		came, err := imaging.DecodeDeep(ctx, w.Picture, imaging.Limits{})
		if err != nil {
			return nil, 0, err
		}
		if len(came.Profile) > 0 || came.Channels == 3 { // CMYK without a profile means what libvips takes it for
			d, err := press.Convert(ctx, lib, came, profile, icc.Options{Intent: icc.Relative})
			if err != nil {
				return nil, 0, err
			}
			if d, err = imaging.ResizeDeep(d, width, height); err != nil {
				return nil, 0, err
			}
			return w.numbered(d), came.Bits, nil
		}
	}
	d, err := imaging.ResizeDeep(imaging.Deepen(w.unsized), width, height)
	if err != nil {
		return nil, 0, err
	}
	d, err = press.Convert(ctx, lib, w.numbered(d), profile, icc.Options{Intent: icc.Relative})
	return d, 8, err
}

// numbered adds to a picture what hiding the number has changed in the one of 8 bits.
func (w *work) numbered(d *imaging.Deep) *imaging.Deep {
	if w.blank == nil {
		return d
	}
	out := *d
	out.Pix = make([]uint16, len(d.Pix))
	for i, v := range d.Pix {
		out.Pix[i] = uint16(min(max(int(v)+257*(int(w.picture.Pix[i])-int(w.blank.Pix[i])), 0), 65535))
	}
	return &out
}
