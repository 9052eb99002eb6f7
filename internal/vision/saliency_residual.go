package vision

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/dsp/fourier"

	"presswerk/internal/imaging"
)

// residualSide is the side of the picture whose spectrum is taken: the paper's, and OpenCV's.
const residualSide = 64

// spectralResidual is what a picture's logarithmic amplitudes have beyond their mean of three by three, brought back with the
// old phases. The picture must be residualSide on both sides; the map has its size, and 1 as highest value.
//
// As in OpenCV's StaticSaliencySpectralResidual magnitudes are blurred (five by five, σ = 8) before they are squared; the paper
// squares first. Borders are mirrored without the outermost pixel, in the spectrum too, as there.
func spectralResidual(grey *imaging.Plane) *imaging.Plane {
	const n, nothing = residualSide, 0.01 // an amplitude below a hundredth of what one level of one pixel has
	spectrum := make([]complex128, n*n)
	for i, v := range grey.Pix {
		spectrum[i] = complex(float64(v), 0)
	}
	transform(spectrum, false)
	logs := make([]float64, n*n)
	for i, c := range spectrum {
		logs[i] = math.Log(max(cmplx.Abs(c), nothing))
	}
	mean := windowed(logs, []float64{1. / 3, 1. / 3, 1. / 3})
	for i, c := range spectrum {
		spectrum[i] = cmplx.Rect(math.Exp(logs[i]-mean[i]), cmplx.Phase(c))
	}
	transform(spectrum, true)
	magnitudes := make([]float64, n*n)
	for i, c := range spectrum {
		magnitudes[i] = cmplx.Abs(c)
	}
	const sigma = 8
	kernel, sum := make([]float64, 5), 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-float64((i-2)*(i-2)) / (2 * sigma * sigma))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	out := imaging.NewPlane(n, n)
	for i, v := range windowed(magnitudes, kernel) {
		out.Pix[i] = float32(v * v)
	}
	scaleToOne(out)
	return out
}

// transform is the discrete Fourier transform of a square in place, unscaled in both directions.
func transform(square []complex128, back bool) {
	const n = residualSide
	f := fourier.NewCmplxFFT(n)
	one := f.Coefficients
	if back {
		one = f.Sequence
	}
	column := make([]complex128, n)
	for y := range n {
		row := square[y*n : (y+1)*n]
		copy(row, one(nil, row))
	}
	for x := range n {
		for y := range n {
			column[y] = square[y*n+x]
		}
		for y, v := range one(nil, column) {
			square[y*n+x] = v
		}
	}
}

// windowed filters the rows and then the columns of a square with a short kernel of an odd number of weights.
func windowed(square, kernel []float64) []float64 {
	const n = residualSide
	reach := len(kernel) / 2
	at := func(i int) int {
		if i < 0 {
			return -i
		}
		if i >= n {
			return 2*(n-1) - i
		}
		return i
	}
	across, out := make([]float64, n*n), make([]float64, n*n)
	for i := range across {
		for k, weight := range kernel {
			across[i] += weight * square[i/n*n+at(i%n+k-reach)]
		}
	}
	for i := range out {
		for k, weight := range kernel {
			out[i] += weight * across[at(i/n+k-reach)*n+i%n]
		}
	}
	return out
}
