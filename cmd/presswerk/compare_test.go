package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
	"presswerk/internal/workspace"
)

// painter is a service that keeps no seed, has no sampler, refuses guidance only when it is asked, and never gives the same
// picture twice. It makes one size.
type painter struct {
	calls *atomic.Int64
	modes []string
	name  string
}

func (painter) Close() error { return nil }

func (p painter) Info() engine.Info {
	return engine.Info{Name: p.name, Version: "2026-11", Ready: true, Models: []engine.Model{{Capabilities: art.Capabilities{
		Engine: p.name, EngineVersion: "2026-11", Model: art.ModelRef{Name: "watercolour", Version: "4"}, ModelLicense: "proprietary", Modes: p.modes,
		Sizes: []art.Size{{Width: 512, Height: 512}}, MinSize: 512, MaxSize: 512, NativeWidth: 512, NativeHeight: 512, Dialect: "plain",
		Service: &art.Service{
			Operator: "Atelier Nord", Region: "EU", Dated: "2026-11-26",
			DataUse: art.Text{"en": "Prompts and pictures are kept for 30 days and are not used for training.", "de": "Prompts und Bilder werden 30 Tage aufbewahrt und nicht zum Trainieren genutzt."},
			License: art.Text{"en": "The customer owns the output.", "de": "Die Ausgabe gehört dem Kunden."},
		},
	}}}}
}

func (p painter) Render(ctx context.Context, r art.Recipe, _ engine.Progress) (engine.Picture, error) {
	if r.GuidanceScale != 0 {
		return engine.Picture{}, art.Unsupported("guidance_scale", "is not known", "use 0")
	}
	call := p.calls.Add(1)
	random := rand.New(rand.NewPCG(uint64(len(r.Prompt)), uint64(r.Draw)))
	cx, cy := 200+110*random.Float64()+float64(call%3)*9, 200+110*random.Float64()
	rgb, err := imaging.NewRGB(r.Width, r.Height)
	if err != nil {
		return engine.Picture{}, err
	}
	for y := range r.Height {
		for x := range r.Width {
			rgb.Set(x, y, 255, uint8(208+y*30/r.Height), 178)
			if d := math.Hypot(float64(x)-cx, float64(y)-cy); d < 130 {
				rgb.Set(x, y, uint8(214-d/2), uint8(48+d/3), uint8(49+d/2))
			}
		}
	}
	data, err := imaging.Encode(rgb, imaging.Encoding{Format: imaging.WebP, Quality: 90})
	if err != nil {
		return engine.Picture{}, err
	}
	seen, err := imaging.Decode(ctx, data, imaging.Limits{})
	return engine.Picture{Bytes: data, MIME: "image/webp", Width: r.Width, Height: r.Height, PixelsSHA256: art.Digest(seen.Pix)}, err
}

// ring is a workspace, and engines of every kind.
type ring struct {
	t    *testing.T
	dir  string
	env  []string
	shop *testkit.Shop
}

// mainRing is the program with a shop, a service and an engine that only enlarges.
func mainRing() {
	var calls atomic.Int64
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv,
		testkit.NewCustomer(os.Getenv("SHOP"), false), painter{&calls, nil, "atelier"}, painter{&calls, []string{art.ModeUpscale}, "enlarger"}))
}

func newRing(t *testing.T) *ring {
	t.Helper()
	g := &ring{t: t, dir: filepath.Join(t.TempDir(), "ws"), shop: testkit.NewShop(t)}
	native := filepath.Dir(filepath.Dir(testkit.Native(t, onnxLibrary)))
	if _, err := workspace.Init(t.Context(), g.dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	g.env = append(os.Environ(), "PRESSWERK_LIB="+native, "PRESSWERK_MODELS="+filepath.Join(testkit.Root(t), "models"), "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home, "USER=Ada", "LC_ALL=C", "SHOP="+g.shop.URL)
	return g
}

// run is the program, in a process of its own.
func (g *ring) run(args ...string) (code int, out, said string) {
	g.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		g.t.Fatal(err)
	}
	c := exec.CommandContext(g.t.Context(), exe, append(args, "--workspace", g.dir)...)
	c.Args[0] = "presswerk-ring" // TestMain makes this test binary that program
	c.Env = g.env
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	if err := c.Run(); err != nil && c.ProcessState == nil {
		g.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), o.String(), e.String()
}

// compare runs presswerk compare --json.
func (g *ring) compare(code int, args ...string) (enginesCompared, string) {
	g.t.Helper()
	got, out, said := g.run(append([]string{"--json", "compare"}, args...)...)
	if got != code {
		g.t.Fatalf("exit %d, want %d: %s\n%s", got, code, said, out)
	}
	var a enginesCompared
	if err := json.Unmarshal([]byte(out), &a); err != nil && out != "" {
		g.t.Fatalf("%v: %s", err, out)
	}
	return a, said
}

func (g *ring) brief(name string) string { return filepath.Join(g.dir, "briefs", name+".yaml") }

func rowOf(t *testing.T, c enginesCompared, name string) art.EngineRow {
	t.Helper()
	for _, r := range c.Rows {
		if r.Engine == name {
			return r
		}
	}
	t.Fatalf("no row of %s", name)
	return art.EngineRow{}
}

func TestEnginesAreComparedOnOneBrief(t *testing.T) {
	g := newRing(t)
	server := testkit.NewSDCPP(t, false)
	g.env = append(g.env, "PRESSWERK_SDAPI="+server.URL+",lost=http://127.0.0.1:1")
	engines := "--engines=local,sdapi,shop,atelier,enlarger,lost"
	brief := g.brief("breakfast-table")

	planned, said := g.compare(exitNo, brief, engines, "--pictures=2")
	if r := rowOf(t, planned, "shop"); g.shop.Charges() != 0 || r.Cost.Requests != 4 || r.Cost.Estimate != art.AmountOf(0.16) || planned.Page != "" {
		t.Errorf("before anybody said --pay: %d charged, %+v", g.shop.Charges(), r.Cost)
	}
	for _, want := range []string{"shop: 4 requests, about 0.16 USD", "say --pay", "enlarger     watercolour refuses: mode", "lost         not ready", "left out: sampler (dpmpp_2m → euler)"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not told in\n%s", want, said)
		}
	}

	c, _ := g.compare(exitDone, brief, engines, "--pictures=2", "--pay", "--by=Lena Brandt")
	if !c.Twice || c.By != "Lena Brandt" || len(c.Pictures) != 2 || len(c.Rows) != 6 || c.At.IsZero() {
		t.Errorf("%+v", c)
	}
	if len(c.Cost) != 1 || c.Cost[0] != (art.CompareCost{Currency: "USD", Estimate: art.AmountOf(0.16), Paid: art.AmountOf(0.2)}) || g.shop.Charges() != 4 {
		t.Errorf("%d charged: %+v", g.shop.Charges(), c.Cost)
	}
	local := rowOf(t, c, "local")
	if len(local.Refused) != 0 || len(local.Pictures) != 2 || local.Repeat.Identical != 2 || !local.Repeat.Promised || local.Seconds.Requests != 4 || local.Seconds.Median <= 0 || local.Data.Hosted || local.Terms.Card != art.CardComplete {
		t.Errorf("local: %+v", local)
	}
	if sd := rowOf(t, c, "sdapi"); len(sd.Pictures) != 2 || sd.Repeat.Pairs != 2 || sd.Terms.Card != art.CardMissing || len(sd.Production) == 0 {
		t.Errorf("sdapi: %+v", sd)
	}
	shop := rowOf(t, c, "shop")
	if shop.Cost.Told != 4 || shop.Cost.Deviation == nil || math.Abs(*shop.Cost.Deviation-0.25) > 1e-9 || shop.Pictures[0].Call == "" || shop.Data.Operator != "the shop" || !shop.Data.Hosted {
		t.Errorf("shop: %+v", shop)
	}
	far := rowOf(t, c, "atelier")
	if len(far.Pictures) != 2 || far.Repeat.Identical != 0 || far.Repeat.MeanAbsDiff <= 0 || far.Pictures[0].Again.Difference == "" || !strings.HasPrefix(far.Data.Use.In("de"), "Prompts und Bilder") {
		t.Errorf("atelier: %+v", far)
	}
	var left []string
	for _, a := range far.Adapted {
		left = append(left, a.Field)
	}
	if strings.Join(left, " ") != "size steps sampler scheduler guidance_scale" || far.Pictures[0].Width != 512 {
		t.Errorf("atelier does without %v", left)
	}
	if r := rowOf(t, c, "enlarger"); r.State != art.RowRefused || len(r.Refused) == 0 || r.Refused[0].Field != "mode" || len(r.Pictures) != 0 {
		t.Errorf("enlarger: %+v", r)
	}
	if r := rowOf(t, c, "lost"); r.State != art.RowAbsent || !strings.Contains(r.Reason, "start the server") {
		t.Errorf("lost: %+v", r)
	}
	for _, r := range c.Rows {
		for _, f := range r.Figures {
			if f.Name == art.FigurePrompt && len(r.Pictures) > 0 && (!f.Available || f.Scorer != "clip") {
				t.Errorf("house CLIP compares no words with pictures: %+v", f)
			}
		}
	}
	page, err := os.ReadFile(c.Page)
	if err != nil || !strings.Contains(string(page), "One brief on 6 engines. 4 of 6 made pictures") || !strings.Contains(string(page), "not available") {
		t.Errorf("%v: %.300s", err, page)
	}

	again, _ := g.compare(exitDone, brief, "--engines=shop", "--pictures=2", "--pay")
	if g.shop.Charges() != 4 || again.ID == c.ID || rowOf(t, again, "shop").Cost.Paid != art.AmountOf(0.2) {
		t.Errorf("asked again on the same day: %d charged", g.shop.Charges())
	}
	if code, out, _ := g.run("cost"); code != exitDone || !strings.Contains(out, "compare-breakfast-table-") {
		t.Errorf("the books say\n%s", out)
	}
	for _, run := range []string{c.ID, art.CompareRun("breakfast-table", c.At)} {
		if code, out, said := g.run("cost", "--run", run); code != exitDone || strings.Count(out, "shop/") != 4 {
			t.Errorf("the books say of %s\n%s%s", run, out, said)
		}
	}
}

func TestAnEngineThatFailsIsARow(t *testing.T) {
	g := newRing(t)
	if code, _, said := g.run("compare", g.brief("breakfast-table"), "--engines=nobody"); code != exitWrongUse || !strings.Contains(said, "no engine is called") {
		t.Errorf("%d: %s", code, said)
	}
	g.shop.Change(func(r *testkit.ShopRules) { r.Cut = func() bool { return true } })
	c, _ := g.compare(exitNo, g.brief("breakfast-table"), "--engines=shop,enlarger", "--pictures=1", "--pay")
	if r := rowOf(t, c, "shop"); r.State != art.RowFailed || !strings.Contains(r.Reason, "presswerk cost resolve") || g.shop.Charges() != 1 {
		t.Errorf("%d charged; %+v", g.shop.Charges(), r)
	}
	// What may have been paid for is never sent again by itself.
	if _, _ = g.compare(exitNo, g.brief("breakfast-table"), "--engines=shop", "--pictures=1", "--pay"); g.shop.Charges() != 1 {
		t.Errorf("%d charged", g.shop.Charges())
	}
	c, _ = g.compare(exitNo, g.brief("breakfast-table"), "--engines=atelier", "--pictures=1", "--strict", "--no-twice")
	if r := rowOf(t, c, "atelier"); r.State != art.RowRefused || len(r.Adapted) != 0 || len(r.Refused) < 3 {
		t.Errorf("%+v", r)
	}
}

func TestStylesAreComparedWhereTheBriefVariesThem(t *testing.T) {
	g := newRing(t)
	c, _ := g.compare(exitDone, g.brief("explore-styles"), "--engines=local", "--pictures=2", "--no-twice")
	r := rowOf(t, c, "local")
	if f := r.Figures[3]; f.Name != art.FigureStyle || !f.Available || f.Of != 1 || f.Value <= 0 {
		t.Errorf("%+v of %+v", f, c.Pictures)
	}
	if r.Repeat.Available || !strings.Contains(r.Repeat.Reason.In("en"), "once") {
		t.Errorf("%+v", r.Repeat)
	}
}

func TestAPersonConsentsToAFailOver(t *testing.T) {
	g := newRing(t)
	says := func(code int, want string, args ...string) {
		t.Helper()
		if got, out, said := g.run(args...); got != code || !strings.Contains(out+said, want) {
			t.Errorf("%q: exit %d, want %d with %q\n%s%s", args, got, code, want, out, said)
		}
	}
	g.env = append(g.env, "PRESSWERK_SDAPI=lost=http://127.0.0.1:1")
	brief := g.brief("breakfast-table")
	data, err := os.ReadFile(brief)
	if err == nil {
		err = os.WriteFile(brief, append(data, "\nparameters: {engine: lost}\nfailover: [local]\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	says(exitNo, "presswerk engines consent lost local --brand morgenrot --by NAME", "plan", brief)
	says(exitDone, "Nobody has agreed", "engines", "consent")
	says(exitWrongUse, "needs the name", "engines", "consent", "lost", "local")
	says(exitWrongUse, "no engine is called", "engines", "consent", "lost", "nobody", "--by", "Lena Brandt")
	says(exitDone, "local may stand in for lost. Lena Brandt has agreed", "engines", "consent", "lost", "local", "--by", "Lena Brandt")
	says(exitWrongUse, "has consented already", "engines", "consent", "lost", "local", "--by", "Ada")
	says(exitDone, "local stands in for lost (agreed by Lena Brandt", "plan", brief)
	says(exitDone, "Lena Brandt", "engines", "consent")
	says(exitDone, "shop", "engines")
}
