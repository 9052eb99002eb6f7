package diffusion

import (
	"fmt"
	"math"
	"slices"
)

// Variation is a seed's noise turned a little towards another seed's, so that pictures change gradually: what
// AUTOMATIC1111's web UI calls variation seed and variation strength.
type Variation struct {
	Strength float64 // 0 is the first noise, 1 the second one
	// Channels, Height and Width are those of one picture's latents.
	Channels, Height, Width int
}

// Noise is base, the first tensor of it mixed with the first one of towards; later tensors are base's alone. Each
// picture of a batch has its own pair. A strength outside 0 … 1 or a shape below 1 is a ConfigError.
func (v Variation) Noise(base, towards Noise) (Noise, error) {
	if !(v.Strength >= 0 && v.Strength <= 1) {
		return nil, badConfig("variation_strength", "%v is not in 0 … 1", v.Strength)
	}
	if v.Channels < 1 || v.Height < 1 || v.Width < 1 {
		return nil, badConfig("variation_strength", "latents of %d×%d×%d have nothing to vary", v.Channels, v.Height, v.Width)
	}
	mixed := v.Strength == 0
	return NoiseFunc(func(dst []float32) {
		base.Normal(dst)
		if mixed || len(dst) != v.Channels*v.Height*v.Width {
			return
		}
		mixed = true
		other := draw(towards, len(dst))
		v.mix(dst, other)
	}), nil
}

// Mix turns low towards high along the shorter arc between them and returns the result. Both have the shape that v
// names; an error says when they don't.
//
// The arc is that between columns of Height numbers, not between whole tensors: the web UI hands over latents without
// a batch dimension, so that its sums run over rows, and recorded variation seeds mean that.
//
// Source: Shoemake 1985, "Animating rotation with quaternion curves" (slerp); the web UI's modules/rng.py.
func (v Variation) Mix(low, high []float32) ([]float32, error) {
	if n := v.Channels * v.Height * v.Width; len(low) != n || len(high) != n {
		return nil, fmt.Errorf("diffusion: noises of %d and %d numbers don't fill %d×%d×%d", len(low), len(high), v.Channels, v.Height, v.Width)
	}
	out := slices.Clone(low)
	v.mix(out, high)
	return out, nil
}

// mix is Mix in place.
func (v Variation) mix(low, high []float32) {
	angles := make([]float64, v.Channels*v.Width)
	var mean float64
	for k := range angles {
		c := v.cosine(k, low, high)
		mean += c / float64(len(angles))
		angles[k] = math.Acos(math.Max(-1, math.Min(1, c)))
	}
	if mean > 0.9995 { // all but the same noise: the web UI goes straight, with the shares the other way round
		axpby(v.Strength, low, 1-v.Strength, high)
		return
	}
	for k, angle := range angles {
		a, b := 1-v.Strength, v.Strength
		if s := math.Sin(angle); s > 0 {
			a, b = math.Sin(a*angle)/s, math.Sin(b*angle)/s
		}
		for y := range v.Height {
			i := v.index(k, y)
			low[i] = float32(float32(a)*low[i]) + float32(float32(b)*high[i])
		}
	}
}

// index is where row y of column k is; columns are counted through all channels.
func (v Variation) index(k, y int) int { return (k/v.Width*v.Height+y)*v.Width + k%v.Width }

// cosine is that of the angle between column k of both.
func (v Variation) cosine(k int, low, high []float32) float64 {
	var dot, lengthLow, lengthHigh float64
	for y := range v.Height {
		a, b := float64(low[v.index(k, y)]), float64(high[v.index(k, y)])
		dot += a * b
		lengthLow += a * a
		lengthHigh += b * b
	}
	if lengthLow == 0 || lengthHigh == 0 {
		return 1
	}
	return dot / math.Sqrt(lengthLow*lengthHigh)
}
