package finish

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// lit is a map of zeros with a bright square, of the size that saliency has.
func lit(x, y, side int) *imaging.Plane {
	p := imaging.NewPlane(64, 64)
	for j := y; j < min(64, y+side); j++ {
		for i := x; i < min(64, x+side); i++ {
			p.Pix[j*64+i] = 1
		}
	}
	return p
}

func drawView(t *rapid.T) *view {
	v := &view{width: rapid.IntRange(1, 400).Draw(t, "width"), height: rapid.IntRange(1, 400).Draw(t, "height")}
	v.eye = imaging.NewPlane(rapid.IntRange(1, 12).Draw(t, "columns"), rapid.IntRange(1, 12).Draw(t, "rows"))
	for i := range v.eye.Pix {
		v.eye.Pix[i] = float32(rapid.IntRange(0, 9).Draw(t, "value"))
	}
	part := func(name string) *art.Region {
		if !rapid.Bool().Draw(t, name) {
			return nil
		}
		x, y := rapid.Float64Range(0, 0.9).Draw(t, "x"), rapid.Float64Range(0, 0.9).Draw(t, "y")
		return &art.Region{X: x, Y: y, Width: 1 - x, Height: (1 - y) / 2}
	}
	v.safe, v.copySpace = part("safe zone"), part("copy space")
	for range rapid.IntRange(0, 3).Draw(t, "faces") {
		x, y := rapid.IntRange(0, v.width-1).Draw(t, "left"), rapid.IntRange(0, v.height-1).Draw(t, "top")
		v.faces = append(v.faces, art.Box{X: x, Y: y, Width: rapid.IntRange(1, v.width-x).Draw(t, "wide"), Height: rapid.IntRange(1, v.height-y).Draw(t, "high")})
	}
	return v
}

// A window lies in the picture, is the largest of its aspect, holds the largest face that fits, and is the same each time.
func TestWindowsHoldWhatTheyMust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, aspect := drawView(t), rapid.Float64Range(0.05, 20).Draw(t, "aspect")
		w := v.choose(aspect)
		if w.X < 0 || w.Y < 0 || w.Width < 1 || w.Height < 1 || w.X+w.Width > v.width || w.Y+w.Height > v.height {
			t.Fatalf("%+v isn't inside %d×%d", w, v.width, v.height)
		}
		if w.Width != v.width && w.Height != v.height {
			t.Fatalf("%d×%d isn't the largest of %d×%d", w.Width, w.Height, v.width, v.height)
		}
		// The side that was cut is the aspect's, to half a pixel.
		if want := aspect * float64(v.height); w.Width != v.width && math.Abs(float64(w.Width)-max(1, want)) > 0.5 {
			t.Fatalf("%d×%d isn't %v", w.Width, w.Height, aspect)
		}
		if want := float64(v.width) / aspect; w.Height != v.height && math.Abs(float64(w.Height)-max(1, want)) > 0.5 {
			t.Fatalf("%d×%d isn't %v", w.Width, w.Height, aspect)
		}
		var largest art.Box
		for _, f := range v.faces {
			if f.Width*f.Height > largest.Width*largest.Height {
				largest = f
			}
		}
		if fits := largest.Width <= w.Width && largest.Height <= w.Height; fits &&
			(largest.Width > 0 && (largest.X < w.X || largest.Y < w.Y || largest.X+largest.Width > w.X+w.Width || largest.Y+largest.Height > w.Y+w.Height)) {
			t.Fatalf("%+v cuts the face %+v", w, largest)
		}
		if !(w.Kept >= 0 && w.Kept <= 1) || w.Faces > len(v.faces) || w.Why.In(art.German) == "" || w.Why.In(art.English) == "" {
			t.Fatalf("it says %+v", w)
		}
		if again := v.choose(aspect); again.X != w.X || again.Y != w.Y {
			t.Fatalf("%+v, then %+v", w, again)
		}
	})
}

// No other window of the aspect lets more be seen, by more than counts as alike, where no face binds it.
func TestNoOtherWindowShowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, aspect := drawView(t), rapid.Float64Range(0.2, 5).Draw(t, "aspect")
		v.faces = nil
		w := v.choose(aspect)
		mine := v.salient(w)
		for i := 0; i+w.Width <= v.width; i++ {
			for j := 0; j+w.Height <= v.height; j++ {
				if other := v.salient(art.Window{X: i, Y: j, Width: w.Width, Height: w.Height}); other > mine+alike+1e-6 {
					t.Fatalf("%+v sees %v, at %d,%d it would be %v", w, mine, i, j, other)
				}
			}
		}
	})
}

func TestWindowsFollowTheEye(t *testing.T) {
	for name, c := range map[string]struct {
		view  view
		x     int // of a square window in 400×200
		faces int
	}{
		"flat":                             {view{eye: imaging.NewPlane(64, 64)}, 100, 0},
		"something at the left":            {view{eye: lit(2, 30, 8)}, 6, 0},
		"something in the middle":          {view{eye: lit(30, 30, 4)}, 100, 0},
		"something at the right":           {view{eye: lit(54, 30, 8)}, 193, 0},
		"a face alone":                     {view{eye: imaging.NewPlane(64, 64), faces: []art.Box{{X: 300, Y: 50, Width: 60, Height: 60}}}, 179, 1},
		"a face, and something far off":    {view{eye: lit(0, 30, 8), faces: []art.Box{{X: 320, Y: 50, Width: 60, Height: 60}}}, 194, 1},
		"the right half is for words":      {view{eye: lit(30, 30, 4), copySpace: &art.Region{X: 0.5, Width: 0.5, Height: 1}}, 150, 0},
		"the left third is covered":        {view{eye: lit(30, 30, 4), safe: &art.Region{X: 0.4, Width: 0.6, Height: 1}}, 60, 0},
		"two faces, one of which fits":     {view{eye: imaging.NewPlane(64, 64), faces: []art.Box{{X: 10, Y: 50, Width: 40, Height: 40}, {X: 300, Y: 50, Width: 80, Height: 80}}}, 189, 1},
		"two faces that fit both":          {view{eye: imaging.NewPlane(64, 64), faces: []art.Box{{X: 210, Y: 50, Width: 40, Height: 40}, {X: 300, Y: 50, Width: 80, Height: 80}}}, 195, 2},
		"a face that is larger than it is": {view{eye: imaging.NewPlane(64, 64), faces: []art.Box{{X: 100, Y: 0, Width: 260, Height: 200}}}, 130, 0},
	} {
		v := c.view
		v.width, v.height = 400, 200
		w := v.choose(1)
		if w.Width != 200 || w.Height != 200 || w.Y != 0 || math.Abs(float64(w.X-c.x)) > 14 || w.Faces != c.faces {
			t.Errorf("%s: %+v, want it at %d with %d faces", name, w, c.x, c.faces)
		}
	}
}

func TestChannelsOfOneAspectShareWhatIsSafe(t *testing.T) {
	channels := []art.Channel{
		{Aspect: "9:16", SafeZone: &art.Region{X: 0, Y: 0.1, Width: 1, Height: 0.7}},
		{Aspect: "9:16", SafeZone: &art.Region{X: 0.1, Y: 0, Width: 0.8, Height: 0.7}},
		{Aspect: "1:1", SafeZone: &art.Region{Width: 0.5, Height: 0.5}},
	}
	got := safeZone(channels, "9:16")
	if got == nil || math.Abs(got.X-0.1)+math.Abs(got.Y-0.1)+math.Abs(got.Width-0.8)+math.Abs(got.Height-0.6) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if z := safeZone(channels, "4:5"); z == nil || z.Width != 1 || z.Height != 1 {
		t.Errorf("%+v where no channel names one", z)
	}
}
