package runway

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// model is what is known of a model for pictures.
type model struct {
	name       string
	sizes      string // all that there are
	references int
	least      int  // references that it can't do without
	edits      bool // a picture may be changed with it
	seeds      bool
	prompt     int // UTF-16 units that a prompt may have; 0 where nobody says
	options    []string
	price      float64 // the most that a picture costs, in USD; 0 where it is only known when asked
}

const gen4Sizes = "1280x720 720x1280 720x720 960x720 720x960 1680x720 1920x1080 1080x1920 1080x1080 1440x1080 1080x1440 2112x912 1024x1024 1168x880 1360x768 1808x768"

// models are those for pictures, the preferred one first.
func models() []model {
	return []model{
		{name: "gen4_image", sizes: gen4Sizes, references: 3, seeds: true, prompt: maxPrompt, options: []string{"contentModeration"}, price: 0.08},
		{name: "gen4_image_turbo", sizes: gen4Sizes, references: 3, least: 1, seeds: true, prompt: maxPrompt, options: []string{"contentModeration"}, price: 0.02},
		{
			name: "nano_banana_2.1", references: 14, edits: true, options: []string{"thinkingLevel"},
			sizes: "1024x1024 848x1264 1264x848 896x1200 1200x896 928x1152 1152x928 768x1376 1376x768 1584x672 512x2064 2064x512 352x2928 2928x352 " +
				"2048x2048 1696x2528 2528x1696 1792x2400 2400x1792 1856x2304 2304x1856 1536x2752 2752x1536 3168x1344 1024x4128 4128x1024 704x5856 5856x704 " +
				"4096x4096 3392x5056 5056x3392 3584x4800 4800x3584 3712x4608 4608x3712 3072x5504 5504x3072 6336x2688 2048x8256 8256x2048 1408x11712 11712x1408",
		},
		{
			name: "gemini_image3_pro", references: 14,
			sizes: "1024x1024 1344x768 768x1344 1184x864 864x1184 1536x672 832x1248 1248x832 896x1152 1152x896 " +
				"2048x2048 1696x2528 2528x1696 1792x2400 2400x1792 1856x2304 2304x1856 1536x2752 2752x1536 3168x1344 " +
				"4096x4096 3392x5056 5056x3392 3584x4800 4800x3584 3712x4608 4608x3712 3072x5504 5504x3072 6336x2688",
		},
		{
			name: "gpt_image_2", references: 16, prompt: 32000, options: []string{"background", "quality"},
			sizes: "1920x1920 2048x880 1920x1088 1920x1280 1920x1440 1920x1536 1536x1920 1440x1920 1280x1920 1088x1920 " +
				"2912x1248 2560x1440 2560x1712 2560x1920 2560x2048 2560x2560 2048x2560 1920x2560 1712x2560 1440x2560 " +
				"3840x1648 3840x2160 3504x2336 3264x2448 3200x2560 2880x2880 2560x3200 2448x3264 2336x3504 2160x3840",
		},
	}
}

// sizes reads a table of ours.
func sizes(table string) (all []art.Size) {
	for one := range strings.FieldsSeq(table) {
		w, h, _ := strings.Cut(one, "x")
		width, _ := strconv.Atoi(w)
		height, _ := strconv.Atoi(h)
		all = append(all, art.Size{Width: width, Height: height})
	}
	return all
}

func capabilities(s wire.Service, m model) engine.Model {
	c := art.Capabilities{
		Engine: s.Name, EngineVersion: s.Version, Model: art.ModelRef{Name: m.name}, Modes: []string{art.ModeTextToImage}, Dialect: "plain",
		Sizes: sizes(m.sizes), SizeStep: 1, MaxReferences: m.references, Options: m.options, Service: terms(m.seeds),
		PricePerPicture: m.price, Currency: "USD",
	}
	c.NativeWidth, c.NativeHeight = c.Sizes[0].Width, c.Sizes[0].Height
	c.MinSize = c.NativeWidth
	for _, size := range c.Sizes {
		c.MinSize, c.MaxSize = min(c.MinSize, size.Width, size.Height), max(c.MaxSize, size.Width, size.Height)
	}
	if m.edits {
		c.Modes = append(c.Modes, art.ModeImageToImage)
	}
	return engine.Model{Capabilities: c}
}

func terms(seeds bool) *art.Service {
	return &art.Service{
		Operator: "Runway", Region: "US", Dated: "2026-11-26", Pricing: "credits of 0.01 USD, told for each task beforehand", SeedKept: seeds,
		DataUse: art.Text{
			"en": "Links to results end after one or two days, and cancelling deletes what was made; models of other makers work under their terms.",
			"de": "Links auf Ergebnisse enden nach ein bis zwei Tagen, Abbrechen löscht Gemachtes; Modelle anderer Hersteller arbeiten zu deren Bedingungen.",
		},
		Safety: art.Text{
			"en": "Inputs and outputs are moderated; a refusal is a failed task whose code begins with SAFETY. \"contentModeration\" makes it less strict about public figures.",
			"de": "Ein- und Ausgaben werden geprüft; eine Ablehnung ist eine gescheiterte Aufgabe mit einem Code, der mit SAFETY beginnt. „contentModeration“ lockert es für bekannte Personen.",
		},
		License: art.Text{"en": "The customer keeps what rights there are in the output.", "de": "Rechte an der Ausgabe bleiben beim Kunden."},
	}
}

// maxPrompt is how many UTF-16 units Runway's own models read.
const maxPrompt = 1000

// maxSeed is the largest that Runway takes.
const maxSeed = 1<<32 - 1

// check refuses what the model can't honour.
func (e *Engine) check(r art.Recipe) (model, error) {
	at := slices.IndexFunc(e.models, func(m model) bool { return m.name == r.Model.Name })
	if at < 0 {
		_, err := e.info.Model(r.Model)
		return model{}, err
	}
	m := e.models[at]
	if err := engine.Check(e.info.Models[at].Capabilities, r); err != nil {
		return m, err
	}
	if err := wire.CheckPictures(r, m.references, true, false); err != nil {
		return m, err
	}
	if err := (wire.Takes{}).Fields(r); err != nil {
		return m, err
	}
	if len(r.References) < m.least {
		return m, art.Invalid("references", m.name+" can't do without", "name a picture, or use gen4_image")
	}
	if err := checkWords(r.Prompt, m.prompt, r.Seed); err != nil {
		return m, err
	}
	return m, checkTags(tags(r))
}

func checkWords(prompt string, most int, seed art.Seed) error {
	switch n := len(utf16.Encode([]rune(prompt))); {
	case most > 0 && n > most:
		return art.Unsupported("prompt", fmt.Sprintf("has %d characters", n), fmt.Sprintf("use at most %d", most))
	case seed > maxSeed:
		return art.Unsupported("seed", fmt.Sprintf("%d is too large", seed), fmt.Sprintf("use at most %d", int64(maxSeed)))
	}
	return nil
}

// tags are the names of the pictures that go along, by which a prompt may call them: a reference's kind, or its place.
func tags(r art.Recipe) (all []string) {
	if r.InitImage != "" {
		all = append(all, fmt.Sprintf("image_%d", len(all)+1))
	}
	for _, reference := range r.References {
		if reference.Kind != "" {
			all = append(all, reference.Kind)
			continue
		}
		all = append(all, fmt.Sprintf("image_%d", len(all)+1))
	}
	return all
}

func checkTags(all []string) error {
	form := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{2,15}$`)
	for i, tag := range all {
		if !form.MatchString(tag) || slices.Contains(all[:i], tag) {
			return art.Invalid("references.kind", fmt.Sprintf("%q is no tag, or there twice", tag), "use 3 to 16 letters, digits and underscores, beginning with a letter")
		}
	}
	return nil
}
