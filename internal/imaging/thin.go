package imaging

import "slices"

// Thin wears strokes, which are what isn't 0, down to lines of about one pixel. What hung together still does; specks of
// two by two pixels vanish.
//
// Source: Zhang, Suen 1984, "A fast parallel algorithm for thinning digital patterns".
func (g *Grey) Thin() *Grey {
	out := &Grey{Width: g.Width, Height: g.Height, Pix: slices.Clone(g.Pix)}
	var strokes, worn []int
	for i, v := range out.Pix {
		if v != 0 {
			strokes = append(strokes, i)
		}
	}
	for changed := true; changed; {
		changed = false
		for pass := range 2 {
			worn = worn[:0]
			strokes = slices.DeleteFunc(strokes, func(i int) bool { return out.Pix[i] == 0 })
			for _, i := range strokes {
				if removable(out.around(i), pass) {
					worn = append(worn, i)
				}
			}
			for _, i := range worn {
				out.Pix[i] = 0
			}
			changed = changed || len(worn) > 0
		}
	}
	return out
}

// around tells which of the eight neighbours are set, clockwise from the one above. Outside nothing is set.
func (g *Grey) around(i int) [8]bool {
	x, y := i%g.Width, i/g.Width
	var set [8]bool
	for k, d := range [8][2]int{{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}} {
		nx, ny := x+d[0], y+d[1]
		set[k] = nx >= 0 && nx < g.Width && ny >= 0 && ny < g.Height && g.Pix[ny*g.Width+nx] != 0
	}
	return set
}

// removable is the paper's condition: the pixel is no end, lies on one border, and on the side that this pass wears.
func removable(n [8]bool, pass int) bool {
	count, borders := 0, 0
	for k := range n {
		if n[k] {
			count++
		} else if n[(k+1)%8] {
			borders++
		}
	}
	if count < 2 || count > 6 || borders != 1 {
		return false
	}
	up, right, down, left := n[0], n[2], n[4], n[6]
	if pass == 0 {
		return !right || !down || !up && !left
	}
	return !up || !left || !right && !down
}
