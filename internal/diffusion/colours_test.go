package diffusion

import (
	"math"
	"testing"
)

// TestFitColours: a map that made the colours is found again; a channel that is always zero gets no weight.
func TestFitColours(t *testing.T) {
	const channels, area = 3, 50
	latents := make([]float32, channels*area)
	NewTorchNoise(5).Normal(latents)
	clear(latents[2*area:])
	want := [][3]float64{{0.2, -0.1, 0.3}, {-0.4, 0.5, 0.1}, {0, 0, 0}, {0.5, 0.4, 0.6}}
	colours := make([][3]float64, area)
	for at := range colours {
		for c := range 3 {
			colours[at][c] = want[channels][c]
			for k := range channels {
				colours[at][c] += want[k][c] * float64(latents[k*area+at])
			}
		}
	}
	for k, row := range FitColours(latents, channels, colours) {
		for c, v := range row {
			if math.Abs(v-want[k][c]) > 1e-6 {
				t.Errorf("weight %d of colour %d is %v instead of %v", k, c, v, want[k][c])
			}
		}
	}
}
