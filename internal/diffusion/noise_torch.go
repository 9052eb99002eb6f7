package diffusion

import "math"

// TorchNoise draws what torch.randn draws on the CPU from a generator seeded with manual_seed: bit for bit what an
// x86 build of torch with AVX2 gives, which is what people's recorded seeds mean.
//
// From 16 numbers on, torch fills the tensor with uniform numbers and then turns each block of 16 into 8 Box-Muller
// pairs in float32; when the length isn't a multiple of 16, the last 16 are drawn again. Shorter tensors go number
// by number in float64, and the second one of a pair waits for the next short tensor.
//
// Source: torch 2.8, aten/src/ATen/native/cpu/DistributionTemplates.h and core/DistributionsHelper.h.
type TorchNoise struct {
	mt      *mt19937
	waiting float64 // second half of a pair, kept by short draws
	has     bool
}

// NewTorchNoise seeds the generator. Like torch's engine, it uses the low 32 bits of seed.
func NewTorchNoise(seed int64) *TorchNoise {
	return &TorchNoise{mt: newMT19937(uint32(seed))}
}

// Normal draws one tensor of len(dst) numbers.
func (t *TorchNoise) Normal(dst []float32) {
	if len(dst) < 16 {
		for i := range dst {
			dst[i] = float32(t.one())
		}
		return
	}
	for i := range dst {
		dst[i] = t.uniform()
	}
	for i := 0; i+16 <= len(dst); i += 16 {
		boxMuller16(dst[i : i+16])
	}
	if len(dst)%16 != 0 {
		last := dst[len(dst)-16:]
		for i := range last {
			last[i] = t.uniform()
		}
		boxMuller16(last)
	}
}

// uniform is a float32 in [0,1) with 24 random bits.
func (t *TorchNoise) uniform() float32 {
	return float32(t.mt.uint32()&(1<<24-1)) * (1.0 / (1 << 24))
}

// uniform64 is a float64 in [0,1) with 53 random bits.
func (t *TorchNoise) uniform64() float64 {
	return float64(t.mt.uint64()&(1<<53-1)) * (1.0 / (1 << 53))
}

// one is the short path: Box-Muller in float64, two numbers at a time.
func (t *TorchNoise) one() float64 {
	if t.has {
		t.has = false
		return t.waiting
	}
	u1, u2 := t.uniform64(), t.uniform64()
	radius := math.Sqrt(-2 * math.Log1p(-u2))
	sin, cos := math.Sincos(2 * math.Pi * u1)
	t.waiting, t.has = radius*sin, true
	return radius * cos
}

// boxMuller16 turns 16 uniform numbers into normal ones: x[j] and x[j+8] are the uniform pair and then its results.
func boxMuller16(x []float32) {
	for j := range 8 {
		radius := sqrt32(-2 * cephesLog(1-x[j]))
		sin, cos := cephesSincos(float32(2*math.Pi) * x[j+8])
		// torch multiplies by the standard deviation and adds the mean; 1 and 0 change nothing but -0.
		x[j] = radius*cos + 0
		x[j+8] = radius*sin + 0
	}
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
