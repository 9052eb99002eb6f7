package judge

import (
	"testing"

	"presswerk/internal/vision"
)

// A part that belongs to a person more than half as tall again as all others is marked; shorter ones never are.
func TestLimbsInProportion(t *testing.T) {
	body := func(forearm float64) []vision.Limb {
		return []vision.Limb{
			{Name: "shoulders", Height: 600},
			{Name: "left trunk", Height: 640},
			{Name: "left forearm", Height: forearm, From: [2]float64{90, 10}, To: [2]float64{50, 200}},
		}
	}
	for forearm, want := range map[float64]float64{100: 1, 640: 1, 960: 1, 1120: 0.5, 1280: 0, 9000: 0} {
		v, box, ok := proportion(body(forearm))
		if !ok || v < want-1e-9 || v > want+1e-9 {
			t.Errorf("%v: got %v, want %v", forearm, v, want)
		}
		if want < 1 && (box.Label != "left forearm too long" || box.X != 50 || box.Y != 10 || box.Width != 40 || box.Height != 190) {
			t.Errorf("%v: marked %+v", forearm, box)
		}
	}
	for _, few := range [][]vision.Limb{nil, body(9000)[1:]} {
		if v, _, ok := proportion(few); ok || v != 1 {
			t.Errorf("%d parts say %v", len(few), v)
		}
	}
}
