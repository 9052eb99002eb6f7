package judge_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// shipped opens networks as make tools brings them.
type shipped struct {
	t      testing.TB
	rt     *onnx.Runtime
	mu     sync.Mutex
	opened map[string]vision.Runner
}

func networks(t testing.TB) *shipped {
	t.Helper()
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	return &shipped{t: t, rt: rt, opened: map[string]vision.Runner{}}
}

func (n *shipped) Open(name string) (vision.Runner, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r, ok := n.opened[name]; ok {
		return r, nil
	}
	s, err := load(n.rt, testkit.Native(n.t, filepath.Join("models/judge", name)))
	if err != nil {
		return nil, err
	}
	n.t.Cleanup(func() { _ = s.Close() })
	n.opened[name] = s
	return s, nil
}

func (*shipped) SHA256(name string) string { return "sha256 of " + name }

// absent has no network at all.
type absent struct{}

func (absent) Open(name string) (vision.Runner, error) {
	return nil, fmt.Errorf("%s is missing: %w", name, art.ErrUnavailable)
}
func (absent) SHA256(string) string { return "" }

// poster writes lines of Go Bold, 60 pixels high, below each other.
func poster(t testing.TB, ground, ink color.Color, lines ...string) *imaging.RGB {
	t.Helper()
	const size, width = 60, 768
	canvas := image.NewRGBA(image.Rect(0, 0, width, 120+120*len(lines)))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		d := font.Drawer{Dst: canvas, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(60, 120+120*i)}
		d.DrawString(line)
	}
	p, err := imaging.NewRGB(width, canvas.Bounds().Dy())
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Width * p.Height {
		copy(p.Pix[3*i:3*i+3], canvas.Pix[4*i:4*i+3])
	}
	return p
}

// scoreBy gives one scorer's score.
func scoreBy(t testing.TB, n judge.Networks, name string, s judge.Subject) art.Score {
	t.Helper()
	for _, one := range judge.PanelWith(n, blind{}) {
		if one.Name() == name {
			return judge.Panel{one}.Score(context.Background(), s)[0]
		}
	}
	t.Fatalf("there is no scorer %s", name)
	return art.Score{}
}

// What is asked for is found wherever lines break; capitals, spaces and the shape of quotes don't count, letters do.
func TestTextFidelity(t *testing.T) {
	n := networks(t)
	for name, test := range map[string]struct {
		lines, asked []string
		want         float64
	}{
		"right":                     {[]string{"SUMMER SALE"}, []string{"SUMMER SALE"}, 1},
		"other capitals":            {[]string{"Summer Sale"}, []string{"SUMMER SALE"}, 1},
		"broken into lines":         {[]string{"SUMMER", "SALE"}, []string{"Summer Sale"}, 1},
		"two texts":                 {[]string{"Grüße aus Köln", "Öffnung"}, []string{"Öffnung", "Grüße aus Köln"}, 1},
		"sharp s":                   {[]string{"Straße"}, []string{"Straße"}, 1},
		"sharp s in capitals":       {[]string{"STRASSE"}, []string{"Straße"}, 1},
		"no sharp s":                {[]string{"Strasse"}, []string{"Straße"}, 1 - 2.0/6},
		"no umlaut":                 {[]string{"Grusse"}, []string{"Grüsse"}, 1 - 1.0/6},
		"one letter wrong":          {[]string{"SUMNER"}, []string{"SUMMER"}, 1 - 1.0/6},
		"one letter too many":       {[]string{"SALLE"}, []string{"SALE"}, 0.75},
		"another text":              {[]string{"Zuckerguss"}, []string{"MMMM"}, 0},
		"missing":                   {nil, []string{"SALE"}, 0},
		"one of two missing":        {[]string{"SALE"}, []string{"SALE", "SALE"}, 0.5},
		"nothing asked":             {[]string{"SALE"}, nil, 1},
		"nothing asked, none there": {nil, []string{}, 1},
	} {
		s := scoreBy(t, n, "ocr", judge.Subject{Picture: poster(t, color.White, color.Black, test.lines...), Texts: test.asked})
		if !s.Available || math.Abs(s.Value-test.want) > 1e-9 {
			t.Errorf("%s: got %.4f, want %.4f (%s, %v)", name, s.Value, test.want, s.Reason, s.Evidence)
			continue
		}
		if want := strings.Join(test.lines, "\n"); s.Evidence.Text != want || len(s.Evidence.Boxes) != len(test.lines) {
			t.Errorf("%s: read %q with %d boxes", name, s.Evidence.Text, len(s.Evidence.Boxes))
		}
	}
}

// Words beyond those asked for are unwanted, by the area that they cover.
func TestUnwantedText(t *testing.T) {
	n := networks(t)
	p := poster(t, color.White, color.Black, "BIG SALE", "lorem ipsum")
	none := scoreBy(t, n, "unwanted_text", judge.Subject{Picture: p, Texts: []string{"big sale", "Lorem ipsum"}})
	one := scoreBy(t, n, "unwanted_text", judge.Subject{Picture: p, Texts: []string{"Sale", "lorem ipsum"}})
	all := scoreBy(t, n, "unwanted_text", judge.Subject{Picture: p, Texts: []string{}})
	if none.Value != 0 || one.Evidence.Text != "BIG" || all.Evidence.Text != "BIG SALE lorem ipsum" || !(one.Value > 0.01 && all.Value > 2*one.Value && all.Value < 0.4) {
		t.Errorf("got %v %v, %v %v, %v %v", none.Value, none.Evidence, one.Value, one.Evidence, all.Value, all.Evidence)
	}
	if all.Evidence.Details["characters"] != 17 {
		t.Errorf("details: %v", all.Evidence.Details)
	}
	blank := scoreBy(t, n, "unwanted_text", judge.Subject{Picture: poster(t, color.White, color.Black), Texts: []string{}})
	if !blank.Available || blank.Value != 0 {
		t.Errorf("a blank picture has %v", blank)
	}
}

// Contrast is WCAG's of the colours that were drawn with; the weakest of the asked texts counts.
func TestTextContrast(t *testing.T) {
	n := networks(t)
	grey := color.Gray{118}
	for name, test := range map[string]struct {
		ground, ink color.Color
		want        float64
	}{
		"black on white": {color.White, color.Black, 21},
		"white on black": {color.Black, color.White, 21},
		"grey on white":  {color.White, grey, 4.54},
		"white on grey":  {grey, color.White, 4.54},
		"yellow on red":  {color.RGBA{200, 0, 0, 255}, color.RGBA{255, 220, 0, 255}, 4.48},
	} {
		s := scoreBy(t, n, "text_contrast", judge.Subject{Picture: poster(t, test.ground, test.ink, "Herbst", "SALE"), Texts: []string{"SALE"}})
		if !s.Available || math.Abs(s.Value-test.want) > 0.02*test.want || len(s.Evidence.Boxes) != 1 {
			t.Errorf("%s: got %.2f, want %.2f: %v", name, s.Value, test.want, s.Evidence)
		}
	}
	p := poster(t, color.White, color.Black, "SALE")
	if s := scoreBy(t, n, "text_contrast", judge.Subject{Picture: p, Texts: []string{"HERBST"}}); s.Value != 1 || s.Evidence.Details["missing"] != "HERBST" {
		t.Errorf("an asked text that isn't there has %v", s)
	}
	if s := scoreBy(t, n, "text_contrast", judge.Subject{Picture: poster(t, color.White, color.Black)}); !s.Available || s.Value != 21 {
		t.Errorf("a picture without text has %v", s)
	}
}

// Ground that grows as bright as the letters is found where it does.
func TestTextContrastIsThatOfTheWeakestPlace(t *testing.T) {
	p := poster(t, color.White, color.Black, "SUMMER SALE")
	for y := range p.Height {
		for x := range p.Width {
			if r, _, _ := p.At(x, y); r > 200 {
				v := uint8(255 - 100*x/p.Width)
				p.Set(x, y, v, v, v)
			}
		}
	}
	flat := scoreBy(t, networks(t), "text_contrast", judge.Subject{Picture: poster(t, color.White, color.Black, "SUMMER SALE")})
	s := scoreBy(t, networks(t), "text_contrast", judge.Subject{Picture: p})
	if !(s.Value < 0.7*flat.Value) || !(s.Value > 5) {
		t.Errorf("got %v instead of far less than %v", s.Value, flat.Value)
	}
}

// Marks are whole words; one that was asked for is none.
func TestMarks(t *testing.T) {
	n := networks(t)
	p := poster(t, color.White, color.Black, "COCA-COLA", "pineapple", "Starbacks")
	s := scoreBy(t, n, "marks", judge.Subject{Picture: p})
	if s.Value != 2 || s.Evidence.Text != "Coca-Cola, Starbucks" || len(s.Evidence.Boxes) != 2 {
		t.Errorf("got %v %v", s.Value, s.Evidence)
	}
	if s := scoreBy(t, n, "marks", judge.Subject{Picture: p, Texts: []string{"Coca-Cola"}}); s.Value != 1 {
		t.Errorf("got %v %v", s.Value, s.Evidence)
	}
}

// Without networks no number is made up.
func TestScorersWithoutNetworksAreNotAvailable(t *testing.T) {
	without := len(judge.DefaultPanel())
	for _, one := range judge.PanelWith(absent{}, blind{})[without:] {
		_, _, err := one.Score(context.Background(), judge.Subject{Picture: poster(t, color.White, color.Black), Texts: []string{"A"}})
		if !errors.Is(err, art.ErrUnavailable) {
			t.Errorf("%s gives %v", one.Name(), err)
		}
	}
}

func load(rt *onnx.Runtime, path string) (*onnx.Session, error) {
	if filepath.Ext(path) != ".tflite" {
		return rt.Load(path, onnx.Options{IntraOpThreads: 2})
	}
	data, err := os.ReadFile(path)
	if err == nil {
		data, err = model.ConvertTFLite(data)
	}
	if err != nil {
		return nil, err
	}
	return rt.LoadBytes(path, data, onnx.Options{IntraOpThreads: 2})
}

// FuzzTexts: whatever is asked for and whatever was read, the share is one.
func FuzzTexts(f *testing.F) {
	f.Add("SUMMER SALE", "summer\nsale 50 %", "Straße")
	f.Add("", " \x00\n", "ß")
	n := networks(f)
	p := poster(f, color.White, color.Black, "SUMMER SALE", "STRASSE")
	scoreBy(f, n, "ocr", judge.Subject{Picture: p}) // opens the networks
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, name := range []string{"ocr", "unwanted_text", "text_contrast"} {
			s := scoreBy(t, n, name, judge.Subject{Picture: p, Texts: []string{a, b, c}})
			if !s.Available || s.Value < 0 || s.Value > s.High {
				t.Errorf("%s of %q %q %q is %v", name, a, b, c, s)
			}
		}
	})
}
