package factory_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/publish"
	"presswerk/internal/queue"
	"presswerk/internal/store"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// blank is the seed of which the artist makes an empty sheet, which fails the rubric.
const blank art.Seed = 13

// spotted is the seed from which on the artist leaves a red spot of 10×8 pixels at 40,44.
const spotted art.Seed = 100

// artist is an engine that draws a disc whose place follows from the seed.
type artist struct {
	mu     sync.Mutex
	drawn  []art.Seed
	shade  uint8                                          // added to every value of a disc
	before func(ctx context.Context, seed art.Seed) error // may refuse or wait
	anew   func(r art.Recipe, x, y int) [3]uint8          // what is inpainted; outside the mask, too, as careless engines do
}

func (*artist) Close() error { return nil }

func (*artist) Info() engine.Info {
	return engine.Info{Name: "local", Version: "1", Ready: true, Models: []engine.Model{{Capabilities: art.Capabilities{
		Engine: "local", EngineVersion: "1", Model: art.ModelRef{Name: "toy", Version: "1", SHA256: "aa"}, Card: &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}}, ModelLicense: "MIT",
		Modes: []string{art.ModeTextToImage, art.ModeInpaint}, Samplers: []string{"euler"}, Schedulers: []string{"normal"}, MinSize: 16, MaxSize: 512, NativeWidth: 64, NativeHeight: 64, MaxSteps: 50,
		Seeds: true, Dialect: "plain", Deterministic: true, SecondsPerPicture: 1,
	}}}}
}

func (a *artist) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	a.mu.Lock()
	before, shade, anew := a.before, a.shade, a.anew
	a.mu.Unlock()
	if before != nil {
		if err := before(ctx, r.Seed); err != nil {
			return engine.Picture{}, err
		}
	}
	p, err := imaging.NewRGB(r.Width, r.Height)
	if err != nil {
		return engine.Picture{}, err
	}
	cx, cy := 16+int(r.Seed)*7%32, 16+int(r.Seed)*11%32
	for y := range p.Height {
		for x := range p.Width {
			p.Set(x, y, 255, 208, 178)
			switch {
			case r.Mode == art.ModeInpaint:
				c := anew(r, x, y)
				p.Set(x, y, c[0], c[1], c[2])
			case r.Seed >= spotted && x >= 40 && x < 50 && y >= 44 && y < 52:
				p.Set(x, y, 255, 0, 0)
			case r.Seed != blank && (x-cx)*(x-cx)+(y-cy)*(y-cy) < 150:
				p.Set(x, y, 40+shade, 30+shade, 60+shade)
			}
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return engine.Picture{}, err
	}
	if progress != nil {
		progress(r.Steps, r.Steps)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drawn = append(a.drawn, r.Seed)
	return engine.Picture{Bytes: data, MIME: "image/png", Width: p.Width, Height: p.Height, PixelsSHA256: art.Digest(p.Pix)}, nil
}

func (a *artist) seeds() []art.Seed {
	a.mu.Lock()
	defer a.mu.Unlock()
	seeds := slices.Clone(a.drawn)
	slices.Sort(seeds)
	return seeds
}

func (a *artist) set(change func(*artist)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

// disk is the blob store of a test, which may be full.
type disk struct {
	*blob.Store
	mu   sync.Mutex
	left int // how many more files fit; below 0 any number
}

func (d *disk) Put(ctx context.Context, data []byte) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return "", fmt.Errorf("no space left on device: %w", art.ErrUnavailable)
	}
	d.left--
	return d.Store.Put(ctx, data)
}

func (d *disk) free(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = n
}

// repeat enlarges by repeating pixels.
type repeat struct{}

func (repeat) Upscale(_ context.Context, p *imaging.RGB, _ func(int, int)) (*imaging.RGB, error) {
	out, err := imaging.NewRGB(4*p.Width, 4*p.Height)
	if err != nil {
		return nil, err
	}
	for y := range out.Height {
		for x := range out.Width {
			r, g, b := p.At(x/4, y/4)
			out.Set(x, y, r, g, b)
		}
	}
	return out, nil
}

// site publishes below one folder.
type site struct {
	dir  string
	open func(ctx context.Context, sum string) ([]byte, error)
}

func (s site) Write(ctx context.Context, run art.RunView, candidates []art.CandidateView, assets []art.Asset) (string, error) {
	dir := filepath.Join(s.dir, run.Brief.ID)
	return dir, publish.Site(ctx, publish.Campaign{
		Run: run.Run, Candidates: candidates, Assets: assets, Languages: run.Brief.Languages, BaseURL: "https://x.example/", Open: s.open, MadeAt: time.Unix(0, 0),
	}, dir)
}

// bench is a whole line in a temporary folder.
type bench struct {
	*factory.Factory
	t     *testing.T
	dir   string
	db    *store.DB
	queue *queue.Queue
	disk  *disk
}

// newBench opens the line in dir, anew or as an earlier bench left it.
func newBench(t *testing.T, dir string, a *artist) *bench { return newBenchWith(t, dir, a) }

func newBenchWith(t *testing.T, dir string, a engine.Engine) *bench {
	t.Helper()
	ctx, b := context.Background(), &bench{t: t, dir: dir}
	var err error
	if b.db, err = store.Open(ctx, filepath.Join(dir, "presswerk.db")); err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	b.disk = &disk{Store: blobs, left: -1}
	engines, err := engine.NewRegistry(a)
	if err != nil {
		t.Fatal(err)
	}
	var ticks atomic.Int64 // the clock goes on by a second each time somebody looks
	now := func() time.Time { return time.Unix(1_700_000_000+ticks.Add(1), 0) }
	b.Factory = factory.New(factory.Options{
		Records: b.db, Blobs: b.disk, Engines: engines, Panel: judge.DefaultPanel(), Now: now, Hub: &factory.Hub{}, Logger: slog.New(slog.DiscardHandler), Version: "test",
		Finisher: finish.New(finish.Options{Upscalers: []finish.Upscaler{{Enlarger: repeat{}, Source: art.Source{Kind: "upscaler", Name: "repeat"}}}, Unsigned: "a test", Now: now}), Site: site{filepath.Join(dir, "site"), b.disk.Get},
		Commit: func(ctx context.Context, c art.Change) error {
			return b.commit(ctx, c, func(ctx context.Context, tx *sql.Tx) error { return b.queue.Insert(ctx, tx, c.Jobs) })
		},
	})
	handlers := map[art.JobKind]queue.Handler{}
	for kind, h := range b.Handlers() {
		handlers[kind] = h
	}
	b.queue, err = queue.New(b.db.Handle(), queue.Options{Commit: b.commit, Handlers: handlers, Failed: b.Failed, MaxAttempts: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.db.Close(), blobs.Close() })
	return b
}

func (b *bench) commit(ctx context.Context, c art.Change, also ...func(context.Context, *sql.Tx) error) error {
	hooks := make([]store.Also, len(also))
	for i, a := range also {
		hooks[i] = a
	}
	if err := b.db.Commit(ctx, c, time.Now(), hooks...); err != nil {
		return err
	}
	b.Hub.Tell(c.Events...)
	return nil
}

// start begins the run of an order.
func (b *bench) start(o factory.Order) art.RunView {
	b.t.Helper()
	run, err := b.Start(context.Background(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

// work runs the queue, as a new process would, until the run is as wanted.
func (b *bench) work(run string, done func(art.RunView) bool) art.RunView {
	b.t.Helper()
	ctx := context.Background()
	if _, err := b.queue.Rescue(ctx); err != nil {
		b.t.Fatal(err)
	}
	if err := b.queue.Retry(ctx, run); err != nil {
		b.t.Fatal(err)
	}
	if err := b.queue.Start(ctx); err != nil {
		b.t.Fatal(err)
	}
	var v art.RunView
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		v = b.run(run)
		if done(v) {
			break
		}
		if time.Now().After(deadline) {
			b.t.Errorf("the run stays %q (%s): %+v", v.State, v.Failure, v.Progress)
			break
		}
	}
	if err := b.queue.Stop(ctx); err != nil {
		b.t.Error(err)
	}
	return v
}

func (b *bench) run(id string) art.RunView {
	b.t.Helper()
	v, err := b.Run(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) candidates(run string) []art.CandidateView {
	b.t.Helper()
	all, err := b.Candidates(context.Background(), run)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func (b *bench) decide(candidate string, action art.Action, reason string) {
	b.t.Helper()
	if err := b.Decide(context.Background(), art.Decision{Candidate: candidate, Action: action, By: "Ada", Reason: reason}); err != nil {
		b.t.Fatal(err)
	}
}

// pages lists the pages of the published site, without the gallery.
func (b *bench) pages() []string {
	b.t.Helper()
	found, err := filepath.Glob(filepath.Join(b.dir, "site", "toys", "*.html"))
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(p string) bool { return filepath.Base(p) == "index.html" })
}

func in(states ...art.RunState) func(art.RunView) bool {
	return func(v art.RunView) bool { return slices.Contains(states, v.State) }
}

// order asks for one picture for each seed.
func order(approval art.Approval, seeds ...any) factory.Order {
	least := 0.05
	return factory.Order{
		Brief: art.Brief{
			ID: "toys", Title: art.Text{"en": "Toys"}, Goal: art.Text{"en": "Clicks"}, KPI: art.KPI{Metric: "ctr", Target: 0.03}, Brand: "acme",
			Channels: []string{"web"}, Languages: []string{"en"}, Run: art.Production, Approval: approval, Matrix: []art.Axis{{Field: "seed", Values: seeds}},
			Prompt: art.Prompt{Subject: art.Part{Words: art.Text{"en": "a ball"}}},
		},
		Kit: brand.Kit{
			ID: "acme", Name: art.Text{"en": "Acme"}, Rubric: []art.Gate{{Scorer: "subject", Min: &least}}, Rights: art.Rights{Credit: "Acme"},
			Channels: []art.Channel{{Name: "web", Title: art.Text{"en": "Web"}, Widths: []int{64}, Formats: []string{"jpeg"}}},
		},
	}
}
