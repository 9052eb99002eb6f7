package gaze_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge/gaze"
)

// numbers are those of trainer/reference/make_gaze.py.
type numbers struct{ state uint64 }

func (g *numbers) next(n int) int {
	g.state = g.state*6364136223846793005 + 1442695040888963407
	return int(g.state >> 40 % uint64(n))
}

// TestMeasuresAreThoseOfPysaliency compares with numbers of trainer/reference/make_gaze.py.
func TestMeasuresAreThoseOfPysaliency(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Seed                          uint64
		Width, Height, Levels, Points int
		Sigma                         float64
		NSS                           float64 `json:"nss"`
		AUC                           float64 `json:"auc_judd"`
		CC, SIM, KL                   float64
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		g, p := numbers{c.Seed}, imaging.NewPlane(c.Width, c.Height)
		for i := range p.Pix {
			v := g.next(c.Levels)
			if x, y := i%c.Width, i/c.Width; x >= 5 && x < 12 && y >= 4 && y < 9 {
				v += 30
			}
			p.Pix[i] = float32(v)
		}
		var points []gaze.Point
		for k := range c.Points {
			var x, y int
			if k%2 == 0 {
				x = 5 + g.next(7)
				y = 4 + g.next(5)
			} else {
				x = g.next(c.Width)
				y = g.next(c.Height)
			}
			points = append(points, gaze.Point{X: (float64(x) + 0.5) / float64(c.Width), Y: (float64(y) + 0.5) / float64(c.Height), Count: 1})
		}
		density := gaze.Density(points, c.Width, c.Height, c.Sigma)
		for name, pair := range map[string][2]float64{
			"nss": {gaze.NSS(p, points), c.NSS}, "auc_judd": {gaze.AUCJudd(p, points), c.AUC}, "cc": {gaze.CC(p, density), c.CC},
			"sim": {gaze.SIM(p, density), c.SIM}, "kl": {gaze.KL(p, density), c.KL},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-5*max(1, math.Abs(pair[1])) {
				t.Errorf("case %d: %s is %v, pysaliency's is %v", c.Seed, name, pair[0], pair[1])
			}
		}
	}
}

func at(x, y float64) gaze.Point { return gaze.Point{X: x, Y: y, Count: 1} }

// Answers that can be told by hand.
func TestMeasuresOfWhatIsKnown(t *testing.T) {
	p := imaging.NewPlane(10, 10)
	p.Pix[55] = 1
	hit, miss := []gaze.Point{at(0.55, 0.55)}, []gaze.Point{at(0.05, 0.05)}
	// One place of a hundred is 1: the mean is 0.01, the deviation √(0.01·0.99).
	if got, want := gaze.NSS(p, hit), 0.99/math.Sqrt(0.0099); math.Abs(got-want) > 1e-6 {
		t.Errorf("NSS %v, want %v", got, want)
	}
	if got := gaze.AUCJudd(p, hit); got != 1 {
		t.Errorf("a hit alone: AUC %v", got)
	}
	if got := gaze.AUCJudd(p, miss); got != 0.5 { // the points' values are the only thresholds: at theirs, everything counts as found
		t.Errorf("a miss alone: AUC %v", got)
	}
	if d := gaze.Density(hit, 10, 10, 0); gaze.CC(p, d) < 1-1e-9 || math.Abs(gaze.SIM(p, d)-1) > 1e-9 || math.Abs(gaze.KL(p, d)) > 1e-9 {
		t.Errorf("the same: CC %v, SIM %v, KL %v", gaze.CC(p, d), gaze.SIM(p, d), gaze.KL(p, d))
	}
	if d := gaze.Density(miss, 10, 10, 0); gaze.SIM(p, d) != 0 || gaze.KL(p, d) < 30 {
		t.Errorf("nothing in common: SIM %v, KL %v", gaze.SIM(p, d), gaze.KL(p, d))
	}
	if flat := imaging.NewPlane(4, 4); !math.IsNaN(gaze.NSS(flat, hit)) || !math.IsNaN(gaze.CC(flat, flat)) || gaze.AUCJudd(flat, hit) != 0.5 {
		t.Error("a flat map says something")
	}
}

func TestFilesAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want gaze.Record
	}{
		"pixels":        {"x_px,y_px,duration_ms,participant\n100,50,200,anna\n199,99,300,ben\n200,10,250,ben\n-3,10,250,ben\n", gaze.Record{Kind: gaze.Fixations, Participants: 2, Seconds: 0.5, Outside: 2, Points: []gaze.Point{{0.5, 0.5, 1, "anna"}, {0.995, 0.99, 1, "ben"}}}},
		"another size":  {"# size: 400x200\n# pixels_per_degree: 40\nx_px,y_px\n100,50\n", gaze.Record{Kind: gaze.Fixations, Degree: 0.1, Points: []gaze.Point{{0.25, 0.25, 1, ""}}}},
		"shares":        {"\ufeffy_norm, X_NORM ,duration_s,pupil\r\n0.25,0.5,1.5,3\r\n", gaze.Record{Kind: gaze.Fixations, Seconds: 1.5, Ignored: []string{"pupil"}, Points: []gaze.Point{{0.5, 0.25, 1, ""}}}},
		"German Excel":  {"x_norm;y_norm;duration_ms\n0,5;0,25;100\n", gaze.Record{Kind: gaze.Fixations, Seconds: 0.1, Points: []gaze.Point{{0.5, 0.25, 1, ""}}}},
		"clicks":        {"x_norm,y_norm,clicks\n0.5,0.25,12\n0.1,0.1,0\n", gaze.Record{Kind: gaze.Clicks, Points: []gaze.Point{{0.5, 0.25, 12, ""}}}},
		"scrolling":     {"y_px,visitors\n100,20\n0,100\n50,60\n300,1\n", gaze.Record{Kind: gaze.Scroll, Outside: 1, Depths: []gaze.Depth{{0, 100}, {0.5, 60}, {1, 20}}}},
		"other remarks": {"# recorded in May\n# device: x9\nx_norm,y_norm\n0,0\n", gaze.Record{Kind: gaze.Fixations, Ignored: []string{"# device"}, Points: []gaze.Point{{0, 0, 1, ""}}}},
	} {
		got, err := gaze.Read(strings.NewReader(c.file), 200, 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(c.want)
		if string(a) != string(b) {
			t.Errorf("%s:\n%s, want\n%s", name, a, b)
		}
	}
}

func TestWrongFilesAreToldApart(t *testing.T) {
	for name, c := range map[string][2]string{
		"nothing":           {"", "header"},
		"no unit":           {"x,y\n1,2\n", "x_px"},
		"two units":         {"x_px,x_norm,y_px\n1,1,1\n", "two units"},
		"one column twice":  {"x_px,x_px,y_px\n1,1,1\n", "twice"},
		"no number":         {"x_px,y_px\n1,2\n1,two\n", "line 3"},
		"behind a preface":  {"# size: 20x20\nx_px,y_px\n1,\n", "line 3"},
		"not finite":        {"x_px,y_px\nInf,2\n", "line 2"},
		"negative duration": {"x_px,y_px,duration_ms\n1,2,-5\n", "duration_ms"},
		"half a click":      {"x_px,y_px,clicks\n1,2,0.5\n", "clicks"},
		"no size":           {"# size: big\nx_px,y_px\n1,2\n", "size"},
		"no degree":         {"# pixels_per_degree: 0\nx_px,y_px\n1,2\n", "pixels_per_degree"},
		"a short line":      {"x_px,y_px\n1\n", "wrong number of fields"},
		"all outside":       {"x_px,y_px\n1000,1000\n", "beside it"},
		"one depth":         {"y_norm,visitors\n0.5,10\n", "two depths"},
		"visitors at x":     {"x_norm,y_norm,visitors\n0.5,0.5,10\n", "visitors"},
	} {
		if _, err := gaze.Read(strings.NewReader(c[0]), 200, 100); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// spot is a map that is bright in one place.
func spot(x, y int) *imaging.Plane {
	p := imaging.NewPlane(64, 48)
	p.Pix[y*64+x] = 1
	return p.Gaussian(3)
}

func named(all []gaze.Measure, name string) gaze.Measure {
	for _, m := range all {
		if m.Name == name {
			return m
		}
	}
	return gaze.Measure{}
}

// A prediction of where everybody looked beats the middle; one of where nobody did is beaten by it.
func TestGoodPredictionsBeatTheMiddle(t *testing.T) {
	r := gaze.Record{Kind: gaze.Fixations, Points: []gaze.Point{{0.2, 0.3, 1, "a"}, {0.22, 0.28, 1, "b"}, {0.19, 0.31, 1, "c"}, {0.21, 0.3, 1, "a"}}}
	for x, better := range map[int]bool{13: true, 58: false} {
		all, err := gaze.Compare(t.Context(), spot(x, 14), r)
		if err != nil || len(all) != 5 {
			t.Fatalf("%v, %v", all, err)
		}
		for _, m := range all {
			if won := (m.Value > m.Centre) == (m.Direction == art.HigherIsBetter); won != better {
				t.Errorf("spot at %d: %s is %v, the middle's %v", x, m.Name, m.Value, m.Centre)
			}
		}
		if p := named(all, "nss").People; p == nil || *p < 2 {
			t.Errorf("participants agree, and get %v", p)
		}
	}
	r.Points = r.Points[:1]
	if all, err := gaze.Compare(t.Context(), spot(13, 14), r); err != nil || named(all, "nss").People != nil {
		t.Errorf("one participant alone has others: %v, %v", all, err)
	}
	if _, err := gaze.Compare(t.Context(), imaging.NewPlane(8, 8), r); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("a flat prediction: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Points = append(r.Points, gaze.Point{Participant: "z", Count: 1})
	if _, err := gaze.Compare(ctx, spot(1, 1), r); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
}

func TestScrollingIsComparedByRows(t *testing.T) {
	r := gaze.Record{Kind: gaze.Scroll, Depths: []gaze.Depth{{0, 100}, {0.5, 40}, {1, 0}}}
	top, err := gaze.Compare(t.Context(), spot(50, 3), r)
	if err != nil {
		t.Fatal(err)
	}
	bottom, err := gaze.Compare(t.Context(), spot(50, 44), r)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := named(top, "cc").Value, named(bottom, "cc").Value; !(a > 0.3) || !(b < -0.3) || named(top, "nss").Name != "" {
		t.Errorf("what is above has %v, what is below %v", a, b)
	}
	r.Depths = []gaze.Depth{{0, 5}, {1, 5}}
	if all, err := gaze.Compare(t.Context(), spot(50, 3), r); err != nil || named(all, "cc").Name != "" {
		t.Errorf("a correlation with what is the same everywhere: %v, %v", all, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"x_px,y_px,duration_ms,participant\n100,50,200,anna\n", "# size: 400x200\n# pixels_per_degree: 40\nx_px,y_px\n1,2\n",
		"x_norm;y_norm;clicks\n0,5;0,25;3\n", "y_norm,visitors\n0,10\n1,3\n", "\ufeff#\n\"x_px\",y_px\n\"1\n\",2\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r, err := gaze.Read(strings.NewReader(file), 64, 48)
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) {
				t.Fatalf("%q: %v", file, err)
			}
			return
		}
		all, err := gaze.Compare(t.Context(), spot(20, 20), r)
		if err != nil {
			t.Fatalf("%q was read and can't be compared: %v", file, err)
		}
		if _, err := json.Marshal(all); err != nil {
			t.Fatalf("%q: %v", file, err)
		}
	})
}
