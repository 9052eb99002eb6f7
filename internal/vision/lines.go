package vision

import (
	"slices"

	"presswerk/internal/imaging"
)

// ScribbleXDoG draws white where the picture is darker at a small scale than at a large one, by more than half the
// threshold; 32 is usual. It is the annotator "scribble_xdog" of sd-webui-controlnet at the picture's own size, without
// its overflow of eight bits, which loses strokes of some strong contrasts.
//
// Source: Winnemöller 2011, "XDoG: advanced image stylization with eXtended Difference-of-Gaussians".
func ScribbleXDoG(p *imaging.RGB, threshold float64) *imaging.Grey {
	fall := darker(p, 5, 0.5)
	out := &imaging.Grey{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(fall.Pix))}
	for i, v := range fall.Pix {
		brightness := uint8(min(max(255-v, 0), 255)) // the annotator cuts here, so that half levels fall as there
		if 2*(255-float64(brightness)) > threshold {
			out.Pix[i] = 255
		}
	}
	return out
}

// Scribble draws strokes of one width as a felt pen would: those of ScribbleXDoG, thinned to a line and widened again
// with the blur and the threshold that sd-webui-controlnet uses for its scribbles out of HED edges. HED itself is a
// network.
func Scribble(p *imaging.RGB, threshold float64) *imaging.Grey {
	line := ScribbleXDoG(p, threshold).Thin()
	ink := imaging.NewPlane(p.Width, p.Height)
	for i, v := range line.Pix {
		ink.Pix[i] = float32(v)
	}
	for i, v := range ink.Gaussian(3).Pix {
		line.Pix[i] = 0
		if v > 4 {
			line.Pix[i] = 255
		}
	}
	return line
}

// LineartDoG draws lines in shades: how much darker a pixel is than its surroundings, with the middle strength of all
// lines at half of white. It is the annotator "lineart_standard" of sd-webui-controlnet at the picture's own size. The
// field's other line drawings are of networks (informative drawings).
func LineartDoG(p *imaging.RGB) *imaging.Grey {
	const (
		sigma    = 6   // of the surroundings, in pixels
		visible  = 8   // levels from which a difference counts as a line
		faintest = 16  // levels: a picture with fainter lines isn't raised to full strength
		middle   = 127 // what the middle strength becomes
	)
	fall := darker(p, sigma, 0)
	var strong []float32
	for i, v := range fall.Pix {
		fall.Pix[i] = min(max(v, 0), 255)
		if fall.Pix[i] > visible {
			strong = append(strong, fall.Pix[i])
		}
	}
	unit := max(faintest, median(strong))
	out := &imaging.Grey{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(fall.Pix))}
	for i, v := range fall.Pix {
		out.Pix[i] = uint8(min(v/unit*middle, 255))
	}
	return out
}

// darker gives, in levels, how far a picture blurred with the smaller deviation lies below the same blurred with the
// larger one, in the channel where that is least. A deviation of 0 doesn't blur.
func darker(p *imaging.RGB, large, small float64) *imaging.Plane {
	var least *imaging.Plane
	for channel := range 3 {
		plane := p.Plane(channel)
		around := plane.Gaussian(large)
		if small > 0 {
			plane = plane.Gaussian(small)
		}
		for i := range around.Pix {
			around.Pix[i] -= plane.Pix[i]
			if least != nil {
				around.Pix[i] = min(around.Pix[i], least.Pix[i])
			}
		}
		least = around
	}
	return least
}

// median is the mean of the two middle numbers when their count is even, and 0 of none.
func median(all []float32) float32 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
