package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
	"presswerk/internal/testkit"
)

// trainProcess is a workspace with a program that trains in it by a stand-in that speaks the trainer's protocol.
type trainProcess struct {
	storeProcess
	ws   string
	root string
}

func newTrainProcess(t *testing.T) trainProcess {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 for the stand-in")
	}
	p := trainProcess{newStoreProcess(t), filepath.Join(t.TempDir(), "ws"), testkit.Root(t)}
	p.must(t, "init", p.ws)
	return p
}

func (p trainProcess) train(ctx context.Context, args ...string) *exec.Cmd {
	c := p.command(ctx, args...)
	c.Dir = p.ws
	c.Env = append(
		c.Env, "PRESSWERK_TRAINER="+filepath.Join(p.root, "trainer"), "PRESSWERK_TRAINER_PYTHON="+filepath.Join(p.root, "cmd", "presswerk", "testdata", "standin_trainer.py"),
		"PRESSWERK_MODELS="+filepath.Join(p.root, "models"), "USER=ada",
	)
	return c
}

// code is a command's exit code.
func code(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// TestTrainingEndsInTheStore: one command takes the example set to a LoRA in the store with a complete card, and a plan finds
// it by its name.
func TestTrainingEndsInTheStore(t *testing.T) {
	p := newTrainProcess(t)
	c := p.train(t.Context(), "--json", "train", "lora", "datasets/two-ink", "--steps", "3")
	var messages strings.Builder
	c.Stderr = &messages
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, messages.String())
	}
	var a struct {
		Model    modelstore.Manifest `json:"model"`
		Card     string              `json:"card"`
		Compared []compared          `json:"compared"`
		Estimate estimated           `json:"estimate"`
	}
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	if a.Model.Ref() != "two-ink@1" || a.Model.Kind != art.ModelLoRA || a.Model.License != "MIT" || a.Estimate.HeldOut != 3 {
		t.Errorf("got %+v", a)
	}
	if m := a.Model.Metadata; m["presswerk.base.sha256"] == "" || !strings.HasPrefix(m["presswerk.base.name"], "house@") || m["ss_network_dim"] != "16" {
		t.Errorf("metadata are %v", m)
	}
	if len(a.Compared) < 4 || a.Compared[0].Verdict != verdictBetter || a.Compared[1].Verdict != verdictEqual {
		t.Errorf("compared %+v", a.Compared)
	}
	card, err := readCard(a.Card)
	if err != nil || card.Draft || card.Terms.Commercial != art.TermYes || card.Makers != "ada" || len(card.Measures) != len(a.Compared) {
		t.Errorf("the card is %+v, %v", card, err)
	}
	if _, err := os.Stat(filepath.Join(p.ws, ".presswerk", trainingName, "two-ink.html")); err != nil {
		t.Error(err)
	}
	plan, err := p.train(t.Context(), "--json", "plan", "briefs/two-ink.yaml").Output()
	if err != nil || !strings.Contains(string(plan), a.Model.SHA256) {
		t.Errorf("the plan doesn't name it: %v\n%.2000s", err, plan)
	}
	again, err := p.train(t.Context(), "--json", "train", "lora", "datasets/two-ink", "--steps", "3").Output()
	if err != nil || !strings.Contains(string(again), `"version": "2"`) {
		t.Errorf("a second training: %v\n%.500s", err, again)
	}
}

// TestATrainingThatIsKilledGoesOn: kill -9 leaves no trainer behind and nothing in the store, and the same command goes on
// from the checkpoint.
func TestATrainingThatIsKilledGoesOn(t *testing.T) {
	p := newTrainProcess(t)
	args := []string{"--json", "train", "lora", "datasets/two-ink", "--steps", "6"}
	pid := filepath.Join(t.TempDir(), "pid")
	c := p.train(context.Background(), args...)
	c.Env = append(c.Env, "STANDIN_PAUSE=0.2", "STANDIN_PID="+pid)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "a checkpoint", func() bool {
		found, _ := filepath.Glob(filepath.Join(p.ws, ".presswerk", trainingName, "*", "checkpoint.pt"))
		return len(found) == 1
	})
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the trainer's end", func() bool { return syscall.Kill(trainer, 0) != nil })
	if n := p.whole(t); n != 0 {
		t.Errorf("the store holds %d models", n)
	}
	c = p.train(t.Context(), args...)
	out, err := c.Output()
	if err != nil || !strings.Contains(string(out), `"resumed": true`) {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := p.whole(t); n != 1 {
		t.Errorf("the store holds %d models", n)
	}
}

// TestAStoppedTrainingTakesItsTrainerAlong: an interrupt ends the whole process group and says how to go on.
func TestAStoppedTrainingTakesItsTrainerAlong(t *testing.T) {
	p := newTrainProcess(t)
	c := p.train(context.Background(), "train", "lora", "datasets/two-ink", "--steps", "1000")
	c.Env = append(c.Env, "STANDIN_PAUSE=0.1")
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	all := ""
	for lines.Scan() {
		if all += lines.Text() + "\n"; strings.Contains(lines.Text(), "21 pictures, 3 more held back") {
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Wait(); code(err) != exitOutside {
		t.Errorf("%v\n%s", err, all)
	}
}

// until waits for something that another process does; three minutes, as a loaded machine starts one slowly.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 3600 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never came", what)
}

// TestBadTrainings are refused with the right exit code before anything is started.
func TestBadTrainings(t *testing.T) {
	p := newTrainProcess(t)
	one := filepath.Join(p.ws, "datasets", "one")
	if err := os.MkdirAll(filepath.Join(p.ws, "datasets", "bare"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(one, 0o755); err != nil {
		t.Fatal(err)
	}
	fox, err := os.ReadFile(filepath.Join(p.ws, "datasets", "two-ink", "fox.png"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(dir, text string) {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "fox.png"), fox, 0o600), os.WriteFile(filepath.Join(dir, art.DatasetFile), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	rights := "title: Foxes\ntrigger: ink\nlicense: MIT\ncreator: Ada\npeople: none\n"
	for _, test := range []struct {
		name, yaml string
		args       []string
		code       int
		says       string
	}{
		{"no dataset.yaml", "", []string{"lora", "datasets/bare"}, exitWrongUse, "nobody says whose the pictures are"},
		{"one picture", rights, []string{"lora", "datasets/one"}, exitWrongUse, "nothing was started"},
		{"without rights", "title: Foxes\n", []string{"check", "datasets/one"}, exitWrongUse, "nobody says under which licence it is"},
		{"unknown key", rights + "licence: MIT\n", []string{"lora", "datasets/one"}, exitWrongUse, "dataset.yaml:6:1"},
		{"control on graphs", "", []string{"controlnet", "datasets/two-ink", "--model", filepath.Join(p.root, "internal/engine/local/testdata/models/sd-tiny")}, exitWrongUse, "takes no residuals"},
		{"no class", "", []string{"dreambooth", "datasets/two-ink"}, exitWrongUse, "what the subject is one of"},
		{"no such model", "", []string{"lora", "datasets/two-ink", "--model", "nobody"}, exitWrongUse, "nobody"},
		{"bad device", "", []string{"lora", "datasets/two-ink", "--device", "abacus"}, exitWrongUse, "abacus"},
		{"no such layer", "", []string{"lora", "datasets/two-ink", "--layers", "wings."}, exitWrongUse, "grade., "},
		{"the trainer refuses", "", []string{"lora", "datasets/two-ink", "--seed", "13"}, exitWrongUse, "thirteen"},
		{"the trainer dies", "", []string{"lora", "datasets/two-ink", "--seed", "14"}, exitOutside, "out of memory"},
	} {
		if test.yaml != "" {
			write(one, test.yaml)
		}
		out, err := p.train(t.Context(), append([]string{"train"}, test.args...)...).CombinedOutput()
		if code(err) != test.code || !strings.Contains(string(out), test.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", test.name, code(err), test.code, test.says, out)
		}
	}
	if out, err := p.train(t.Context(), "train", "lora", "datasets/two-ink", "--estimate", "--price-per-hour", "3600").CombinedOutput(); err != nil || !strings.Contains(string(out), "costs 75.00") {
		t.Errorf("an estimate: %v\n%s", err, out)
	}
	if n := p.whole(t); n != 0 {
		t.Errorf("the store holds %d models", n)
	}
}
