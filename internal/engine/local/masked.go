package local

import (
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// region is a part of a picture.
type region struct{ left, top, right, bottom int }

// maskedRegion is what "only masked" renders: the mask's bounds, widened by the padding and then to the aspect of the
// recipe, inside the picture.
//
// Source: diffusers, VaeImageProcessor.get_crop_region, which follows A1111's masking.py.
func maskedRegion(mask *imaging.RGB, width, height, padding int) (region, bool) {
	r := region{mask.Width, mask.Height, 0, 0}
	for y := range mask.Height {
		for x := range mask.Width {
			if v, _, _ := mask.At(x, y); v != 0 {
				r = region{min(r.left, x), min(r.top, y), max(r.right, x+1), max(r.bottom, y+1)}
			}
		}
	}
	if r.right == 0 {
		return r, false
	}
	r = region{max(r.left-padding, 0), max(r.top-padding, 0), min(r.right+padding, mask.Width), min(r.bottom+padding, mask.Height)}
	wanted := float64(width) / float64(height)
	if have := float64(r.right-r.left) / float64(r.bottom-r.top); have > wanted {
		grow := int(float64(r.right-r.left)/wanted) - (r.bottom - r.top)
		r.top, r.bottom = widen(r.top, r.bottom, grow, mask.Height)
	} else {
		grow := int(float64(r.bottom-r.top)*wanted) - (r.right - r.left)
		r.left, r.right = widen(r.left, r.right, grow, mask.Width)
	}
	return r, true
}

// widen makes a span longer on both sides and moves it back inside.
func widen(low, high, by, limit int) (int, int) {
	low -= by / 2
	high += by - by/2
	if high > limit {
		low, high = low-(high-limit), limit
	}
	if low < 0 {
		low, high = 0, high-low
	}
	return low, min(high, limit)
}

// paste is how a rendered region goes back into its picture.
type paste struct {
	whole  *imaging.RGB
	mask   *imaging.RGB // feathered, of the whole
	region region
}

// onlyMasked cuts the pictures to the masked region, so that it is rendered at the recipe's full size.
func onlyMasked(r art.Recipe, in *Inputs) error {
	if r.MaskPadding == nil {
		return nil
	}
	mask := in.Mask
	if mask.Width != in.Init.Width || mask.Height != in.Init.Height {
		return art.Invalid("mask_image", fmt.Sprintf("is %d×%d, and the picture %d×%d", mask.Width, mask.Height, in.Init.Width, in.Init.Height), "draw the mask at the picture's size")
	}
	cut, ok := maskedRegion(mask, r.Width, r.Height, *r.MaskPadding)
	if !ok {
		return art.Invalid("mask_image", "is black: nothing is to be made anew", "paint what shall change white")
	}
	in.over = &paste{whole: in.Init, mask: feather(mask, r.MaskBlur), region: cut}
	width, height := cut.right-cut.left, cut.bottom-cut.top
	var err error
	if in.Init, err = imaging.Crop(in.Init, cut.left, cut.top, width, height); err != nil {
		return fmt.Errorf("local: cutting the masked region: %w", err)
	}
	if in.Mask, err = imaging.Crop(mask, cut.left, cut.top, width, height); err != nil {
		return fmt.Errorf("local: cutting the masked region: %w", err)
	}
	return nil
}

// feather softens a mask's edge: a Gaussian of the given standard deviation in pixels.
func feather(p *imaging.RGB, sigma float64) *imaging.RGB {
	if sigma == 0 {
		return p
	}
	grey := p.Plane(0).Gaussian(sigma)
	out := &imaging.RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
	for i, v := range grey.Pix {
		b := uint8(min(max(v, 0), 255) + 0.5)
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = b, b, b
	}
	return out
}

// back puts a rendered region [height, width, 3] into its picture.
func (o *paste) back(pixels []float32, width, height int) (Array, error) {
	part := &imaging.RGB{Width: width, Height: height, Pix: make([]uint8, len(pixels))}
	for i, v := range pixels {
		part.Pix[i] = uint8(v*255 + 0.5)
	}
	r := o.region
	part, err := imaging.Resize(part, r.right-r.left, r.bottom-r.top)
	if err != nil {
		return Array{}, fmt.Errorf("local: putting the region back: %w", err)
	}
	out := Array{Shape: []int{1, o.whole.Height, o.whole.Width, 3}, Data: make([]float32, len(o.whole.Pix))}
	for i, v := range o.whole.Pix {
		out.Data[i] = float32(v) / 255
	}
	for y := r.top; y < r.bottom; y++ {
		for x := r.left; x < r.right; x++ {
			i := 3 * (y*o.whole.Width + x)
			m := float32(o.mask.Pix[i]) / 255
			j := 3 * ((y-r.top)*part.Width + x - r.left)
			for k := range 3 {
				out.Data[i+k] = out.Data[i+k]*(1-m) + float32(part.Pix[j+k])/255*m
			}
		}
	}
	return out, nil
}

// all puts every picture of a batch back.
func (o *paste) all(image Array) (Array, error) {
	var whole Array
	size := image.Shape[1] * image.Shape[2] * 3
	for i := range image.Shape[0] {
		one, err := o.back(image.Data[i*size:(i+1)*size], image.Shape[2], image.Shape[1])
		if err != nil {
			return Array{}, err
		}
		if i == 0 {
			whole = one
			continue
		}
		whole = stack(whole, one)
	}
	return whole, nil
}
