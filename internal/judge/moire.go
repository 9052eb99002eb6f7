package judge

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"

	"presswerk/internal/art"
)

// moire is the amplitude of the strongest regular pattern, which stands in a spectrum as a lone peak.
//
// Tiles of the picture are weighted with Hann's window and transformed. Edges make ridges in a spectrum, textures
// make clouds; a peak counts where it towers over everything in a ring around it. Source of the idea: Sidorov, Kokaram
// 2002, "Suppression of moiré patterns via spectral analysis", which finds moiré as such peaks.
type moire struct{}

const (
	moireTile   = 128 // side of the tiles, in pixels; half of it in small pictures
	moireLong   = 24  // longest period looked for, in pixels
	moireShort  = 2.5 // shortest
	moireTower  = 4   // times by which a peak's amplitude towers over the ring
	moireInner  = 4   // bins: Hann's window spreads a peak over less
	moireOuter  = 7
	moireLowest = 1 // levels: weaker ones nobody sees
)

// Name implements Scorer.
func (moire) Name() string { return "moire" }

// Scale implements Scorer.
func (moire) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: 64, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Amplitude of the strongest regular fine pattern; where none was asked for it is moiré or an echo of the network's grid.",
		"de": "Amplitude des stärksten regelmäßigen feinen Musters; wo keines gewünscht war, ist es Moiré oder ein Abdruck des Netzrasters.",
	}}
}

// Score implements Scorer.
func (moire) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	side := moireTile
	if min(w, h) < side {
		side /= 2
	}
	if min(w, h) < side {
		return 0, nil, fmt.Errorf("judge: %d×%d pixels are too few to tell a pattern: %w", w, h, art.ErrUnsupported)
	}
	t := newSpectrum(side)
	evidence := &art.Evidence{Heat: &art.Heat{Width: (w + side - 1) / side, Height: (h + side - 1) / side}}
	best := peak{}
	for row := range evidence.Heat.Height {
		for column := range evidence.Heat.Width {
			if err := ctx.Err(); err != nil {
				return 0, nil, err
			}
			x, y := min(column*side, w-side), min(row*side, h-side) // the last tiles lie over their neighbours
			p := t.strongest(v, w, x, y)
			evidence.Heat.Values = append(evidence.Heat.Values, uint8(255*min(1, p.amplitude/16)+0.5))
			if p.amplitude > best.amplitude {
				best = p
				evidence.Boxes = []art.Box{{X: x, Y: y, Width: side, Height: side, Label: "pattern", Value: round(p.amplitude, 2)}}
			}
		}
	}
	if best.amplitude == 0 {
		return 0, &art.Evidence{Text: "there is no regular pattern in the picture"}, nil
	}
	evidence.Details = map[string]any{"period_px": round(best.period, 2), "angle_degrees": round(best.angle, 0), "heat_full": 16}
	return best.amplitude, evidence, nil
}

// peak is a wave in a tile.
type peak struct{ amplitude, period, angle float64 }

// spectrum transforms tiles, one after the other.
type spectrum struct {
	side   int
	rows   *fourier.FFT
	down   *fourier.CmplxFFT
	window []float64
	row    []float64
	half   []complex128 // of the rows, column by column: the other half mirrors this one
	line   []complex128
	sizes  []float64
}

func newSpectrum(side int) *spectrum {
	t := &spectrum{
		side: side, rows: fourier.NewFFT(side), down: fourier.NewCmplxFFT(side), window: make([]float64, side), row: make([]float64, side),
		half: make([]complex128, side*(side/2+1)), line: make([]complex128, side/2+1), sizes: make([]float64, side*side),
	}
	for i := range t.window {
		t.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(side))
	}
	return t
}

// strongest gives the wave of the highest lone peak in a tile whose corner is at x, y; none has amplitude 0.
func (t *spectrum) strongest(v []float64, stride, x, y int) peak {
	t.transform(v, stride, x, y)
	n := t.side
	best := peak{}
	for fy := -n / 2; fy < n/2; fy++ {
		for fx := range n / 2 { // the other half mirrors this one
			frequency := math.Hypot(float64(fx), float64(fy)) / float64(n)
			if frequency < 1.0/moireLong || frequency > 1/moireShort {
				continue
			}
			amplitude := t.at(fx, fy)
			if amplitude < moireLowest || amplitude <= best.amplitude || !t.alone(fx, fy, amplitude) {
				continue
			}
			best = peak{amplitude, 1 / frequency, math.Atan2(float64(fy), float64(fx)) * 180 / math.Pi}
		}
	}
	return best
}

// transform fills sizes with the amplitudes of waves, in levels.
func (t *spectrum) transform(v []float64, stride, x, y int) {
	n, mean := t.side, 0.0
	for j := range n {
		for _, level := range v[(y+j)*stride+x : (y+j)*stride+x+n] {
			mean += level
		}
	}
	mean /= float64(n * n)
	for j := range n {
		for i, level := range v[(y+j)*stride+x : (y+j)*stride+x+n] {
			t.row[i] = (level - mean) * t.window[i] * t.window[j]
		}
		for i, c := range t.rows.Coefficients(t.line, t.row) {
			t.half[i*n+j] = c
		}
	}
	scale := 2 / (0.25 * float64(n*n)) // a wave has two peaks, and the window lets a quarter through
	for i := range n/2 + 1 {
		column := t.half[i*n : (i+1)*n]
		for j, c := range t.down.Coefficients(column, column) {
			size := scale * math.Sqrt(real(c)*real(c)+imag(c)*imag(c))
			t.sizes[j*n+i] = size
			t.sizes[(n-j)%n*n+(n-i)%n] = size
		}
	}
}

// at is the amplitude of a frequency, in whole waves a tile.
func (t *spectrum) at(fx, fy int) float64 {
	n := t.side
	return t.sizes[(fy+n)%n*n+(fx+n)%n]
}

// alone tells whether a peak is the highest nearby and towers over the ring around it.
func (t *spectrum) alone(fx, fy int, amplitude float64) bool {
	for dy := -moireOuter; dy <= moireOuter; dy++ {
		for dx := -moireOuter; dx <= moireOuter; dx++ {
			far := math.Hypot(float64(dx), float64(dy))
			other := t.at(fx+dx, fy+dy)
			switch {
			case far > moireOuter:
			case far >= moireInner:
				if other*moireTower > amplitude {
					return false
				}
			case other > amplitude:
				return false
			}
		}
	}
	return true
}
