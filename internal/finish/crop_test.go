package finish_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
)

// faces are what a network would find, or what it says instead.
type faces struct {
	boxes []art.Box
	err   error
}

func (f faces) FindFaces(context.Context, *imaging.RGB) ([]art.Box, error) { return f.boxes, f.err }

// wide has a dark disc at the right of a peach ground.
func wide(t *testing.T) []byte {
	t.Helper()
	p, err := imaging.NewRGB(256, 128)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			p.Set(x, y, 255, 208, 178)
			if (x-210)*(x-210)+(y-64)*(y-64) < 20*20 {
				p.Set(x, y, 40, 30, 60)
			}
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The master is 1024×512, its disc at 760 to 920. A square crop holds it, and a face at the left even more surely.
func TestACropFollowsWhatIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		faces  faces
		layout art.Layout
		low, x int // the least and the most that the window may begin at
		found  any
	}{
		"the subject":            {faces{err: fmt.Errorf("no network: %w", art.ErrUnavailable)}, art.Layout{}, 408, 512, "not looked for"},
		"a face":                 {faces{boxes: []art.Box{{X: 40, Y: 100, Width: 120, Height: 160}}}, art.Layout{}, 0, 40, 1},
		"a subject beside words": {faces{}, art.Layout{CopySpace: &art.Region{Width: 0.4, Height: 1}}, 408, 560, 0},
	} {
		in := input(t, 8, 8, channel("square", "1:1", []int{512}, "jpeg"), channel("all", "", []int{1024}, "jpeg"))
		in.Picture, in.Layout = wide(t), c.layout
		out, err := finisher(func(o *finish.Options) { o.Faces = c.faces }).Finish(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w := out.Renditions[0].Window
		if w == nil || w.Width != 512 || w.Height != 512 || w.X < c.low || w.X > c.x || w.Faces != len(c.faces.boxes) || w.Why.In(art.German) == "" {
			t.Fatalf("%s: it shows %+v", name, w)
		}
		if out.Renditions[1].Window != nil {
			t.Errorf("%s: the whole picture is a window: %+v", name, out.Renditions[1].Window)
		}
		i := slices.IndexFunc(out.Steps, func(s art.StepRecord) bool { return s.Name == "windows" })
		if i < 0 || out.Steps[i].Parameters["faces"] != c.found || !cmp.Equal(out.Steps[i].Parameters["1:1"], *w) {
			t.Errorf("%s: recorded is %+v", name, out.Steps)
		}
		// The file shows that part of the master.
		got, err := imaging.Decode(t.Context(), out.Renditions[0].Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, _, _ := got.At(min(511, max(0, 840-w.X)), 256)
		if dark := 840 > w.X+10 && 840 < w.X+500; dark != (r < 120) {
			t.Errorf("%s: at the disc's place there is %d, and the window is %+v", name, r, w)
		}
	}
}

func TestACropThatIsEndedGivesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := input(t, 8, 8, channel("square", "16:9", []int{64}, "jpeg"))
	_, err := finisher(func(o *finish.Options) { o.Faces = ending{cancel} }).Finish(ctx, in)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// ending ends the work while it looks for faces.
type ending struct{ cancel func() }

func (e ending) FindFaces(ctx context.Context, _ *imaging.RGB) ([]art.Box, error) {
	e.cancel()
	return nil, ctx.Err()
}
