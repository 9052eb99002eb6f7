package vision_test

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
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

func runtimeOf(t testing.TB) *onnx.Runtime {
	t.Helper()
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	return rt
}

func palmNetworks(t *testing.T, rt *onnx.Runtime) (finder, part vision.Runner) {
	t.Helper()
	data, err := os.ReadFile(testkit.Native(t, "models/judge/palm_detection_full.tflite"))
	if err == nil {
		data, err = model.ConvertTFLite(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.LoadBytes("palm_detection_full", data, onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, shipped(t, rt, "hand_landmark_full.tflite")
}

// A face is found with its parts where MediaPipe places them, looks ahead, and has eyes that are alike.
func TestAFaceIsFoundAndMeasured(t *testing.T) {
	rt := runtimeOf(t)
	p := readRGB(t, "../poses/astronaut.png")
	found, err := vision.Faces(context.Background(), p, shipped(t, rt, "face_detection_short_range.tflite"), shipped(t, rt, "face_landmark.tflite"))
	if err != nil || len(found) != 1 {
		t.Fatalf("found %d faces, %v", len(found), err)
	}
	f, want := found[0], readPoseCases(t).Astronaut.Face
	worst := 0.0
	for _, mark := range []int{33, 263, 61, 291, 152, 168} {
		worst = max(worst, math.Hypot(f.Mesh[mark].X-want[mark][0], f.Mesh[mark].Y-want[mark][1]))
	}
	l := f.Look(p)
	t.Logf("off by %.2f pixels at most, %+v, %.1f pixels between the eyes", worst, l, f.Eyes())
	if worst > 2 || f.Score < 0.8 || f.Presence < 0.9 || l.Frontal < 0.8 || l.Apart > 0.15 || !l.Compared || l.Alike < 0.5 {
		t.Errorf("off by %.2f pixels, %+v %.2f %.2f", worst, l, f.Score, f.Presence)
	}
	if x, y, w, h := f.Box(p); x < 70 || y < 25 || x+w > 150 || y+h > 100 || w < 40 || h < 40 {
		t.Errorf("its box is %d %d %d %d", x, y, w, h)
	}
}

// openHand draws the hand of the tests into a larger picture with a whole arm, and another finger where one is asked for.
func openHand(t *testing.T, sixth bool) *imaging.RGB {
	t.Helper()
	small := readRGB(t, "../poses/hand.png")
	p, err := imaging.NewRGB(512, 512)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			from := [2]int{2, 2}
			switch {
			case x >= 128 && x < 384 && y >= 200 && y < 456:
				from = [2]int{x - 128, y - 200}
			case x >= 226 && x <= 290 && y >= 456:
				from = [2]int{130, 240}
			}
			r, g, b := small.At(from[0], from[1])
			p.Set(x, y, r, g, b)
		}
	}
	if !sixth {
		return p
	}
	for y := range p.Height {
		for x := range p.Width {
			d := toLine(float64(x), float64(y), 300, 355, 352, 292)
			if palm := math.Hypot(float64(x-283)/25, float64(y-355)/45); d <= 11 || palm <= 1 {
				r, g, b := small.At(130, 240)
				p.Set(x, y, r, g, b)
			} else if d <= 13 {
				p.Set(x, y, 190, 130, 100)
			}
		}
	}
	return p
}

func toLine(x, y, x0, y0, x1, y1 float64) float64 {
	dx, dy := x1-x0, y1-y0
	t := min(max(((x-x0)*dx+(y-y0)*dy)/(dx*dx+dy*dy), 0), 1)
	return math.Hypot(x-x0-t*dx, y-y0-t*dy)
}

// A hand is found anywhere, and a sixth finger beside the five of an open one.
func TestASixthFingerIsFound(t *testing.T) {
	finder, part := palmNetworks(t, runtimeOf(t))
	for sixth, want := range map[bool]int{false: 0, true: 1} {
		p := openHand(t, sixth)
		found, err := vision.HandsIn(context.Background(), p, finder, part)
		if err != nil || len(found) != 1 {
			t.Fatalf("found %d hands, %v", len(found), err)
		}
		h := found[0]
		if got := h.Extra(p); got != want || !h.Open() {
			t.Errorf("sixth %v: got %d", sixth, got)
		}
		if x, y, w, high := h.Box(p); x < 120 || y < 180 || x+w > 390 || y+high > 500 || w < 100 || high < 150 {
			t.Errorf("its box is %d %d %d %d", x, y, w, high)
		}
	}
	if found, err := vision.HandsIn(context.Background(), scene(t, 90, 40), finder, part); err != nil || len(found) != 0 {
		t.Errorf("found %d hands where nobody is, %v", len(found), err)
	}
}

// Parts of one body belong to people of about the same height, if they are turned towards us to smaller ones.
func TestLimbsAreMeasuredByAPersonsHeight(t *testing.T) {
	rt := runtimeOf(t)
	n := vision.PoseNetworks{Person: shipped(t, rt, "pose_detection.tflite"), Body: shipped(t, rt, "pose_landmark_full.tflite")}
	found, err := vision.Poses(context.Background(), readRGB(t, "../poses/astronaut.png"), n)
	if err != nil || len(found) != 1 {
		t.Fatalf("found %d people, %v", len(found), err)
	}
	limbs := found[0].Limbs()
	if len(limbs) == 0 || limbs[0].Name != "shoulders" || limbs[0].Height < 300 || limbs[0].Height > 450 {
		t.Errorf("got %+v", limbs)
	}
	if got := (vision.Pose{}).Limbs(); got != nil {
		t.Errorf("nobody has %v", got)
	}
}

// Pictures are as likely pornographic as the package says that ships the network.
func TestNSFWIsThatOfThePackage(t *testing.T) {
	data, err := os.ReadFile("testdata/nsfw.json")
	var cases map[string]float64
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	network := judging(t, runtimeOf(t), "open_nsfw.onnx")
	for name, want := range cases {
		got, err := vision.NSFW(context.Background(), readRGB(t, "../"+name), network)
		t.Logf("%s: %.4f, want %.4f", name, got, want)
		if err != nil || math.Abs(got-want) > 0.03 { // pictures are made smaller a little differently
			t.Errorf("%s: got %.4f, want %.4f, %v", name, got, want, err)
		}
	}
	if got, err := vision.NSFW(context.Background(), scene(t, 1, 1), network); err != nil || !(got >= 0 && got <= 1) {
		t.Errorf("one pixel: %v, %v", got, err)
	}
	other := fixed{[]int64{1, 3, 8, 8}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 4), 4)}}
	if _, err := vision.NSFW(context.Background(), scene(t, 8, 8), other); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("another network gives %v", err)
	}
}

// Marks are whole words, whatever stands between their letters; names of four letters must be right.
func TestMarksAreWholeWords(t *testing.T) {
	for text, want := range map[string]string{
		"COCA COLA": "Coca-Cola", "Coca-C0la light": "Coca-Cola", "pineapple": "", "MERCEDES-BENZ AG": "Mercedes-Benz", "Niki": "", "NIKE.": "Nike",
		"NESTLÉ": "Nestlé", "H & M": "H&M", "Dr.Oetker": "Dr. Oetker", "a b c": "", "": "",
	} {
		var got []string
		for _, m := range vision.FindMarks([]vision.TextLine{{Text: text}}, vision.WellKnownMarks()) {
			got = append(got, m.Mark)
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q: got %v, want %q", text, got, want)
		}
	}
}

// FuzzFindMarks: any text and any list are borne.
func FuzzFindMarks(f *testing.F) {
	f.Add("NIKE just do it", "nike")
	f.Add("\xff ﬀ ß", "ſs")
	f.Fuzz(func(t *testing.T, text, mark string) {
		for _, m := range vision.FindMarks([]vision.TextLine{{Text: text}}, []string{mark}) {
			if m.Line != 0 || m.Mark != mark || !strings.Contains(strings.Join(strings.Fields(text), " "), m.Read) {
				t.Errorf("%q in %q: %+v", mark, text, m)
			}
		}
	})
}

func BenchmarkFaces(b *testing.B) {
	rt := runtimeOf(b)
	finder, part := shipped(b, rt, "face_detection_short_range.tflite"), shipped(b, rt, "face_landmark.tflite")
	p := scene(b, 1024, 1024)
	for b.Loop() {
		if _, err := vision.Faces(context.Background(), p, finder, part); err != nil {
			b.Fatal(err)
		}
	}
}
