package diffusion

// FitColours finds the linear map from the channels of a latent, and a constant, to a colour that comes nearest to the
// given ones: weights [channels+1][3]. Latents are [channels, len(colours)]; there must be more colours than channels. A
// touch of ridge keeps the equations solvable where a channel says nothing.
func FitColours(latents []float32, channels int, colours [][3]float64) [][3]float64 {
	const ridge = 1e-6
	n, area := channels+1, len(colours)
	out := make([][3]float64, n)
	for c := range 3 {
		rows := make([][]float64, n) // [XᵀX | Xᵀy]
		for i := range rows {
			rows[i] = make([]float64, n+1)
			rows[i][i] = ridge
		}
		x := make([]float64, n+1)
		x[channels] = 1
		for at, colour := range colours {
			for k := range channels {
				x[k] = float64(latents[k*area+at])
			}
			x[n] = colour[c]
			for i := range n {
				for k, v := range x {
					rows[i][k] += x[i] * v
				}
			}
		}
		for i, w := range solve(rows) {
			out[i][c] = w
		}
	}
	return out
}
