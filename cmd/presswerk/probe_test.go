package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/store"
	"presswerk/internal/testkit"
	"presswerk/internal/workspace"
)

// farAway is a hosted engine: one model, pictures that follow from prompt and seed, and a change behind everybody's back,
// which has happened when a file is there.
type farAway struct{ moved string }

// mainFar is the program with an engine far away.
func mainFar() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv, farAway{os.Getenv("FAR_MOVED")}))
}

func (farAway) Close() error { return nil }

func (farAway) Info() engine.Info {
	return engine.Info{Name: "far", Version: "1", Ready: true, Models: []engine.Model{{Capabilities: art.Capabilities{
		Engine: "far", EngineVersion: "1", Model: art.ModelRef{Name: "cloud", Version: "3"}, Samplers: []string{"euler"}, Schedulers: []string{"normal"},
		MinSize: 16, MaxSize: 512, NativeWidth: 64, NativeHeight: 64, MaxSteps: 50, Seeds: true, Dialect: "plain", Deterministic: true,
	}, Shutdown: time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)}}}
}

func (f farAway) Render(_ context.Context, r art.Recipe, _ engine.Progress) (engine.Picture, error) {
	p, err := imaging.NewRGB(r.Width, r.Height)
	if err != nil {
		return engine.Picture{}, err
	}
	_, missing := os.Stat(f.moved)
	for i := range p.Pix {
		p.Pix[i] = byte(i * (len(r.Prompt) + int(r.Seed)))
		if missing == nil {
			p.Pix[i] ^= 0x40
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	return engine.Picture{Bytes: data, MIME: "image/png", Width: r.Width, Height: r.Height, PixelsSHA256: art.Digest(p.Pix)}, err
}

// keeper is a model keeper with a workspace and an engine far away.
type keeper struct {
	t     *testing.T
	dir   string
	moved string // the file whose being there changes the engine
}

func newKeeper(t *testing.T) keeper {
	t.Helper()
	k := keeper{t: t, dir: filepath.Join(t.TempDir(), "ws"), moved: filepath.Join(t.TempDir(), "moved")}
	if _, err := workspace.Init(t.Context(), k.dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	k.write("brands/morgenrot/guard.yaml", "prompts:\n  - {name: egg, prompt: {subject: egg}}\n  - {name: bread, prompt: {subject: bread}}\nseeds: [1]\nparameters: {width: 64, height: 64}\nprobe: {every: 1h, engines: [far]}\n")
	k.write("briefs/cloud.yaml", "title: {en: Cloud, de: Wolke}\ngoal: A test.\nkpi: {metric: votes, target: 1}\nbrand: morgenrot\nchannels: [social]\nlanguages: [en]\nrun: exploration\napproval: review\n"+
		"parameters: {engine: far, model: cloud, width: 64, height: 64, sampler: euler, scheduler: normal}\nprompt: {subject: egg}\nmatrix: []\nlegal: {no_gos: []}\n")
	return k
}

func (k keeper) write(name, text string) {
	k.t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(k.dir, name)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k keeper) command(args ...string) *exec.Cmd {
	k.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	c := exec.CommandContext(k.t.Context(), exe, append(args, "--workspace", k.dir)...)
	c.Args[0] = "presswerk-far" // TestMain makes this test binary that program
	c.Env = append(os.Environ(), "FAR_MOVED="+k.moved, "USER=ada", "LC_ALL=C", "PRESSWERK_MODELS="+k.dir, "XDG_DATA_HOME="+filepath.Join(k.dir, "data"))
	return c
}

// says runs the program, and wants its exit code and some words.
func (k keeper) says(code int, words string, args ...string) string {
	k.t.Helper()
	c := k.command(args...)
	out, err := c.CombinedOutput()
	if got := c.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), words) {
		k.t.Fatalf("presswerk %s: exit %d, want %d with %q; %v\n%s", strings.Join(args, " "), got, code, words, err, out)
	}
	return string(out)
}

func TestAHostedEngineThatChangesSilentlyIsNoticed(t *testing.T) {
	k := newKeeper(t)
	brief := filepath.Join(k.dir, "briefs", "cloud.yaml")
	k.says(0, "in 30 days", "plan", brief) // its provider takes it away soon
	k.says(0, "cloud 3 of far has no baseline yet", "models", "probe", "--engine", "far")
	k.says(0, "gives the pictures that it gave before", "models", "probe")
	k.says(0, "Nothing is paused", "models", "resume")
	k.write(k.moved, "")
	noticed := k.says(1, "cloud 3 OF far HAS CHANGED: 2 of 2 pictures have other pixels", "models", "probe")
	if !strings.Contains(noticed, "Briefs that depended on it: cloud") {
		t.Errorf("the brief is not named:\n%s", noticed)
	}
	refused := k.says(1, "cloud of far is paused since", "plan", brief)
	for _, want := range []string{"have other pixels than before", "presswerk models resume pause-", "presswerk models probe --show probe-"} {
		if !strings.Contains(refused, want) {
			t.Errorf("%q is not told in\n%s", want, refused)
		}
	}
	k.says(1, "is paused since", "make", brief)
	var list struct{ Pauses []art.Pause }
	if err := json.Unmarshal([]byte(k.says(0, "pause-", "--json", "models", "resume")), &list); err != nil || len(list.Pauses) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	p := list.Pauses[0]
	k.says(0, "HAS CHANGED", "models", "probe", "--show", p.Probe)
	k.says(2, "say why: --reason WHY", "models", "resume", p.ID)
	k.says(2, `nothing that is called "near" is paused`, "models", "resume", "near", "--reason", "so")
	k.says(0, p.ID+" lifted by Lena", "models", "resume", "far/cloud", "--by", "Lena", "--reason", "the new pictures are better", "--accept")
	k.says(0, "in 30 days", "plan", brief)
	k.says(0, "gives the pictures that it gave before", "models", "probe")
}

// A studio that serves probes by itself, once in each interval, however often it is started.
func TestServingProbesByItself(t *testing.T) {
	_ = testkit.Native(t, c2paLibrary)
	k := newKeeper(t)
	db, err := store.Open(t.Context(), filepath.Join(k.dir, ".presswerk", databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	probes := func() (n int) {
		if err := db.Handle().QueryRowContext(t.Context(), "SELECT count(*) FROM probes").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	serve := func(until func() bool) {
		ready := filepath.Join(t.TempDir(), "ready")
		c := k.command("serve", "--listen", "127.0.0.1:0", "--ready-file", ready)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		serving := func() bool {
			_, err := os.Stat(ready)
			return err == nil
		}
		for deadline := time.Now().Add(time.Minute); (!serving() || !until()) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		}
		if err := errors.Join(c.Process.Signal(os.Interrupt), c.Wait()); err != nil {
			t.Errorf("%v\n%s", err, out.String())
		}
	}
	slot := time.Now().Unix() / 3600
	serve(func() bool { return probes() > 0 })
	var begun time.Time
	serve(func() bool {
		if begun.IsZero() {
			begun = time.Now()
		}
		return time.Since(begun) > 2*time.Second
	})
	if n := probes(); n != 1 && time.Now().Unix()/3600 == slot {
		t.Errorf("started twice in one interval, and there are %d probes", n)
	}
}
