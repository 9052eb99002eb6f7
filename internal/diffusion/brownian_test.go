package diffusion

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestBrownianTreeIsTorchsdes holds what torchsde 0.2.6 gives for
// BrownianTree(tensor(.03), zeros(20), tensor(14.6), entropy=42).
func TestBrownianTreeIsTorchsdes(t *testing.T) {
	tree := newBrownianTree(42, 20, float64(float32(0.03)), float64(float32(14.6)))
	for _, test := range []struct {
		from, to float32
		want     []float32
	}{
		{7.3, 14.6, []float32{2.4043922424316406, -1.1427081823349, -2.045713424682617, -1.6214672327041626}},
		{3.2, 7.3, []float32{0.46150341629981995, 0.9493728876113892, 1.0586429834365845, -0.9252747297286987}},
		{0.5, 3.2, []float32{1.6653010845184326, 0.12967003881931305, 0.049445658922195435, -1.1766217947006226}},
		{0.1, 0.11, []float32{-0.11530414968729019, 0.0061644455417990685, -0.15101929008960724, -0.052121806889772415}},
	} {
		got := make([]float32, 20)
		tree.increment(got, float64(test.from), float64(test.to))
		for i, want := range test.want {
			if got[i] != want {
				t.Errorf("%v to %v: number %d is %v, torchsde has %v", test.from, test.to, i, got[i], want)
			}
		}
	}
}

// TestBrownianTreeAddsUp: the way over two intervals is the way over both, in whatever order they are asked for.
func TestBrownianTreeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := newBrownianTree(uint64(rapid.Int64Range(0, math.MaxInt64).Draw(t, "seed")), 20, 0.03, 14.6)
		times := rapid.SliceOfN(rapid.Float64Range(0, 15), 3, 3).Draw(t, "times")
		a, c := min(times[0], times[1], times[2]), max(times[0], times[1], times[2])
		b := times[0] + times[1] + times[2] - a - c
		parts, whole := make([]float32, 20), make([]float32, 20)
		tree.increment(parts, b, c)
		tree.increment(whole, a, c)
		tree.increment(parts, a, b)
		for i := range whole {
			if math.Abs(float64(whole[i]-parts[i])) > 1e-4 {
				t.Fatalf("%v to %v moves by %v, by way of %v by %v", a, c, whole[i], b, parts[i])
			}
		}
	})
}
