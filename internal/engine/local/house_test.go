package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	weights "presswerk/internal/model"
)

var update = flag.Bool("update", false, "write model.lock and golden pictures anew")

// houseRecipe is a recipe as the model card recommends.
func houseRecipe(prompt string, seed art.Seed) art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Name: "house"}, Prompt: prompt, Width: 256, Height: 256,
		Steps: 20, GuidanceScale: 1, Sampler: "dpmpp_2m", Scheduler: "karras", Seed: seed,
	}
}

func houseEngine(t testing.TB) *Engine {
	return newEngine(t, Options{Models: []string{houseDir}, Now: time.Now, Version: "test"})
}

// TestHouseLock: the files in the tree are the ones that model.lock names.
func TestHouseLock(t *testing.T) {
	if *update {
		f := &Folder{Dir: houseDir}
		if err := f.read(os.DirFS(houseDir)); err != nil {
			t.Fatal(err)
		}
		sums, err := (&hasher{}).files(houseDir)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.MarshalIndent(lock{f.about.Name, f.about.Version, weights.FolderDigest(sums), sums}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(houseDir, lockFile), append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := openFolder(&hasher{}, houseDir)
	if err != nil {
		t.Fatal(err)
	}
	if f.about.Words == nil || len(f.about.Words.Subjects) != 1009 || len(f.about.Words.Colours) != 34 || f.step() != 64 {
		t.Errorf("model.json or the sizes are wrong: %+v, step %d", f.about, f.step())
	}
}

func TestHousePictures(t *testing.T) {
	e := houseEngine(t)
	prompts := []string{
		"a red apple, flat style, on a light blue background", "a lion, 3d style, on a purple background",
		"a birthday cake, glossy gradient style, on a pink background", "a cactus, flat vector illustration, on a peach background",
	}
	var recipes []art.Recipe
	for i, p := range prompts {
		recipes = append(recipes, houseRecipe(p, art.Seed(i+1)))
	}
	start := time.Now()
	pictures, err := e.RenderBatch(context.Background(), recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v a picture, in a batch of %d, with loading", time.Since(start)/time.Duration(len(recipes)), len(recipes))
	for i, p := range pictures {
		golden := filepath.Join("testdata", "golden", "house_"+string(rune('0'+i))+".png")
		if *update {
			if err := os.WriteFile(golden, p.Bytes, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		// CPUs fuse multiply and add differently; 35 dB is far closer than another seed (about 20).
		if db := psnr(t, p.Bytes, want); db < 35 {
			actual := filepath.Join(t.TempDir(), "actual.png")
			_ = os.WriteFile(actual, p.Bytes, 0o644)
			t.Errorf("%q is %.1f dB from %s; the actual picture is %s", prompts[i], db, golden, actual)
		}
		single, err := e.Render(context.Background(), recipes[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(single.Bytes, p.Bytes) || single.PixelsSHA256 != p.PixelsSHA256 {
			t.Errorf("%q alone differs from %q in a batch", prompts[i], prompts[i])
		}
	}
	again, err := e.RenderBatch(context.Background(), recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range again {
		if again[i].PixelsSHA256 != pictures[i].PixelsSHA256 {
			t.Errorf("%q twice differs", prompts[i])
		}
	}
}

func psnr(t *testing.T, a, b []byte) float64 {
	t.Helper()
	x, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if x.Bounds() != y.Bounds() {
		t.Fatalf("sizes differ: %v and %v", x.Bounds(), y.Bounds())
	}
	var sum float64
	for py := range x.Bounds().Dy() {
		for px := range x.Bounds().Dx() {
			r1, g1, b1, _ := x.At(px, py).RGBA()
			r2, g2, b2, _ := y.At(px, py).RGBA()
			for _, d := range [3]float64{float64(r1) - float64(r2), float64(g1) - float64(g2), float64(b1) - float64(b2)} {
				sum += d * d / (257 * 257)
			}
		}
	}
	n := float64(x.Bounds().Dx() * x.Bounds().Dy() * 3)
	return 10 * math.Log10(255*255/max(sum/n, 1e-9))
}

func TestCancelStopsSoon(t *testing.T) {
	e := houseEngine(t)
	ctx, cancel := context.WithCancel(context.Background())
	r := houseRecipe("a fox, 3d style, on a light green background", 1)
	r.Steps = 500
	var stopped time.Time
	_, err := e.Render(ctx, r, func(step, _ int) {
		if step == 2 {
			stopped = time.Now()
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want context.Canceled", err)
	}
	if took := time.Since(stopped); took > 2*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

func TestProgressAndElapsed(t *testing.T) {
	e := houseEngine(t)
	r := houseRecipe("a key, flat design, on a cream background", 7)
	r.Steps = 3
	var steps []int
	p, err := e.Render(context.Background(), r, func(step, of int) {
		if of != 3 {
			t.Errorf("%d steps announced", of)
		}
		steps = append(steps, step)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []int{1, 2, 3}) || p.Elapsed <= 0 || p.MIME != "image/png" || p.Width != 256 || p.Height != 256 {
		t.Errorf("progress %v, picture %dx%d %s in %v", steps, p.Width, p.Height, p.MIME, p.Elapsed)
	}
}

func TestInfo(t *testing.T) {
	e := houseEngine(t)
	info := e.Info()
	m, err := info.Model(art.ModelRef{Name: "house"})
	if err != nil || !info.Ready {
		t.Fatalf("%v, ready %v: %s", err, info.Ready, info.Reason)
	}
	if m.NativeWidth != 256 || m.SizeStep != 64 || m.Dialect != "house" || m.Defaults.Steps != 20 || m.Model.SHA256 == "" {
		t.Errorf("house is described as %+v", m)
	}
	if _, ok := engine.As[engine.Batcher](e); !ok {
		t.Error("the engine is no Batcher")
	}
}

func BenchmarkHouse(b *testing.B) {
	e := houseEngine(b)
	for _, n := range []int{1, 8} {
		b.Run(map[int]string{1: "one", 8: "eight"}[n], func(b *testing.B) {
			seed := art.Seed(0)
			for b.Loop() {
				recipes := make([]art.Recipe, n)
				for i := range recipes {
					seed++
					recipes[i] = houseRecipe("a rocket, 3d render, on a dark blue background", seed)
				}
				if _, err := e.RenderBatch(context.Background(), recipes, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*n), "s/picture")
		})
	}
}

// TestHouseThroughTheCache: the first engine optimises the networks, the second one loads them optimised, and both make the
// same picture to the bit.
func TestHouseThroughTheCache(t *testing.T) {
	dir := t.TempDir()
	recipe := houseRecipe("a lemon, cartoon style, on a mint background", 2)
	recipe.Steps = 3
	want, err := houseEngine(t).Render(context.Background(), recipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := newEngine(t, Options{Models: []string{houseDir}, Cache: dir}).Render(context.Background(), recipe, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.PixelsSHA256 != want.PixelsSHA256 {
			t.Error("another picture through the cache of networks")
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("%d entries, %v; text encoder, both parts of the UNet and decoder were expected", len(entries), err)
	}
}

// TestHouseOnAnyNumberOfThreads: a picture alone takes all cores, and its bits don't tell how many there were.
func TestHouseOnAnyNumberOfThreads(t *testing.T) {
	recipe := houseRecipe("a rocket, 3d style, on a navy background", 7)
	recipe.Steps = 3
	want, err := houseEngine(t).Render(context.Background(), recipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cores := range []int{2, 3, 8} {
		e := newEngine(t, Options{Models: []string{houseDir}, Cores: cores})
		result, err := e.RenderArrays(context.Background(), recipe, Inputs{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := result.Picture(0)
		if err != nil {
			t.Fatal(err)
		}
		if got.PixelsSHA256 != want.PixelsSHA256 {
			t.Errorf("on %d cores another picture is made", cores)
		}
		if how := e.pool.loaded[0].how; how != (variant{threads: cores}).key() {
			t.Errorf("on %d cores it was made by %q", cores, how)
		}
	}
}
