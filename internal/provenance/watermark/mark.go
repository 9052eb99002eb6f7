package watermark

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/dsp/fourier"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Geometry of the mark.
const (
	tile      = 128  // pixels a side, at the canonical scale
	canonical = 1024 // pixels of the longer side, at the canonical scale
	inner     = 6    // radius of the band in the tile's spectrum
	outer     = 30
	syncShare = 5   // one coefficient of so many marks the place
	syncLoud  = 1.6 // and is so much louder than those of the message
)

// Strength of a mark. Source: measured on photographs; 44 dB is hardly seen at 1:1, and a JPEG of quality 50 keeps it.
const (
	defaultPSNR = 44
	leastPSNR   = 38
	mostPSNR    = 50
)

// Algorithm is how manifests call it.
const Algorithm = "com.presswerk.tiledft.1"

// Name writes a number as manifests and answers have it: twelve hexadecimal digits.
func Name(id uint64) string { return fmt.Sprintf("%012x", id) }

// Mark embeds and finds numbers with one key. It is safe for concurrent use.
type Mark struct {
	phase [tile * tile]complex128 // of each coefficient of the upper half-plane
	sync  []int                   // places of the coefficients that mark the place
	data  [symbols][]int          // and of those that carry each symbol
	want  []complex128            // conjugate phases of sync, and 0 elsewhere
}

// New makes the mark of a key. Equal keys give equal marks.
func New(key []byte) *Mark {
	dice := rand.New(rand.NewChaCha8(sha256.Sum256(append([]byte("presswerk watermark 1\x00"), key...)))) //nolint:gosec // ChaCha8 is a cipher; the key decides
	m := &Mark{want: make([]complex128, tile*tile)}
	var band []int
	for y := range tile {
		for x := range tile {
			m.phase[y*tile+x] = cmplx.Rect(1, 2*math.Pi*dice.Float64())
			ky, kx := signed(y), signed(x)
			if r := math.Hypot(float64(ky), float64(kx)); (ky > 0 || ky == 0 && kx > 0) && r >= inner && r <= outer {
				band = append(band, y*tile+x)
			}
		}
	}
	dice.Shuffle(len(band), func(i, j int) { band[i], band[j] = band[j], band[i] })
	n := len(band) / syncShare
	m.sync = band[:n]
	for i, at := range band[n:] {
		m.data[i%symbols] = append(m.data[i%symbols], at)
	}
	for _, at := range m.sync {
		m.want[at] = cmplx.Conj(m.phase[at])
	}
	return m
}

// signed is a coefficient's frequency.
func signed(k int) int {
	if k >= tile/2 {
		return k - tile
	}
	return k
}

// opposite is the place of the coefficient that is conjugate, so that the tile is real.
func opposite(at int) int {
	return (tile-at/tile)%tile*tile + (tile-at%tile)%tile
}

// tileOf draws the tile of a number, with deviation 1.
func (m *Mark) tileOf(id uint64) []float64 {
	spectrum := make([]complex128, tile*tile)
	set := func(at int, v complex128) {
		spectrum[at], spectrum[opposite(at)] = v, cmplx.Conj(v)
	}
	for _, at := range m.sync {
		set(at, syncLoud*m.phase[at])
	}
	for i, s := range encode(id) {
		for _, at := range m.data[i] {
			set(at, complex(s, 0)*m.phase[at])
		}
	}
	transform(spectrum, true)
	out, power := make([]float64, tile*tile), 0.0
	for i, v := range spectrum {
		out[i] = real(v)
		power += out[i] * out[i]
	}
	for i := range out {
		out[i] /= math.Sqrt(power / (tile * tile))
	}
	return out
}

// transform is the discrete Fourier transform of a tile, or its inverse; neither is scaled.
func transform(v []complex128, inverse bool) {
	fft := fourier.NewCmplxFFT(tile)
	line := make([]complex128, tile)
	do := func(at func(i int) *complex128) {
		for i := range line {
			line[i] = *at(i)
		}
		if inverse {
			fft.Sequence(line, line)
		} else {
			fft.Coefficients(line, line)
		}
		for i := range line {
			*at(i) = line[i]
		}
	}
	for y := range tile {
		do(func(i int) *complex128 { return &v[y*tile+i] })
	}
	for x := range tile {
		do(func(i int) *complex128 { return &v[i*tile+x] })
	}
}

// Options say how loud a mark is.
type Options struct {
	PSNR float64 // of the marked picture in decibels, 38 to 50; 0 means 44
}

// Embed gives a copy of a picture that carries a number up to MaxID. Pictures below 256 pixels on their longer side have no room.
func (m *Mark) Embed(p *imaging.RGB, id uint64, o Options) (*imaging.RGB, error) {
	if o.PSNR == 0 {
		o.PSNR = defaultPSNR
	}
	switch {
	case id > MaxID:
		return nil, art.Invalid("watermark", fmt.Sprintf("%d has more than %d bits", id, idBits), "take a smaller number")
	case !(o.PSNR >= leastPSNR && o.PSNR <= mostPSNR):
		return nil, art.Invalid("watermark.psnr", fmt.Sprintf("%v dB is out of range", o.PSNR), fmt.Sprintf("choose %d to %d; %d is hardly seen and survives most", leastPSNR, mostPSNR, defaultPSNR))
	case max(p.Width, p.Height) < canonical/4:
		return nil, art.Unsupported("watermark", fmt.Sprintf("a picture of %d × %d pixels has no room for a mark", p.Width, p.Height), "mark it after it is enlarged")
	}
	wave, power := m.wave(p, id), 0.0
	for _, v := range wave {
		power += float64(v) * float64(v)
	}
	gain := 255 / math.Pow(10, o.PSNR/20) / math.Sqrt(power/float64(len(wave)))
	out, err := imaging.NewRGB(p.Width, p.Height)
	if err != nil {
		return nil, err
	}
	for i, v := range wave {
		add := float64(v) * gain
		for c := range 3 {
			out.Pix[3*i+c] = uint8(min(max(int(float64(p.Pix[3*i+c])+add+0.5), 0), 255))
		}
	}
	return out, nil
}

// wave is the tile laid over a picture, louder where the picture is busy.
func (m *Mark) wave(p *imaging.RGB, id uint64) []float32 {
	t, k := m.tileOf(id), float64(canonical)/float64(max(p.Width, p.Height))
	columns, rows := tapsOf(p.Width, k), tapsOf(p.Height, k)
	light := lightness(p)
	mask := activity(light, p.Width, p.Height, math.Max(1, 1/k))
	out := make([]float32, p.Width*p.Height)
	var row [tile]float64
	for y, v := range rows {
		for i := range row {
			row[i] = v.of(t[i:], tile)
		}
		for x, h := range columns {
			out[y*p.Width+x] = float32(h.of(row[:], 1)) * mask[y*p.Width+x]
		}
	}
	return out
}

// taps are the tile's rows or columns that a pixel is made of.
type taps struct {
	at     [4]int
	weight [4]float64
}

// of weighs numbers that lie step apart.
func (t *taps) of(v []float64, step int) float64 {
	return t.weight[0]*v[step*t.at[0]] + t.weight[1]*v[step*t.at[1]] + t.weight[2]*v[step*t.at[2]] + t.weight[3]*v[step*t.at[3]]
}

// tapsOf interpolates the tile, repeated, for each of n pixels that are k canonical pixels apart.
func tapsOf(n int, k float64) []taps {
	all := make([]taps, n)
	for i := range all {
		u := (float64(i)+0.5)*k - 0.5
		first := math.Floor(u)
		for j := range 4 {
			all[i].at[j] = ((int(first)+j-1)%tile + tile) % tile
			all[i].weight[j] = catmullRom(u - first - float64(j-1))
		}
	}
	return all
}

// catmullRom is the interpolating cubic kernel.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return 1 + x*x*(1.5*x-2.5)
	case x < 2:
		return 2 + x*(-4+x*(2.5-0.5*x))
	default:
		return 0
	}
}

// activity is how loud the mark may be at each pixel: 0.55 on flat areas, up to 2.15 where brightness varies much.
func activity(light []float32, width, height int, scale float64) []float32 {
	squares := make([]float32, len(light))
	for i, v := range light {
		squares[i] = v * v
	}
	var both sync.WaitGroup
	var meanSquare []float32
	both.Go(func() { meanSquare = blur(squares, width, height, 3*scale) })
	mean := blur(light, width, height, 3*scale)
	both.Wait()
	for i, v := range mean {
		spread := math.Sqrt(math.Max(0, float64(meanSquare[i]-v*v)))
		mean[i] = float32(0.55 + math.Min(spread/12, 1.6))
	}
	return mean
}

// lightness is Rec. 601 luma, 0 to 255.
func lightness(p *imaging.RGB) []float32 {
	out := make([]float32, p.Width*p.Height)
	for i := range out {
		out[i] = 0.299*float32(p.Pix[3*i]) + 0.587*float32(p.Pix[3*i+1]) + 0.114*float32(p.Pix[3*i+2])
	}
	return out
}
