package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// makers are the engines and models that make what the brief wants: clips or pictures.
func makers(in Input) []art.Capabilities {
	return slices.DeleteFunc(slices.Clone(in.Engines), func(c art.Capabilities) bool { return (c.Clip != nil) != (in.Brief.Clip != nil) })
}

// filmed takes out of parameters what a kit or a style token says for pictures: models that make clips know none of it, and
// who wrote the brief hasn't asked for it.
func filmed(p art.Parameters) art.Parameters {
	return art.Parameters{Seed: p.Seed, Format: p.Format, ColourProfile: p.ColourProfile}
}

// filming is a draft's recipe for a model that makes clips. A loop is asked for as one where the model can be told how to end.
func (b *builder) filming(d draft, c art.Capabilities) (art.Recipe, []art.Refusal) {
	w, err := prompt.Write(d.source(c), c.Dialect)
	if err != nil {
		return art.Recipe{}, []art.Refusal{refusalOf(err)}
	}
	var refused []art.Refusal
	wish := b.in.Brief.Clip
	picture := func(field, name string) string {
		if name == "" || strings.HasPrefix(name, "sha256:") {
			return name
		}
		sum, ok := b.in.Pictures[name]
		if !ok {
			refused = append(refused, art.Refusal{Field: field, Reason: fmt.Sprintf("there is no picture %q in the workspace", name), Remedy: "write its path from the top of the workspace, or sha256:… of a picture that was made here"})
		}
		return sum
	}
	p := d.parameters
	r := art.Recipe{
		Mode: art.ModeTextToVideo, Engine: c.Engine, EngineVersion: c.EngineVersion, Model: c.Model, Prompt: w.Positive, NegativePrompt: w.Negative,
		Syntax: "plain", Width: or(p.Width, c.NativeWidth), Height: or(p.Height, c.NativeHeight), Seed: or(p.Seed, seedOf(b.in.Brief.ID)),
		Clip: &art.ClipRecipe{Seconds: wish.Seconds, First: picture("clip.first", wish.First), Last: picture("clip.last", wish.Last)}, Options: wish.Options,
	}
	if r.Clip.First != "" {
		r.Mode = art.ModeImageToVideo
		if wish.Loop && c.Clip.Last != art.FrameNone {
			r.Clip.Last = r.Clip.First
		}
	}
	if !c.TakesSeed() {
		r.Draw, r.Seed = r.Seed, 0
	}
	return r, refused
}

// fitClip compares a recipe for a clip with what a model can honour.
func fitClip(r art.Recipe, d draft, c art.Capabilities) []misfit {
	if c.Clip == nil {
		return []misfit{{"clip", c.Engine + " with model " + c.Model.Name + " makes no clips", "use a model that does"}}
	}
	var bad []misfit
	add := func(wrong bool, field, reason, remedy string) {
		if wrong {
			bad = append(bad, misfit{field, c.Engine + " with model " + c.Model.Name + " " + reason, remedy})
		}
	}
	first, last, p := r.Clip.First != "", r.Clip.Last != "", d.parameters
	add(!first && c.Clip.First == art.FrameMust, "clip.first", "makes clips only of a picture", "name the picture that it begins with")
	add(first && c.Clip.First == art.FrameNone, "clip.first", "takes no picture to begin with", "take it out")
	add(!last && c.Clip.Last == art.FrameMust, "clip.last", "makes clips only between two pictures", "name the picture that it ends with")
	add(last && c.Clip.Last == art.FrameNone, "clip.last", "takes no picture to end with", "take it out")
	add(last && !first, "clip.first", "is to end with a picture and has none to begin with", "name the picture that it begins with")
	add(!slices.Contains(c.Clip.Seconds, r.Clip.Seconds), "clip.seconds", fmt.Sprintf("makes no clips of %d seconds", r.Clip.Seconds), "use one of "+numbers(c.Clip.Seconds))
	add(!slices.Contains(c.Sizes, art.Size{Width: r.Width, Height: r.Height}), "parameters.width", fmt.Sprintf("makes no clip of %d×%d", r.Width, r.Height), "use "+sizes(c))
	add(!first && len(c.Clip.OfWords) > 0 && slices.Contains(c.Sizes, art.Size{Width: r.Width, Height: r.Height}) && !slices.Contains(c.Clip.OfWords, art.Size{Width: r.Width, Height: r.Height}),
		"parameters.width", fmt.Sprintf("makes %d×%d only of a picture", r.Width, r.Height), "use "+sizes(art.Capabilities{Sizes: c.Clip.OfWords})+", or name clip.first")
	add(len(d.wanted) > 0 && !c.Negative, "prompt.negatives", "knows no negative prompt", "take them out")
	for _, other := range []struct {
		name string
		said bool
	}{
		{"steps", p.Steps != nil},
		{"guidance_scale", p.GuidanceScale != nil},
		{"guidance_rescale", p.GuidanceRescale != nil},
		{"sampler", p.Sampler != ""},
		{"scheduler", p.Scheduler != ""},
		{"noise_source", p.NoiseSource != ""},
		{"clip_skip", p.ClipSkip != nil},
		{"eta", p.Eta != nil},
		{"loras", len(p.LoRAs) > 0},
	} {
		add(other.said, "parameters."+other.name, "knows no such thing", "take it out")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		add(!slices.Contains(c.Options, name), "clip.options."+name, "knows no such option", "use one of: "+strings.Join(c.Options, ", "))
	}
	return bad
}

// numbers writes a list of lengths.
func numbers(all []int) string {
	texts := make([]string, len(all))
	for i, n := range slices.Sorted(slices.Values(all)) {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, ", ")
}
