package imaging

// Line draws a line of one pixel's width between two pixels, both included, in the steps of cv2.line with eight
// neighbours: from left to right, so that both directions give the same pixels. What lies outside the picture is left
// out. The work grows with the line's length.
//
// Source: Bresenham 1965, "Algorithm for computer control of a digital plotter".
func (g *Grey) Line(x0, y0, x1, y1 int, v uint8) {
	if x1 < x0 {
		x0, y0, x1, y1 = x1, y1, x0, y0
	}
	long, short, down := x1-x0, y1-y0, 1
	if short < 0 {
		short, down = -short, -1
	}
	steep := short > long
	if steep {
		long, short = short, long
	}
	x, y, rest := x0, y0, long-2*short
	for range long + 1 {
		if x >= 0 && x < g.Width && y >= 0 && y < g.Height {
			g.Pix[y*g.Width+x] = v
		}
		aside := rest < 0
		rest -= 2 * short
		if aside {
			rest += 2 * long
		}
		if steep || aside {
			y += down
		}
		if !steep || aside {
			x++
		}
	}
}
