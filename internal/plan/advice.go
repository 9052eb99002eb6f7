package plan

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// Tokens that an encoder takes, without the two that mark beginning and end.
const (
	houseTokens = 30 // MiniLM as the house model was trained: 32
	clipTokens  = 75 // CLIP: 77
)

// advise warns of what will work, and perhaps not as hoped.
func (b *builder) advise(r art.Recipe, d draft, c art.Capabilities) {
	if b.usual && b.in.Brief.Run == art.Production {
		b.warn("matrix", "none is given, so seeds, guidance and samplers are varied", "list in matrix what may vary, or write matrix: [] for one picture")
	}
	if token, part := styleOverruled(b.in.Brief, b.tokens.named(b.in.Brief.Styles)); token != "" {
		b.warn("prompt."+part, fmt.Sprintf("the brief's own words stand over those of the style token %q", token), "take one of the two out")
	}
	if len(d.usual) > 0 && !c.Negative {
		b.warn("negatives", fmt.Sprintf("%s with model %s knows no negative prompt; the brand's negatives are left out", c.Engine, c.Model.Name), "")
	}
	if !c.Weights && slices.ContainsFunc(d.prompt.Parts(), func(n art.NamedPart) bool {
		return n.Part.Priority != "" && n.Part.Priority != art.PriorityNormal
	}) {
		b.warn("prompt", fmt.Sprintf("%s with model %s knows no weights; priorities only order the words where they can", c.Engine, c.Model.Name), "")
	}
	if !c.Deterministic && b.in.Brief.Run == art.Production {
		b.warn("parameters.engine", c.Engine+" does not promise equal pixels for equal recipes", "pictures may not be repeatable exactly")
	}
	if c.Service != nil && c.Model.SHA256 == "" && b.in.Brief.Run == art.Production {
		b.warn("parameters.model", fmt.Sprintf("%s may change behind the name %s without telling; pictures are kept as they came", c.Engine, c.Model.Name), "watch it: presswerk models probe pauses what depends on a model that has changed")
	}
	if c.Clip == nil {
		b.adviseLength(r, c)
	}
	b.adviseVocabulary(d.prompt, c.Vocabulary, c.Model.Name)
}

// adviseLength warns of a prompt that an encoder will cut. It counts words and punctuation marks, which is the least
// number of tokens that there can be.
func (b *builder) adviseLength(r art.Recipe, c art.Capabilities) {
	limit := clipTokens
	if c.Dialect == prompt.House {
		limit = houseTokens
	}
	if c.Dialect == prompt.A1111 {
		return // its syntax goes on in further chunks
	}
	if n := leastTokens(r.Prompt); n > limit {
		b.warn("prompt", fmt.Sprintf("%q has at least %d tokens, and the encoder reads %d: the end will be cut", r.Prompt, n, limit), "use fewer words")
	}
	if n := leastTokens(r.NegativePrompt); n > limit {
		b.warn("prompt.negatives", fmt.Sprintf("they have at least %d tokens, and the encoder reads %d: the end will be cut", n, limit), "name the ones that matter first")
	}
}

func leastTokens(s string) int {
	n, inWord := 0, false
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !inWord {
				n++
			}
			inWord = true
		case unicode.IsSpace(r):
			inWord = false
		default:
			n++
			inWord = false
		}
	}
	return n
}

// adviseVocabulary warns of words that a small model has never seen, and names the nearest ones that it has.
func (b *builder) adviseVocabulary(p art.Prompt, v *art.Vocabulary, model string) {
	if v == nil {
		return
	}
	var colours []string
	for name := range v.Colours {
		colours = append(colours, name)
	}
	for _, part := range []struct {
		name  string
		words string
		known []string
	}{
		{"subject", p.Subject.Words.In(art.English), v.Subjects},
		{"style", p.Style.Words.In(art.English), v.Styles},
		{"background", p.Background.Words.In(art.English), sorted(colours)},
	} {
		if part.words == "" || len(part.known) == 0 || inVocabulary(part.words, part.known) {
			continue
		}
		remedy := "expect less"
		if near := nearestWords(part.words, part.known); near != "" {
			remedy = fmt.Sprintf("the nearest that it knows is %q", near)
		}
		b.warn("prompt."+part.name, fmt.Sprintf("the model %s was not trained on %q", model, part.words), remedy)
	}
	if others := otherParts(p); len(others) > 0 {
		b.warn("prompt", fmt.Sprintf("the model %s was trained on subject, style and background; it may not understand: %s", model, strings.Join(others, ", ")), "")
	}
	if p.Lettering != "" {
		b.warn("prompt.text", fmt.Sprintf("the model %s cannot write", model), "set the words in the layout")
	}
}

// plainWords are words as a vocabulary lists them: normalised, without an article and without "background".
func plainWords(s string) string {
	words := strings.Fields(prompt.Normalise(s))
	if len(words) > 1 && slices.Contains([]string{"a", "an", "the"}, words[0]) {
		words = words[1:]
	}
	if n := len(words); n > 1 && words[n-1] == "background" {
		words = words[:n-1]
	}
	return strings.Join(words, " ")
}

func inVocabulary(words string, known []string) bool {
	plain := plainWords(words)
	return slices.ContainsFunc(known, func(k string) bool { return plainWords(k) == plain })
}

// nearestWords finds a slip of the finger first, else what shares the most words.
func nearestWords(words string, known []string) string {
	plain := plainWords(words)
	if near := prompt.Nearest(plain, known); near != "" {
		return near
	}
	best, most := "", 0
	for _, k := range known {
		shared := 0
		for w := range strings.FieldsSeq(plainWords(k)) {
			if slices.Contains(strings.Fields(plain), w) {
				shared++
			}
		}
		if shared > most {
			best, most = k, shared
		}
	}
	return best
}
