package local

import (
	"context"

	"presswerk/internal/art"
)

// overlapFactor is the share of a VAE's tile that it has in common with the next one.
//
// Source: diffusers, AutoencoderKL.tile_overlap_factor.
const overlapFactor = 0.25

// vaeTiled tells whether a recipe's pictures go through the VAE in tiles: where it says so, as diffusers'
// enable_vae_tiling, and above the size up to which pictures always went through at once.
func vaeTiled(r art.Recipe) bool {
	return r.VAETiling || r.Width*r.Height > maxPixels
}

// vaeSample is the side of a VAE's tile in pixels: the size that it was trained with.
func (f *Folder) vaeSample() int { return orInt(f.vae.sampleSize(), 512) }

// tiling cuts planes into tiles that overlap, and puts what a network makes of them together.
type tiling struct {
	size, step int // of a tile, and from one to the next, in what the network reads
	blend      int // how far tiles fade into each other, in what it gives
	keep       int // how much of a tile stays, in what it gives
}

// decoding and encoding are diffusers' tiles, AutoencoderKL.tiled_decode and tiled_encode.
func decoding(sample, factor int) tiling {
	latent, blend := sample/factor, int(float64(sample)*overlapFactor)
	return tiling{size: latent, step: int(float64(latent) * (1 - overlapFactor)), blend: blend, keep: sample - blend}
}

func encoding(sample, factor int) tiling {
	latent := sample / factor
	blend := int(float64(latent) * overlapFactor)
	return tiling{size: sample, step: int(float64(sample) * (1 - overlapFactor)), blend: blend, keep: latent - blend}
}

// block is what a network made of a tile: planes of height × width.
type block struct {
	planes        []float32
	height, width int
}

// rows runs the network over all tiles of height × width and hands over what stays of each. It keeps one row of tiles.
func (t tiling) rows(ctx context.Context, height, width int, run func(top, left, height, width int) (block, error), put func(top, left int, p block)) error {
	var above []block
	for i := 0; i*t.step < height; i++ {
		var row []block
		for j := 0; j*t.step < width; j++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			p, err := run(i*t.step, j*t.step, min(t.size, height-i*t.step), min(t.size, width-j*t.step))
			if err != nil {
				return err
			}
			if i > 0 {
				p.blendDown(above[j], t.blend)
			}
			if j > 0 {
				p.blendRight(row[j-1], t.blend)
			}
			row = append(row, p)
			put(i*t.keep, j*t.keep, p.cut(t.keep))
		}
		above = row
	}
	return nil
}

// blendDown fades from the tile above.
func (p block) blendDown(above block, extent int) {
	extent = min(above.height, p.height, extent)
	for y := range extent {
		share := float32(y) / float32(extent)
		for c := range p.channels() {
			from := (c*above.height + above.height - extent + y) * above.width
			to := (c*p.height + y) * p.width
			for x := range min(p.width, above.width) {
				p.planes[to+x] = above.planes[from+x]*(1-share) + p.planes[to+x]*share
			}
		}
	}
}

// blendRight fades from the tile to the left.
func (p block) blendRight(left block, extent int) {
	extent = min(left.width, p.width, extent)
	for x := range extent {
		share := float32(x) / float32(extent)
		for line := range p.channels() * p.height {
			to := &p.planes[line*p.width+x]
			*to = left.planes[line*left.width+left.width-extent+x]*(1-share) + *to*share
		}
	}
}

func (p block) channels() int { return len(p.planes) / (p.height * p.width) }

// cut keeps at most side rows and columns.
func (p block) cut(side int) block {
	out := block{height: min(side, p.height), width: min(side, p.width)}
	if out.height == p.height && out.width == p.width {
		return p
	}
	out.planes = region{0, 0, out.width, out.height}.of(p.planes, p.channels(), p.height, p.width)
	return out
}

// of cuts a region out of planes of height × width.
func (r region) of(planes []float32, channels, height, width int) []float32 {
	out := make([]float32, 0, channels*(r.bottom-r.top)*(r.right-r.left))
	for c := range channels {
		for y := r.top; y < r.bottom; y++ {
			line := (c*height + y) * width
			out = append(out, planes[line+r.left:line+r.right]...)
		}
	}
	return out
}

// decodeTiles is decode in tiles.
func (p *pipeline) decodeTiles(ctx context.Context, scaled []float32, height, width int) ([]float32, error) {
	factor, channels := p.folder.factor(), p.folder.vae.LatentChannels
	fullHeight, fullWidth := height*factor, width*factor
	out := make([]float32, 3*fullHeight*fullWidth)
	err := decoding(p.folder.vaeSample(), factor).rows(ctx, height, width, func(top, left, h, w int) (block, error) {
		planes, err := p.decodeAtOnce(ctx, region{left, top, left + w, top + h}.of(scaled, channels, height, width), h, w)
		return block{planes, h * factor, w * factor}, err
	}, func(top, left int, t block) {
		pixels := interleave(t.planes)
		for y := range t.height {
			copy(out[3*((top+y)*fullWidth+left):], pixels[3*y*t.width:3*(y+1)*t.width])
		}
	})
	return out, err
}

// encodeTiles gives the moments of a picture in tiles.
func (b *batch) encodeTiles(ctx context.Context, p encodable) ([]float32, error) {
	factor := b.pipe.folder.factor()
	height, width := p.Height/factor, p.Width/factor
	var out []float32
	err := encoding(b.pipe.folder.vaeSample(), factor).rows(ctx, p.Height, p.Width, func(top, left, h, w int) (block, error) {
		moments, err := b.encodeAtOnce(ctx, p.planes(region{left, top, left + w, top + h}), h, w)
		return block{moments, h / factor, w / factor}, err
	}, func(top, left int, t block) {
		if out == nil {
			out = make([]float32, t.channels()*height*width)
		}
		for line := range t.channels() * t.height {
			c, y := line/t.height, line%t.height
			copy(out[(c*height+top+y)*width+left:], t.planes[line*t.width:(line+1)*t.width])
		}
	})
	return out, err
}
