package vision

import (
	"math"

	"presswerk/internal/imaging"
)

// Box bounds the joints of a body that can be seen, with some room around because they lie inside it, in whole pixels of the
// picture. Ok is false where none is seen.
func (p Pose) Box(in *imaging.RGB) (x, y, width, height int, ok bool) {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, m := range p.marks {
		if m.Score < sure {
			continue
		}
		left, top = math.Min(left, m.X), math.Min(top, m.Y)
		right, bottom = math.Max(right, m.X), math.Max(bottom, m.Y)
	}
	if right < left {
		return 0, 0, 0, 0, false
	}
	room := 0.15 * math.Max(right-left, bottom-top)
	left, top, right, bottom = left-room, top-room, right+room, bottom+room
	x, y = max(0, int(math.Floor(left))), max(0, int(math.Floor(top)))
	width, height = min(in.Width, int(math.Ceil(right)))-x, min(in.Height, int(math.Ceil(bottom)))-y
	return x, y, width, height, width > 0 && height > 0
}
