package diffusion

import "math"

// PhiloxNoise draws what torch.randn draws on a CUDA device, as AUTOMATIC1111's web UI does by default on any device.
//
// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox4x32-10); the use of counter and
// Box-Muller transform as in the web UI's modules/rng_philox.py.
type PhiloxNoise struct {
	seed   uint64
	offset uint32 // one more for each tensor
}

// NewPhiloxNoise seeds the generator.
func NewPhiloxNoise(seed int64) *PhiloxNoise { return &PhiloxNoise{seed: uint64(seed)} }

const philoxUnit = 1.0 / (1 << 32)

// Normal draws one tensor of len(dst) numbers.
func (p *PhiloxNoise) Normal(dst []float32) {
	turn := float64(float32(2.3283064e-10 * 6.2831855)) // 2^-32 of a full turn, in float32 as the web UI has it
	for i := range dst {
		r := philox4x32([4]uint32{p.offset, 0, uint32(i), 0}, uint32(p.seed), uint32(p.seed>>32))
		u := float64(r[0])*philoxUnit + philoxUnit/2
		v := float64(r[1])*turn + turn/2
		dst[i] = float32(math.Sqrt(-2*math.Log(u)) * math.Sin(v))
	}
	p.offset++
}

// philox4x32 is ten rounds of the block function.
func philox4x32(c [4]uint32, k0, k1 uint32) [4]uint32 {
	for range 10 {
		a := uint64(c[0]) * 0xD2511F53
		b := uint64(c[2]) * 0xCD9E8D57
		c = [4]uint32{uint32(b>>32) ^ c[1] ^ k0, uint32(b), uint32(a>>32) ^ c[3] ^ k1, uint32(a)}
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return c
}
