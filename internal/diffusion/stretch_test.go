package diffusion

import (
	"math"
	"testing"
)

// TestStretchIsTorchs holds torch 2.8's F.interpolate of arange(6).reshape(1, 1, 2, 3) to 4×5.
func TestStretchIsTorchs(t *testing.T) {
	in := []float32{0, 1, 2, 3, 4, 5}
	for bilinear, want := range map[bool][]float32{
		true: {
			0, 0.4, 1, 1.6, 2,
			0.75, 1.15, 1.75, 2.35, 2.75,
			2.25, 2.65, 3.25, 3.85, 4.25,
			3, 3.4, 4, 4.6, 5,
		},
		false: {
			0, 0, 1, 1, 2,
			0, 0, 1, 1, 2,
			3, 3, 4, 4, 5,
			3, 3, 4, 4, 5,
		},
	} {
		got := Stretch(in, 1, 2, 3, 4, 5, bilinear)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 {
				t.Errorf("bilinear %t: %v, not %v", bilinear, got, want)
				break
			}
		}
	}
}
