package comfyui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

// open makes an engine on servers and connects it.
func open(t testing.TB, o Options, servers ...*fake) *Engine {
	t.Helper()
	for _, f := range servers {
		address := f.url
		if f.password != "" {
			address = strings.Replace(address, "://", "://ada:"+f.password+"@", 1)
		}
		o.Servers = append(o.Servers, address)
	}
	o.Pauses = wire.Pauses{First: time.Millisecond, Most: 4 * time.Millisecond, Sleep: wire.Sleep}
	o.Open = func(_ context.Context, sum string) ([]byte, error) {
		for _, grey := range []uint8{1, 2} {
			if data := square(t, grey); art.Digest(data) == sum {
				return data, nil
			}
		}
		return nil, art.ErrNotFound
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	_ = e.Connect(context.Background()) // Info says why not
	return e
}

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Name: "painter"}, Prompt: "a red apple (not green)", NegativePrompt: "blur",
		Width: 64, Height: 48, Steps: 3, GuidanceScale: 5, Sampler: "dpmpp_2m", Scheduler: "karras", Seed: 7,
	}
}

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New: func(t *testing.T) engine.Engine {
			f := newFake(t)
			f.password = "hush-hush"
			return open(t, Options{}, f)
		},
		Recipe: apple(), Secret: "hush-hush",
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			f := newFake(t)
			f.hold = make(chan struct{})
			return open(t, Options{}, f), apple()
		},
	})
}

func TestWhatIsThereIsOffered(t *testing.T) {
	e := open(t, Options{}, newFake(t))
	info := e.Info()
	var names []string
	for _, m := range info.Models {
		names = append(names, m.Capabilities.Model.Name)
	}
	if !info.Ready || info.Version != "comfyui-0.3.64" || !slices.Equal(names, []string{"painter", "old/refiner.ckpt", "sdxl"}) {
		t.Fatalf("%t %q %q %q", info.Ready, info.Version, names, info.Reason)
	}
	c := info.Models[0].Capabilities
	if !slices.Contains(c.Samplers, "euler_a") || !slices.Contains(c.Samplers, "ddim") || !slices.Contains(c.Schedulers, "karras") || !slices.Equal(c.Controls, []string{"canny", "depth"}) ||
		!c.TakesLoRAs || len(c.LoRAs) != 2 || c.LoRAs[1].Name != "sub/wash" || c.SizeStep != 8 || !slices.Contains(c.Modes, art.ModeUpscale) || !c.Deterministic {
		t.Errorf("%+v", c)
	}
}

func TestNothingThere(t *testing.T) {
	f := newFake(t)
	f.html = true
	for name, e := range map[string]*Engine{
		"web page": open(t, Options{}, f), "nobody": open(t, Options{Servers: []string{"http://127.0.0.1:1"}}), "none": open(t, Options{}),
	} {
		info := e.Info()
		if info.Ready || info.Reason == "" || name != "none" && !strings.Contains(info.Reason, "start ComfyUI there") {
			t.Errorf("%s: %+v", name, info)
		}
		if _, err := e.Render(context.Background(), apple(), nil); !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, address := range []string{"", "host:8188", "ftp://host"} {
		if _, err := New(Options{Servers: []string{address}}); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestProgressAndPreviews(t *testing.T) {
	f := newFake(t)
	f.hold = make(chan struct{})
	go func() { // walks when somebody listens
		for {
			f.mu.Lock()
			listening := len(f.sockets) > 0
			f.mu.Unlock()
			if listening {
				close(f.hold)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var told []string
	seen := 0
	p, err := open(t, Options{}, f).RenderSeen(context.Background(), apple(), func(step, steps int) { told = append(told, fmt.Sprint(step, "/", steps)) }, func(m image.Image) {
		if seen++; m.Bounds().Dx() != 8 {
			t.Errorf("a preview of %v", m.Bounds())
		}
	})
	if err != nil || !slices.Equal(told, []string{"1/3", "2/3", "3/3"}) || seen == 0 || p.Elapsed != 2500*time.Millisecond {
		t.Errorf("told %q, %d previews, %s, %v", told, seen, p.Elapsed, err)
	}
	if prompt := fmt.Sprint(f.drawn()); !strings.Contains(prompt, `a red apple \(not green\)`) {
		t.Errorf("plain words are weighed: %s", prompt)
	}
}

// What the socket doesn't tell any more, the history does.
func TestACutSocket(t *testing.T) {
	f := newFake(t)
	f.cut = true
	r := apple()
	r.Steps = 6
	last := 0
	if _, err := open(t, Options{}, f).Render(context.Background(), r, func(step, steps int) { last = steps - step }); err != nil || last != 0 {
		t.Errorf("%d steps are missing, %v", last, err)
	}
}

func TestEqualRecipesComeFromTheCache(t *testing.T) {
	f := newFake(t)
	e := open(t, Options{}, f)
	var made []string
	for range 2 {
		p, err := e.Render(context.Background(), apple(), nil)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, p.PixelsSHA256)
	}
	r := apple()
	r.Seed++
	p, err := e.Render(context.Background(), r, nil)
	if err != nil || made[0] != made[1] || p.PixelsSHA256 == made[0] {
		t.Errorf("%q, then %s, %v", made, p.PixelsSHA256, err)
	}
}

func TestAnotherSizeIsSaid(t *testing.T) {
	f := newFake(t)
	f.wrong = 8
	p, err := open(t, Options{}, f).Render(context.Background(), apple(), nil)
	if err != nil || p.Width != 72 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "asked for 64×48, got 72×48") {
		t.Errorf("%d wide, notes %q, %v", p.Width, p.Notes, err)
	}
}

// A job that nobody knows any more is lost, and never done.
func TestARestartLosesJobs(t *testing.T) {
	f := newFake(t)
	f.hold = make(chan struct{})
	e := open(t, Options{}, f)
	ticket, err := e.Start(context.Background(), "one", apple())
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := e.Wait(context.Background(), ticket, nil)
		failed <- err
	}()
	f.restart()
	if err := <-failed; !errors.Is(err, art.ErrNotFound) || !strings.Contains(err.Error(), "lost") {
		t.Errorf("waiting: %v", err)
	}
	if _, err := e.Find(context.Background(), "one"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("finding: %v", err)
	}
	if err := e.Cancel(context.Background(), ticket); err != nil {
		t.Errorf("cancelling: %v", err)
	}
}

// Somebody else, with nothing but the ticket's JSON or the call's name, comes back to a job.
func TestComingBack(t *testing.T) {
	f, idle := newFake(t), newFake(t)
	f.hold = make(chan struct{})
	ticket, err := open(t, Options{}, f).Start(context.Background(), "one", apple())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(ticket)
	if err != nil || strings.Contains(string(data), "hush") {
		t.Fatalf("%s, %v", data, err)
	}
	var kept engine.Ticket
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	other := open(t, Options{}, idle, f)
	found, err := other.Find(context.Background(), "one")
	if err != nil || found.Job != ticket.Job || found.Links[linkServer] != f.url || found.Links[linkSize] != "64x48" {
		t.Fatalf("%+v, %v", found, err)
	}
	close(f.hold)
	var _ engine.Watcher = other
	for _, ticket := range []engine.Ticket{kept, found, {Name: "one", Job: ticket.Job}} {
		if p, err := other.Wait(context.Background(), ticket, nil); err != nil || p.Width != 64 {
			t.Errorf("%+v: %v", ticket, err)
		}
	}
	kept.Links[linkServer] = "http://gone:8188"
	if p, err := other.Wait(context.Background(), kept, nil); err != nil || p.Width != 64 {
		t.Errorf("by another address: %v", err)
	}
	kept.Job = identity("another")
	if _, err := other.Wait(context.Background(), kept, nil); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("at a server that isn't named any more: %v", err)
	}
	if f.posted("/prompt") != 1 {
		t.Errorf("%d jobs were asked for", f.posted("/prompt"))
	}
}

func TestALostAnswerIsLookedFor(t *testing.T) {
	f := newFake(t)
	f.lose = true
	if p, err := open(t, Options{}, f).Render(context.Background(), apple(), nil); err != nil || p.Width != 64 || f.posted("/prompt") != 1 {
		t.Errorf("%v; %d jobs were asked for", err, f.posted("/prompt"))
	}
}

// A job may end between two looks: at the queue, where it isn't any more, and at the history, where it was not yet.
func TestNothingIsLostBetweenTwoLooks(t *testing.T) {
	f := newFake(t)
	f.hold = make(chan struct{})
	e := open(t, Options{}, f)
	ticket, err := e.Start(context.Background(), "one", apple())
	if err != nil {
		t.Fatal(err)
	}
	first := true
	f.ends = func() {
		if !first {
			return
		}
		first = false
		close(f.hold)
		for done := false; !done; time.Sleep(time.Millisecond) {
			f.mu.Lock()
			done = f.running == nil
			f.mu.Unlock()
		}
	}
	if _, err := e.Wait(context.Background(), ticket, nil); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	f := newFake(t)
	f.hold = make(chan struct{})
	e := open(t, Options{}, f)
	var tickets []engine.Ticket
	for _, name := range []string{"first", "second", "third"} {
		r := apple()
		r.Prompt = name
		ticket, err := e.Start(context.Background(), name, r)
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	if err := e.Cancel(context.Background(), tickets[1]); err != nil || f.posted("/interrupt") != 0 {
		t.Errorf("one that waits: %v, %d interrupts", err, f.posted("/interrupt"))
	}
	if _, err := e.Wait(context.Background(), tickets[1], nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("after that: %v", err)
	}
	if err := e.Cancel(context.Background(), tickets[0]); err != nil || f.posted("/interrupt") != 1 {
		t.Errorf("one that runs: %v, %d interrupts", err, f.posted("/interrupt"))
	}
	if _, err := e.Wait(context.Background(), tickets[0], nil); !errors.Is(err, art.ErrConflict) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("after that: %v", err)
	}
	close(f.hold)
	if _, err := e.Wait(context.Background(), tickets[2], nil); err != nil {
		t.Errorf("another one: %v", err)
	}
	if err := e.Cancel(context.Background(), tickets[2]); err != nil || f.posted("/interrupt") != 1 {
		t.Errorf("one that has ended: %v, %d interrupts", err, f.posted("/interrupt"))
	}
}

func TestJobsThatFail(t *testing.T) {
	for exception, want := range map[string]error{"ValueError": art.ErrInvalid, "torch.OutOfMemoryError": art.ErrUnavailable} {
		f := newFake(t)
		f.fail = exception
		_, err := open(t, Options{}, f).Render(context.Background(), apple(), nil)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "node 7 (KSampler): "+exception+": no good") {
			t.Errorf("%s: %v", exception, err)
		}
	}
}

func TestAServerThatNamesJobsItself(t *testing.T) {
	f := newFake(t)
	f.old = true
	if _, err := open(t, Options{}, f).Render(context.Background(), apple(), nil); !errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), "update ComfyUI") {
		t.Error(err)
	}
}

// A pool: the least busy server that has what is needed, and none that fails.
func TestPool(t *testing.T) {
	busy, idle, bare := newFake(t), newFake(t), newFake(t)
	busy.hold = make(chan struct{})
	bare.inputs("CheckpointLoaderSimple")["ckpt_name"] = []any{[]any{"other.safetensors"}}
	now := time.Unix(0, 0)
	e := open(t, Options{Now: func() time.Time { return now }, Servers: []string{"http://127.0.0.1:1"}}, busy, idle, bare)
	if info := e.Info(); !info.Ready || !strings.Contains(info.Reason, "127.0.0.1:1") {
		t.Fatalf("%+v", info)
	}
	first, err := e.Start(context.Background(), "first", apple())
	if err != nil || first.Links[linkServer] != busy.url {
		t.Fatalf("%+v, %v", first, err)
	}
	for i := range 2 {
		if _, err := e.Render(context.Background(), apple(), nil); err != nil {
			t.Error(err)
		}
		if busy.posted("/prompt") != 1 || idle.posted("/prompt") != i+1 {
			t.Errorf("%d at the busy one, %d at the idle one", busy.posted("/prompt"), idle.posted("/prompt"))
		}
	}
	other := apple()
	other.Model.Name = "other"
	if _, err := e.Render(context.Background(), other, nil); err != nil || bare.posted("/prompt") != 1 {
		t.Errorf("what one alone has: %v", err)
	}
	idle.html = true
	if ticket, err := e.Start(context.Background(), "second", apple()); err != nil || ticket.Links[linkServer] != busy.url {
		t.Errorf("one fell out: %+v, %v", ticket, err)
	}
	idle.html = false
	if ticket, err := e.Start(context.Background(), "third", apple()); err != nil || ticket.Links[linkServer] != busy.url {
		t.Errorf("it is asked again at once: %+v, %v", ticket, err)
	}
	now = now.Add(rest)
	if ticket, err := e.Start(context.Background(), "fourth", apple()); err != nil || ticket.Links[linkServer] != idle.url {
		t.Errorf("it isn't asked again: %+v, %v", ticket, err)
	}
	close(busy.hold)
}

func TestFieldsThatNobodyHonours(t *testing.T) {
	f := newFake(t)
	e := open(t, Options{}, f)
	one, end := 1.0, 0.5
	for field, change := range map[string]func(*art.Recipe){
		"eta":              func(r *art.Recipe) { r.Eta = 0.5 },
		"guidance_end":     func(r *art.Recipe) { r.GuidanceEnd = &end },
		"variation":        func(r *art.Recipe) { r.VariationSeed, r.VariationStrength = 3, 0.5 },
		"noise_source":     func(r *art.Recipe) { r.NoiseSource = "cuda" },
		"vae_tiling":       func(r *art.Recipe) { r.VAETiling = true },
		"scheduler_config": func(r *art.Recipe) { r.SchedulerConfig = map[string]any{"use_karras": []any{1.0}} },
		"prompt":           func(r *art.Recipe) { r.Syntax, r.Prompt = "a1111", "[cat:dog:0.5]" },
		"strength":         func(r *art.Recipe) { r.Strength = &one },
		"init_image":       func(r *art.Recipe) { r.InitImage = sum(t, 1) },
		"steps":            func(r *art.Recipe) { r.Steps = 0 },
		"loras[0]":         func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "nobody", Weight: 1}} },
		"controls[0].model": func(r *art.Recipe) {
			r.Controls = []art.Control{{Kind: "canny", Model: art.ModelRef{Name: "nobody"}, Image: sum(t, 1)}}
		},
		"hires.upscaler": func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "nobody"} },
		"refiner":        func(r *art.Recipe) { r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: "nobody"}, Start: 0.8} },
	} {
		r := apple()
		change(&r)
		_, err := e.Render(context.Background(), r, nil)
		var at *art.FieldError
		if !errors.As(err, &at) || !strings.HasPrefix(at.Field, field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if f.posted("/prompt") != 0 {
		t.Errorf("%d were asked for all the same", f.posted("/prompt"))
	}
}

func TestPicturesGoAlong(t *testing.T) {
	f := newFake(t)
	e := open(t, Options{}, f)
	half := 0.5
	r := apple()
	r.Mode, r.InitImage, r.MaskImage, r.Strength = art.ModeInpaint, sum(t, 1), sum(t, 2), &half
	r.Steps = 4
	r.LoRAs = []art.LoRA{{Name: "wash", SHA256: "ab", Weight: 0.5}, {Name: "ink.safetensors", Weight: 1}}
	r.Controls = []art.Control{{Kind: "depth", Image: sum(t, 1), Weight: 1, End: 1}}
	p, err := e.Render(context.Background(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	graph := fmt.Sprint(f.drawn())
	for _, want := range []string{"presswerk/" + sum(t, 1)[7:] + ".png", "presswerk/" + sum(t, 2)[7:] + ".png", "sub/wash.safetensors", "control_depth.pth"} {
		if !strings.Contains(graph, want) {
			t.Errorf("no %s in %s", want, graph)
		}
	}
	if f.posted("/upload/image") != 2 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "wash") {
		t.Errorf("%d pictures were sent, notes %q", f.posted("/upload/image"), p.Notes)
	}
	r.InitImage = "sha256:" + strings.Repeat("0", 64)
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a picture that isn't there: %v", err)
	}
}

// What the server says against a node names the recipe's field.
func TestComplaints(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	e := open(t, Options{Snapshots: dir}, f)
	for name, test := range map[string]struct {
		change func()
		field  string
		want   error
	}{
		"model taken away":  {func() { f.inputs("CheckpointLoaderSimple")["ckpt_name"] = []any{[]any{"other.safetensors"}} }, "model", art.ErrNotFound},
		"sampler gone":      {func() { f.inputs("KSampler")["sampler_name"] = []any{[]any{"euler"}} }, "sampler", art.ErrNotFound},
		"input gained":      {func() { f.inputs("VAEDecode")["mode"] = []any{"STRING", map[string]any{}} }, "nodes.", art.ErrUnsupported},
		"class taken away":  {func() { delete(f.info, "KSampler") }, "nodes", art.ErrUnsupported},
		"empty latent gone": {func() { delete(f.info, "EmptyLatentImage") }, "nodes", art.ErrUnsupported},
	} {
		before := newFake(t).info
		test.change() // after Connect
		_, err := e.Render(context.Background(), apple(), nil)
		var at *art.FieldError
		if !errors.As(err, &at) || !strings.HasPrefix(at.Field, test.field) || !errors.Is(err, test.want) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		f.mu.Lock()
		f.info = before
		f.mu.Unlock()
	}
	var no refusal
	data, err := json.Marshal(recorded(t, "bad").([]any)[1])
	if err == nil {
		err = json.Unmarshal(data, &no)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := (drawn{slots: []slot{{"4", "upscale_method", "options.how"}}}).complaint(e.servers[0], no); !strings.HasPrefix(fmt.Sprint(err), "options.how: ") {
		t.Errorf("as recorded: %v", err)
	}
}

// Updates are told before they break something, and what can be filled in is.
func TestDrift(t *testing.T) {
	f := newFake(t)
	o := Options{Snapshots: t.TempDir(), Templates: os.DirFS("testdata/workflows")}
	if e := open(t, o, f); len(e.Differences()) != 0 || e.Info().Reason != "" {
		t.Fatalf("%v %q", e.Differences(), e.Info().Reason)
	}
	f.inputs("KSampler")["noise_mode"] = []any{[]any{"cpu", "gpu"}, map[string]any{"default": "gpu"}}
	f.inputs("SaveImage")["filename_prefix"] = []any{"STRING", map[string]any{"default": "changed"}}
	f.inputs("RandomNoise")["device"] = []any{"DEVICE", map[string]any{}}
	delete(f.info, "Canny")
	f.inputs("LoraLoader")["lora_name"] = []any{[]any{"ink.safetensors"}}
	f.inputs("LoadImage")["image"] = []any{[]any{"new.png"}, map[string]any{"image_upload": true}}
	e := open(t, o, f)
	var told []string
	for _, d := range e.Differences() {
		told = append(told, d.String())
	}
	want := []string{
		"Canny is gone", "KSampler.noise_mode is new and gets its default", `LoraLoader.lora_name has no "sub/wash.safetensors" any more`,
		"RandomNoise.device is new and must be given",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	info := e.Info()
	if !info.Ready || !strings.Contains(info.Reason, "can't run workflow flow: node 10: RandomNoise.device must be given") || !strings.Contains(info.Reason, "changed since it was pinned") {
		t.Errorf("%t %q", info.Ready, info.Reason)
	}
	r := apple()
	r.Model.Name = "flow"
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrUnsupported) || f.posted("/prompt") != 0 {
		t.Errorf("a workflow that can't run: %v", err)
	}
	if _, err := e.Render(context.Background(), apple(), nil); err != nil {
		t.Fatal(err)
	}
	graph := fmt.Sprint(f.drawn())
	if !strings.Contains(graph, "noise_mode:gpu") {
		t.Errorf("not filled in: %s", graph)
	}
	if err := e.Pin(context.Background()); err != nil || len(e.Differences()) != 0 {
		t.Errorf("after pinning: %v, %v", e.Differences(), err)
	}
	files, err := filepath.Glob(filepath.Join(o.Snapshots, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := open(t, o, f); e.Info().Ready || !strings.Contains(e.Info().Reason, "pin the server again") {
		t.Errorf("a snapshot that was changed: %+v", e.Info())
	}
	if err := e.Pin(context.Background()); err != nil || !e.Info().Ready {
		t.Errorf("pinning again: %v", err)
	}
}

// A default that an update changes doesn't change pictures.
func TestDefaultsArePinned(t *testing.T) {
	f := newFake(t)
	o := Options{Snapshots: t.TempDir()}
	f.inputs("VAEDecode")["mode"] = []any{"STRING", map[string]any{"default": "old"}}
	open(t, o, f)
	f.inputs("VAEDecode")["mode"] = []any{"STRING", map[string]any{"default": "new"}}
	if _, err := open(t, o, f).Render(context.Background(), apple(), nil); err != nil || !strings.Contains(fmt.Sprint(f.drawn()), "mode:old") {
		t.Errorf("%v: %v", f.drawn(), err)
	}
}
