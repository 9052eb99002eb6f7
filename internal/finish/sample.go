package finish

import (
	"cmp"
	"slices"

	"presswerk/internal/imaging"
)

// A sample is made of tiles; below sampleWhole pixels a side it is the whole picture.
const (
	tile        = 128
	tileRow     = 4 // tiles side by side, and rows of them
	sampleWhole = 640
)

// sample says which part of a picture stands for all of it when quality is sought: sixteen tiles at 1:1, evenly
// spread over the order by detail, from the calm ones, where faults are seen first, to the busy ones. A copy made smaller would hide
// just what encoders lose, and trials on a whole picture of 1920 pixels would take longer than all else.
type sample struct {
	corners [][2]int // of the tiles; empty means the whole picture
}

func sampleOf(p *imaging.RGB) sample {
	across, down := p.Width/tile, p.Height/tile
	if p.Width*p.Height <= sampleWhole*sampleWhole || across*down < tileRow*tileRow {
		return sample{}
	}
	type place struct {
		at     [2]int
		detail int
	}
	var places []place
	for y := range down {
		for x := range across {
			at := [2]int{x * tile, y * tile}
			places = append(places, place{at, detail(p, at)})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.detail, a.detail) })
	var s sample
	for i := range tileRow * tileRow {
		s.corners = append(s.corners, places[(2*i+1)*len(places)/(2*tileRow*tileRow)].at)
	}
	return s
}

// speckly tells whether many blocks have two to four shades of grey: these are what libaom counts to know a screen (more than a tenth of
// all blocks; av1_set_screen_content_options in av1/encoder/encoder.c). Neither photographs nor flat areas have them, but flat areas with
// a faint grain do.
func speckly(p *imaging.RGB) bool {
	const side = 16
	few := 0
	for y := 0; y+side <= p.Height; y += side {
		for x := 0; x+side <= p.Width; x += side {
			if n := shades(p, x, y, side); n > 1 && n <= 4 {
				few++
			}
		}
	}
	return few*side*side*10 > p.Width*p.Height
}

// shades counts the greys in a square, up to five.
func shades(p *imaging.RGB, x, y, side int) int {
	var seen [256]bool
	n := 0
	for row := y; row < y+side; row++ {
		line := p.Pix[3*(row*p.Width+x):][:3*side]
		for i := 0; i < len(line); i += 3 {
			grey := (299*int(line[i]) + 587*int(line[i+1]) + 114*int(line[i+2]) + 500) / 1000
			if !seen[grey] {
				seen[grey] = true
				if n++; n > 4 {
					return n
				}
			}
		}
	}
	return n
}

// detail adds up how much neighbours in a tile differ.
func detail(p *imaging.RGB, at [2]int) int {
	sum := 0
	for y := range tile {
		row := p.Pix[3*((at[1]+y)*p.Width+at[0]):][:3*tile]
		for x := 4; x < len(row); x += 3 {
			d := int(row[x]) - int(row[x-3])
			sum += max(d, -d)
		}
	}
	return sum
}

// of lays the sample's tiles out as a picture of its own.
func (s sample) of(p *imaging.RGB) *imaging.RGB {
	if len(s.corners) == 0 {
		return p
	}
	side := tileRow * tile
	out := &imaging.RGB{Width: side, Height: side, Pix: make([]byte, 3*side*side)}
	for i, at := range s.corners {
		for y := range tile {
			from := 3 * ((at[1]+y)*p.Width + at[0])
			to := 3 * ((i/tileRow*tile+y)*side + i%tileRow*tile)
			copy(out.Pix[to:to+3*tile], p.Pix[from:])
		}
	}
	return out
}
