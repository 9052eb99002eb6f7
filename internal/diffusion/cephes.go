package diffusion

import "math"

// The single-precision logarithm, sine and cosine of torch's AVX2 code, so that seeds give the same bits.
//
// Source: Stephen Moshier's Cephes library (logf, sinf, cosf), in the vector form of Julien Pommier's sse_mathfun
// and Giovanni Garberoglio's avx_mathfun, as ATen/native/cpu/avx_mathfun.h holds it. Constants are theirs. torch's
// compiler fuses each multiplication with the addition that follows, and so does fma here.

// fma is x*y+z, rounded once. The product of two float32 is exact in float64; the sum may be rounded twice there,
// which differs from a true fused operation in about one of 2^29 cases.
func fma(x, y, z float32) float32 { return float32(float64(x)*float64(y) + float64(z)) }

// cephesLog is the natural logarithm of x in (0,1].
func cephesLog(x float32) float32 {
	bits := math.Float32bits(x)
	e := float32(int32(bits>>23)-0x7f) + 1
	m := math.Float32frombits(bits&^uint32(0x7f800000) | math.Float32bits(0.5)) // 0.5 … 1
	if m < 0.707106781186547524 {
		e--
		m = (m - 1) + m
	} else {
		m--
	}
	z := m * m
	y := float32(7.0376836292e-2)
	for _, c := range [...]float32{
		-1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
	} {
		y = fma(y, m, c)
	}
	y *= m
	y = fma(y, z, e*-2.12194440e-4)
	y = fma(-z, 0.5, y)
	return fma(e, 0.693359375, m+y)
}

// cephesSincos is the sine and cosine of x in 0 … 2π.
func cephesSincos(x float32) (sin, cos float32) {
	j := int32(x * 1.27323954473516) // x / (π/4)
	j = (j + 1) &^ 1
	y := float32(j)
	negSin := j&4 != 0
	negCos := (j-2)&4 == 0
	swap := j&2 != 0

	x = fma(y, -0.78515625, x)
	x = fma(y, -2.4187564849853515625e-4, x)
	x = fma(y, -3.77489497744594108e-8, x)

	z := x * x
	c := float32(2.443315711809948e-5)
	c = fma(c, z, -1.388731625493765e-3)
	c = fma(c, z, 4.166664568298827e-2)
	c *= z
	c = fma(c, z, -(z * 0.5))
	c++

	s := float32(-1.9515295891e-4)
	s = fma(s, z, 8.3321608736e-3)
	s = fma(s, z, -1.6666654611e-1)
	s *= z
	s = fma(s, x, x)

	if swap {
		s, c = c, s
	}
	if negSin {
		s = -s
	}
	if negCos {
		c = -c
	}
	return s, c
}
