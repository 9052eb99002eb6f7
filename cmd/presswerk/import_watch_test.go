package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
	"presswerk/internal/testkit"
)

// described draws a picture with a description, as Midjourney's files have one.
func described(t *testing.T, description string, shade uint8) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 96, 96))
	for y := range 96 {
		for x := range 96 {
			m.Set(x, y, color.NRGBA{shade, uint8(x * 2), uint8(y * 2), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return withText(b.Bytes(), "Description", description)
}

const jobWords = " Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"

// From a brief to prompts, from prompts to files that a person brings, from files to candidates: each once, also where the
// process was killed after it had written a picture down and before it had moved its file.
func TestPicturesThatAPersonBringsBecomeCandidates(t *testing.T) {
	_ = testkit.Native(t, c2paLibrary)
	t.Setenv("PRESSWERK_MIDJOURNEY", "by-hand")
	k := newKeeper(t)
	kit := filepath.Join(k.dir, "brands", "morgenrot", "kit.yaml")
	text, err := os.ReadFile(kit)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "\ndefaults:\n")
	_, after, _ := strings.Cut(rest, "\nchannels:\n")
	k.write(kit, before+"\nchannels:\n"+after)
	k.write("briefs/hand.yaml", "title: {en: Hand, de: Hand}\ngoal: A test.\nkpi: {metric: votes, target: 1}\nbrand: morgenrot\nchannels: [social]\nlanguages: [en]\nrun: exploration\napproval: review\n"+
		"parameters: {engine: midjourney, width: 1536, height: 1024, options: {s: 250, raw: true}}\nprompt: {subject: egg}\nmatrix: [{field: seed, values: [7, 8]}]\nlegal: {no_gos: []}\n")
	brief, page := filepath.Join(k.dir, "briefs", "hand.yaml"), filepath.Join(k.dir, "hand.html")
	prompts := strings.Split(strings.TrimSpace(k.says(0, "--seed 7", "export", brief, "--as", "midjourney", "--page", page)), "\n")[:2]
	if !strings.Contains(prompts[0], "--ar 3:2 --raw --s 250") || !strings.Contains(prompts[1], "--seed 8 --v 7") {
		t.Fatalf("%q", prompts)
	}
	html, err := os.ReadFile(page)
	if err != nil || strings.Count(string(html), "<button") != 2 || strings.Contains(string(html), "http://") || strings.Contains(string(html), "https://") {
		t.Errorf("%v: %s", err, html)
	}
	k.says(3, "a person makes this picture", "make", brief)
	folder := t.TempDir()
	put := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := described(t, prompts[0]+jobWords, 40)
	put("ada_egg_1.png", first)
	put("ada_egg_again.png", described(t, prompts[0]+jobWords, 90)) // the same prompt once more
	put("ada_fox.png", described(t, "a fox --seed 1"+jobWords, 10))
	put("loading.png.crdownload", first)
	put("notes.txt", []byte("hello"))
	watch := func() map[string]watched {
		t.Helper()
		var a struct{ Files []watched }
		out := k.says(0, "", "--json", "import", "--watch", folder, "--every", "50ms", "--once", "--by", "Ada")
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		found := map[string]watched{}
		for _, f := range a.Files {
			found[filepath.Base(f.File)] = f
		}
		return found
	}
	got := watch()
	if len(got) != 4 || got["ada_egg_1.png"].Candidate == "" || filepath.Base(filepath.Dir(got["ada_egg_1.png"].Moved)) != "taken" {
		t.Errorf("%+v", got)
	}
	for name, why := range map[string]string{"ada_egg_again.png": "has been brought already", "ada_fox.png": "no picture waits for the prompt", "notes.txt": "picture"} {
		if f := got[name]; !strings.Contains(f.Reason, why) || filepath.Base(filepath.Dir(f.Moved)) != "unmatched" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	put("ada_egg_1.png", first) // as if it had been killed before it could move it
	if got := watch(); got["ada_egg_1.png"].Reason != "" || filepath.Base(got["ada_egg_1.png"].Moved) != "ada_egg_1-2.png" {
		t.Errorf("found again: %+v", got)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 3 { // taken, unmatched, and what is still loading
		t.Errorf("%v, %v", left, err)
	}
	put("ada_egg_2.png", described(t, prompts[1]+jobWords, 160))
	k.killed(func(i int) bool { // a little later each time, until one has lived long enough
		_, err := os.Stat(filepath.Join(folder, "taken", "ada_egg_2.png"))
		return err == nil || i > 45
	}, "import", "--watch", folder, "--every", "5ms", "--by", "Ada")
	if left, err := os.ReadDir(filepath.Join(folder, "taken")); err != nil || len(left) != 3 {
		t.Errorf("taken: %v, %v", left, err)
	}
	c := k.command("--json", "make", brief)
	out, _ := c.Output()
	var run made
	if err := json.Unmarshal(out, &run); err != nil || run.Candidates != 2 || run.Rendered != 2 {
		t.Errorf("%+v, %v\n%s", run, err, out)
	}
}

// killed starts the program and kills it, again and again and a sixth later each time, until done says so.
func (k keeper) killed(done func(i int) bool, args ...string) {
	k.t.Helper()
	life := 40 * time.Millisecond
	for i := 0; !done(i); i++ {
		c := k.command(args...)
		if err := c.Start(); err != nil {
			k.t.Fatal(err)
		}
		time.Sleep(life)
		life += life / 6
		if err := c.Process.Kill(); err != nil { // SIGKILL: nothing can be tidied up
			k.t.Fatal(err)
		}
		_ = c.Wait()
	}
}

// What a file's name tells is cut: it fits where it is the beginning of one prompt that waits, and of no other.
func TestFilesAreMatchedWithThePromptsThatWait(t *testing.T) {
	call := func(id, words string, seed art.Seed, state art.CallState) art.Call {
		return art.Call{ID: id, CallOutcome: art.CallOutcome{State: state}, Recipe: art.Recipe{
			Mode: art.ModeTextToImage, Engine: "midjourney", Model: art.ModelRef{Name: "midjourney", Version: "7"}, Prompt: words, Seed: seed, Width: 1536, Height: 1024,
		}}
	}
	calls := []art.Call{
		call("egg-1", "an egg, ink on paper, in the morning light of a kitchen", 1, art.CallAccepted), call("egg-2", "an egg, ink on paper, in the morning light of a kitchen", 2, art.CallAccepted),
		call("fox", "a fox, resting under the old oak tree beside the river", 1, art.CallAccepted), call("owl", "an owl", 1, art.CallDone), call("ant", "an ant", 1, art.CallFailed),
	}
	named := func(name string) infotext.Picture { return infotext.Picture{Name: name} }
	told := func(text string) infotext.Picture {
		return infotext.Picture{Name: "x.png", Texts: []infotext.Entry{{Name: "Description", Value: text + jobWords}}}
	}
	const id = "_a7421d2f-b262-44f9-977c-ac23e9c7d3e3_0.png"
	for want, pictures := range map[string][]infotext.Picture{
		"egg-2": {told("An egg, ink on paper,  in the morning light of a kitchen --ar 3:2 --seed 2 --v 7")},
		"fox":   {named("ada_a_fox_resting_under_the_old_oak_tr" + id), told("a fox, resting under the old oak tree beside the river --v 7")},
		"":      {named("ada_an_egg_ink_on_paper" + id), told("an egg, ink on paper, in the morning light of a kitchen --seed 3"), told("an owl"), told("an ant"), told("a fox"), named("ada_" + id)},
	} {
		for _, p := range pictures {
			said, err := infotext.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := waiting(calls, said, "sum"); got.ID != want || (err == nil) != (want != "") {
				t.Errorf("%+v: %s, %v; want %q", p, got.ID, err, want)
			}
		}
	}
}

func TestAnArchiveIsReadFileByFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "export.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	add := func(name string, data []byte) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("2026/11/ada_a_hut_a7421d2f-b262-44f9-977c-ac23e9c7d3e3_2.png", described(t, "a hut --ar 2:1 --v 7"+jobWords, 1))
	add("2026/11/ada_an_old_mill_b7421d2f-b262-44f9-977c-ac23e9c7d3e3_0.png", withText(testkit.PNG(t, 8, 8), "Software", "x"))
	add("2026/11/broken.png", []byte("\x89PNG\r\n\x1a\n"))
	add("__MACOSX/2026/11/._x.png", []byte("x"))
	if w, err := z.Create("bomb.txt"); err != nil {
		t.Fatal(err)
	} else if _, err := io.CopyN(w, zeros{}, maxImport+10); err != nil {
		t.Fatal(err)
	}
	if err := errorsOf(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	var said []string
	err = eachPicture(t.Context(), file, func(name string, one imported, err error) error {
		word := "error"
		if err == nil {
			word = one.Recipe.Prompt
			for _, k := range one.Kept {
				if k.Name == "job id" {
					word += " " + k.Value[:8]
				}
			}
		}
		said = append(said, filepath.Base(name)[:3]+": "+word)
		return nil
	})
	if got := strings.Join(said, "; "); err != nil || got != "ada: a hut a7421d2f; ada: an old mill b7421d2f; bro: error; bom: error" {
		t.Errorf("%v: %s", err, got)
	}
	if err := os.WriteFile(file, []byte("PK nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = eachPicture(t.Context(), file, func(_ string, _ imported, err error) error {
		if err == nil {
			t.Error("a broken archive was read")
		}
		return nil
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}
