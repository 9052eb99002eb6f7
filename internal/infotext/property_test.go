package infotext

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"presswerk/internal/art"
)

// carry says what a tool's text can say; recipes are drawn within.
type carry struct {
	source     Source
	modes      []string
	prompt     *rapid.Generator[string]
	samplers   []art.Recipe // sampler, scheduler and scheduler_config together
	seedTree   bool         // noise_sampler_seed is the seed of samplers with a tree
	cuda       bool
	controls   int // how many
	guess      bool
	loraSHA    bool
	embeddings bool
	references bool
	variation  bool
	upscalers  []string
	padding    bool
	refiner    bool
	tiling     bool
	clip       bool
	eta        bool
}

// words are prompts with what trips parsers: quotes, colons, brackets, new lines, other scripts. White space at the ends
// of lines is not part of them, because the web UI strips it.
func words() *rapid.Generator[string] {
	line := rapid.StringMatching(`[a-zäé日](?:[ -~äß日本]{0,30}[!-~ß])?`)
	return rapid.Custom(func(t *rapid.T) string {
		text := strings.Join(rapid.SliceOfN(line, 0, 3).Draw(t, "lines"), "\n")
		for _, mark := range []string{"<", "Negative prompt:"} { // tags of networks are LoRAs
			text = strings.ReplaceAll(text, mark, "")
		}
		lines := strings.Split(text, "\n")
		for i, l := range lines {
			lines[i] = strings.TrimSpace(l)
		}
		return strings.Trim(strings.Join(lines, "\n"), "\n")
	})
}

// oneLine is a prompt of Midjourney.
func oneLine() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		text := strings.ReplaceAll(words().Draw(t, "words"), "\n", ", ")
		return strings.ReplaceAll(strings.ReplaceAll(text, "--", "-"), jobMark, "")
	})
}

func name() *rapid.Generator[string] { return rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9_]{0,12}`) }

func draw(t *rapid.T, c carry) art.Recipe {
	tens := rapid.Map(rapid.IntRange(1, 200), func(n int) float64 { return float64(n) / 16 }) // exact in any notation
	unit := rapid.Map(rapid.IntRange(0, 64), func(n int) float64 { return float64(n) / 64 })
	r := rapid.SampledFrom(c.samplers).Draw(t, "schedule")
	r.SchedulerConfig = maps.Clone(r.SchedulerConfig)
	r.Mode, r.Engine = rapid.SampledFrom(c.modes).Draw(t, "mode"), "local"
	r.Model.Name = name().Draw(t, "model")
	r.Prompt, r.NegativePrompt = c.prompt.Draw(t, "prompt"), c.prompt.Draw(t, "negative")
	r.Width, r.Height = 8*rapid.IntRange(1, 512).Draw(t, "width"), 8*rapid.IntRange(1, 512).Draw(t, "height")
	r.Steps, r.GuidanceScale = rapid.IntRange(1, 150).Draw(t, "steps"), tens.Draw(t, "cfg")
	r.Seed = art.Seed(rapid.Int64Range(0, maxExact).Draw(t, "seed"))
	if s, _ := samplerNamed(r.Sampler); s.tree && c.seedTree {
		r.SchedulerConfig["noise_sampler_seed"] = float64(r.Seed)
	}
	maybe := func(what string) bool { return rapid.Bool().Draw(t, what) }
	r.NoiseSource = "cpu"
	if c.cuda && maybe("cuda") {
		r.NoiseSource = "cuda"
	}
	if c.clip && maybe("clip") {
		skip := rapid.IntRange(1, 12).Draw(t, "skip")
		r.ClipSkip = &skip
	}
	if c.variation && maybe("variation") {
		r.VariationSeed, r.VariationStrength = art.Seed(rapid.IntRange(0, 1<<30).Draw(t, "variation seed")), 0.125
	}
	r.Tiling = c.tiling && maybe("tiling")
	if c.eta && r.Sampler == "ddim" {
		r.Eta = unit.Draw(t, "eta")
	}
	drawPicture(t, c, &r, unit)
	drawAdapters(t, c, &r, unit)
	return r
}

func drawPicture(t *rapid.T, c carry, r *art.Recipe, unit *rapid.Generator[float64]) {
	if r.Mode != art.ModeTextToImage {
		strength := rapid.Map(rapid.IntRange(1, 16), func(n int) float64 { return float64(n) / 16 }).Draw(t, "strength")
		r.Strength = &strength
		if c.source == ComfyUI {
			r.Steps = 16 * rapid.IntRange(1, 8).Draw(t, "sixteens") // so that a part of them is whole
		}
	}
	if r.Mode == art.ModeInpaint && c.source != InvokeAI && c.source != ComfyUI {
		r.MaskBlur = float64(rapid.IntRange(0, 64).Draw(t, "blur"))
		if c.padding && rapid.Bool().Draw(t, "only masked") {
			padding := rapid.IntRange(0, 256).Draw(t, "padding")
			r.MaskPadding = &padding
		}
	}
	if r.Mode == art.ModeTextToImage && len(c.upscalers) > 0 && rapid.Bool().Draw(t, "hires") {
		r.Hires = &art.Hires{Scale: 1 + float64(rapid.IntRange(1, 12).Draw(t, "scale"))/4, Strength: unit.Draw(t, "hires strength"), Upscaler: rapid.SampledFrom(c.upscalers).Draw(t, "upscaler")}
	} else if c.refiner && r.Mode == art.ModeTextToImage && rapid.Bool().Draw(t, "refiner") {
		r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: name().Draw(t, "refiner model")}, Start: 0.75}
		if c.source == ComfyUI {
			r.Steps = 4 * rapid.IntRange(1, 30).Draw(t, "quarters")
		}
	}
}

func drawAdapters(t *rapid.T, c carry, r *art.Recipe, unit *rapid.Generator[float64]) {
	for range rapid.IntRange(0, 3).Draw(t, "loras") {
		l := art.LoRA{Name: name().Draw(t, "lora"), Weight: 2 * unit.Draw(t, "weight")}
		if c.loraSHA {
			l.SHA256 = strings.Repeat("0f", 32)
		}
		r.LoRAs = append(r.LoRAs, l)
	}
	for range rapid.IntRange(0, c.controls).Draw(t, "controls") {
		kind := rapid.SampledFrom([]string{"canny", "depth", "openpose", "mlsd"}).Draw(t, "kind")
		r.Controls = append(r.Controls, art.Control{
			Kind: kind, Model: art.ModelRef{Name: "control_" + kind}, Weight: unit.Draw(t, "control weight"),
			Start: unit.Draw(t, "start") / 2, End: unit.Draw(t, "end"), GuessMode: c.guess && rapid.Bool().Draw(t, "guess"),
		})
	}
	if c.references && rapid.Bool().Draw(t, "reference") {
		r.References = []art.Control{{Model: art.ModelRef{Name: "ip-adapter_sd15"}, Weight: 0.5, End: 1}}
	}
	if c.embeddings && rapid.Bool().Draw(t, "embedding") {
		r.Embeddings = []art.ModelRef{{Name: name().Draw(t, "embedding name")}}
	}
}

// schedules are the combinations that a tool has names for.
func schedules(syntax string, has func(sampler) bool, of func(curve) bool, walking string) []art.Recipe {
	var all []art.Recipe
	for _, s := range samplers() {
		if !has(s) {
			continue
		}
		if s.walks || walking == InvokeAIWalk {
			if s.walks && walking != "" {
				all = append(all, art.Recipe{Syntax: syntax, Sampler: s.name, Scheduler: "normal"})
			}
			continue
		}
		for _, c := range curves() {
			if !of(c) || c.spacing == "leading" {
				continue
			}
			config := map[string]any{}
			if c.spacing != "" {
				config["timestep_spacing"] = c.spacing
			}
			if len(config) == 0 && !s.tree {
				config = nil
			}
			all = append(all, art.Recipe{Syntax: syntax, Sampler: s.name, Scheduler: c.name, SchedulerConfig: config})
		}
	}
	return all
}

// InvokeAIWalk asks schedules for samplers that walk training steps alone.
const InvokeAIWalk = "only"

func carries() []carry {
	a1111 := func(s sampler) bool { return s.a1111 != "" && s.name != "unipc" }
	comfy := func(s sampler) bool { return s.comfy != "" && !s.walks }
	ours := []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint}
	var invoke []art.Recipe
	for _, s := range samplers() {
		if s.invoke == "" || s.name == "dpmpp_sde" {
			continue
		}
		for _, k := range []string{"normal", "karras"} {
			r := art.Recipe{Syntax: "plain", Sampler: s.name, Scheduler: k}
			if invokeName(r) != "" {
				invoke = append(invoke, r)
			}
		}
	}
	return []carry{
		{
			source: A1111, modes: ours, prompt: words(), seedTree: true, cuda: true, controls: 2, guess: true, embeddings: true, references: true, variation: true,
			samplers:  schedules("a1111", a1111, func(c curve) bool { return c.a1111 != "" }, "too"),
			upscalers: []string{"latent", "latent-nearest", "lanczos", "realesrgan-x4plus-anime", "4x-UltraSharp"},
			padding:   true, refiner: true, tiling: true, clip: true, eta: true,
		},
		{
			source: ComfyUI, modes: ours, prompt: words(), seedTree: true, controls: 2,
			samplers:  schedules("a1111", comfy, func(c curve) bool { return c.comfy != "" }, ""),
			upscalers: []string{"latent", "latent-nearest", "lanczos", "realesrgan-x4plus-anime", "4x-UltraSharp"}, refiner: true, clip: true,
		},
		{
			source: SwarmUI, modes: ours, prompt: words(), seedTree: true, controls: 3, variation: true,
			samplers:  schedules("a1111", comfy, func(c curve) bool { return c.comfy != "" }, ""),
			upscalers: []string{"latent", "lanczos", "realesrgan-x4plus-anime"}, refiner: true, tiling: true, clip: true,
		},
		{source: InvokeAI, modes: append(ours, art.ModeOutpaint), prompt: words(), cuda: true, controls: 2, guess: true, loraSHA: true, samplers: invoke, refiner: true, tiling: true, clip: true},
	}
}

// TestWhatATextCarriesComesBack: parse(format(x)) = x for every field that the tool's text can say.
func TestWhatATextCarriesComesBack(t *testing.T) {
	for _, c := range carries() {
		t.Run(string(c.source), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := draw(t, c)
				text, err := Write(Record{Recipe: want}, c.source)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Parse(text, c.source)
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if d := cmp.Diff(want, got.Recipe); d != "" {
					t.Fatalf("came back otherwise (-want +got):\n%s\n%s", d, text)
				}
				lost, err := Lost(want, c.source)
				if err != nil || len(lost) > 0 {
					t.Fatalf("Lost says %v, %v of a recipe that came back", lost, err)
				}
			})
		})
	}
}

// TestMidjourneysPromptComesBack: the same for a prompt with flags, of which most are kept beside the recipe.
func TestMidjourneysPromptComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Record{Source: Midjourney, Missing: []string{}}
		r := &want.Recipe
		r.Mode, r.Engine = art.ModeTextToImage, "midjourney"
		r.Model = art.ModelRef{Name: rapid.SampledFrom([]string{"midjourney", "niji"}).Draw(t, "model"), Version: rapid.SampledFrom([]string{"6", "6.1", "7"}).Draw(t, "version")}
		r.Prompt = oneLine().Draw(t, "prompt")
		r.NegativePrompt = rapid.SampledFrom([]string{"", "red", "red, blue things"}).Draw(t, "no")
		r.Seed = art.Seed(rapid.Int64Range(1, 1<<32-1).Draw(t, "seed"))
		r.Tiling = rapid.Bool().Draw(t, "tile")
		for _, e := range []Entry{
			{"ar", "16:9"},
			{"s", "250"},
			{"c", "12"},
			{"w", "3000"},
			{"exp", "7"},
			{"iw", "1.5"},
			{"q", "2"},
			{"stop", "80"},
			{"raw", ""},
			{"sref", "https://a.example/b.png 123::2"},
			{"sw", "0"},
			{"cref", "https://a.example/c.png"},
			{"cw", "100"},
			{"oref", "https://a.example/d.png"},
			{"ow", "1"},
			{"p", ""},
			{"p", "abc123"},
			{"draft", ""},
			{"style", "raw"},
			{"unheard", "of"},
		} {
			if rapid.Bool().Draw(t, e.Name) {
				want.Kept = append(want.Kept, e)
			}
		}
		if rapid.Bool().Draw(t, "job") {
			want.Kept = append(want.Kept, Entry{"job id", "a7421d2f-b262-44f9-977c-ac23e9c7d3e3"})
		}
		text, err := Write(want, Midjourney)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text, Midjourney)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Recipe, got.Recipe); d != "" {
			t.Fatalf("came back otherwise (-want +got):\n%s\n%s", d, text)
		}
		if d := cmp.Diff(want.Kept, got.Kept); d != "" {
			t.Fatalf("kept otherwise (-want +got):\n%s\n%s", d, text)
		}
	})
}
