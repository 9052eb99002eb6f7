package sets

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Frechet is the Fréchet distance between normal distributions with the sets' means and covariances (Dowson, Landau 1982;
// Heusel et al. 2017 for FID): |µa − µb|² + tr(Σa + Σb − 2√(ΣaΣb)), with covariances over n − 1.
//
// With Σ = XᵀX/(n−1) of centred features X, tr√(ΣaΣb) is the sum of the singular values of XaXbᵀ/√((na−1)(nb−1)), which needs no
// root of a matrix that has none when there are fewer pictures than features.
func Frechet(a, b Set) float64 {
	xa, ma := centred(a)
	xb, mb := centred(b)
	d := floats.Distance(ma, mb, 2)
	sum := d*d + squares(xa) + squares(xb)
	var cross mat.Dense
	cross.Mul(small(xa), small(xb).T())
	var svd mat.SVD
	if !svd.Factorize(&cross, mat.SVDNone) {
		return math.NaN()
	}
	return max(0, sum-2*floats.Sum(svd.Values(nil)))
}

// centred gives X/√(n−1) around the mean.
func centred(s Set) (x *mat.Dense, mean []float64) {
	n, w := s.rows.Dims()
	mean = make([]float64, w)
	for i := range n {
		floats.AddScaled(mean, 1/float64(n), s.rows.RawRowView(i))
	}
	x = mat.DenseCopyOf(s.rows)
	for i := range n {
		row := x.RawRowView(i)
		floats.Sub(row, mean)
		floats.Scale(1/math.Sqrt(float64(n-1)), row)
	}
	return x, mean
}

func squares(x *mat.Dense) float64 {
	norm := mat.Norm(x, 2)
	return norm * norm
}

// small gives a matrix with the same XᵀX and no more rows than columns.
func small(x *mat.Dense) mat.Matrix {
	n, w := x.Dims()
	if n <= w {
		return x
	}
	var qr mat.QR
	qr.Factorize(x)
	var r mat.Dense
	qr.RTo(&r)
	return r.Slice(0, w, 0, w)
}

// The kernel of CMMD.
const (
	mmdSigma = 10
	mmdScale = 1000
)

// MMD is the squared maximum mean discrepancy with a Gaussian kernel of σ = 10, times 1000, over features at unit length, in the
// estimate that counts each picture with itself (Jayasumana et al. 2024, "Rethinking FID: towards a better evaluation metric
// for image generation", for CMMD).
func MMD(a, b Set) float64 {
	xa, xb := unit(a), unit(b)
	return mmdScale * (kernelMean(xa, xa) + kernelMean(xb, xb) - 2*kernelMean(xa, xb))
}

func kernelMean(a, b *mat.Dense) float64 {
	var dots mat.Dense
	dots.Mul(a, b.T())
	raw := dots.RawMatrix().Data
	sum := 0.0
	for _, dot := range raw { // vectors of length 1 are 2 − 2·dot apart, squared
		sum += math.Exp(-(2 - 2*dot) / (2 * mmdSigma * mmdSigma))
	}
	return sum / float64(len(raw))
}

func unit(s Set) *mat.Dense {
	x := mat.DenseCopyOf(s.rows)
	for i := range s.Len() {
		row := x.RawRowView(i)
		if norm := floats.Norm(row, 2); norm > 0 {
			floats.Scale(1/norm, row)
		}
	}
	return x
}

// Neighbourhood says how sets lie in each other.
type Neighbourhood struct{ Precision, Recall, Density, Coverage float64 }

// Neighbourhoods compares a set that was made with one that is wanted by the balls around pictures that reach to their k-th
// neighbour in their own set (Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative
// models"; Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", for density and coverage).
func Neighbourhoods(made, wanted Set, k int) Neighbourhood {
	ofWanted, ofMade := reach(wanted, k), reach(made, k)
	between := distances(wanted, made)
	n, m := between.Dims()
	inWanted, inMade, near := make([]int, m), make([]bool, n), 0
	for i := range n {
		nearest := math.Inf(1)
		for j, d := range between.RawRowView(i) {
			if d < ofWanted[i] {
				inWanted[j]++
			}
			if d < ofMade[j] {
				inMade[i] = true
			}
			nearest = min(nearest, d)
		}
		if nearest < ofWanted[i] {
			near++
		}
	}
	var out Neighbourhood
	for _, count := range inWanted {
		if count > 0 {
			out.Precision += 1 / float64(m)
		}
		out.Density += float64(count) / float64(k) / float64(m)
	}
	for _, is := range inMade {
		if is {
			out.Recall += 1 / float64(n)
		}
	}
	out.Coverage = float64(near) / float64(n)
	return out
}

// reach gives each picture's distance to its k-th neighbour, squared.
func reach(s Set, k int) []float64 {
	d := distances(s, s)
	out := make([]float64, s.Len())
	for i := range out {
		row := d.RawRowView(i)
		row[i] = 0
		slices.Sort(row)
		out[i] = row[min(k, len(row)-1)]
	}
	return out
}

// distances gives the squared distance of each pair.
func distances(a, b Set) *mat.Dense {
	var d mat.Dense
	d.Mul(a.rows, b.rows.T())
	lengths := func(s Set) []float64 {
		out := make([]float64, s.Len())
		for i := range out {
			out[i] = floats.Dot(s.rows.RawRowView(i), s.rows.RawRowView(i))
		}
		return out
	}
	la, lb := lengths(a), lengths(b)
	for i := range la {
		row := d.RawRowView(i)
		for j := range row {
			row[j] = max(0, la[i]+lb[j]-2*row[j])
		}
	}
	return &d
}

// Vendi is the exponential of the entropy of the eigenvalues of the matrix of cosines, divided by how many there are
// (Friedman, Dieng 2023, "The Vendi score: a diversity evaluation metric for machine learning"): 1 where all pictures are the
// same, their number where none has anything of another.
func Vendi(s Set) float64 {
	x := unit(s)
	n, w := x.Dims()
	var k mat.SymDense
	if n <= w {
		k.SymOuterK(1/float64(n), x)
	} else {
		k.SymOuterK(1/float64(n), x.T()) // the same eigenvalues but for zeros
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(&k, false) {
		return math.NaN()
	}
	entropy := 0.0
	for _, v := range eigen.Values(nil) {
		if v > 0 {
			entropy -= v * math.Log(v)
		}
	}
	return math.Exp(entropy)
}
