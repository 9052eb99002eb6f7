package diffusion

// Noise is a stream of standard-normal numbers. Filling two slices is not the same as filling one of both lengths:
// torch draws whole tensors, and so must a caller who wants torch's numbers. A Noise is not safe for concurrent use.
type Noise interface {
	// Normal fills dst with independent numbers of mean 0 and variance 1.
	Normal(dst []float32)
}

// NoiseFunc makes a function a Noise.
type NoiseFunc func(dst []float32)

// Normal calls the function.
func (f NoiseFunc) Normal(dst []float32) { f(dst) }
