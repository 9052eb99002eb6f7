package diffusion

// Stretch brings planes [channels, height, width] to another size: bilinearly, or each from the nearest.
//
// Source: torch.nn.functional.interpolate with align_corners false.
func Stretch(in []float32, channels, height, width, toHeight, toWidth int, bilinear bool) []float32 {
	out := make([]float32, channels*toHeight*toWidth)
	rows, columns := taps(height, toHeight, bilinear), taps(width, toWidth, bilinear)
	for c := range channels {
		plane := in[c*height*width : (c+1)*height*width]
		for y, v := range rows {
			for x, h := range columns {
				top := float64(plane[v.low*width+h.low])*(1-h.part) + float64(plane[v.low*width+h.high])*h.part
				bottom := float64(plane[v.high*width+h.low])*(1-h.part) + float64(plane[v.high*width+h.high])*h.part
				out[(c*toHeight+y)*toWidth+x] = float32(top*(1-v.part) + bottom*v.part)
			}
		}
	}
	return out
}

// tap says from which two places a new one is mixed.
type tap struct {
	low, high int
	part      float64 // of high
}

func taps(from, to int, bilinear bool) []tap {
	all := make([]tap, to)
	scale := float64(from) / float64(to)
	for i := range all {
		if !bilinear {
			n := min(int(float64(i)*scale), from-1)
			all[i] = tap{n, n, 0}
			continue
		}
		at := max(0, (float64(i)+0.5)*scale-0.5)
		low := min(int(at), from-1)
		all[i] = tap{low, min(low+1, from-1), at - float64(low)}
	}
	return all
}
