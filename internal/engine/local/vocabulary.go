package local

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
)

// Limits of a recipe's textual inversions, and of the sets that are kept for the next pictures.
const (
	maxEmbeddings   = 64
	maxVocabularies = 64
)

// vocabulary is what the textual inversions of a recipe add to the words of its prompts. Those of one set are one
// vocabulary, so that a pointer tells whether a prompt was encoded before.
type vocabulary struct {
	entries []entry
}

// entry is one textual inversion: in plain syntax its own token stands for it, in A1111's the name of its file, without the
// version that a recipe may name.
type entry struct {
	lowrank.Embedding
	file string
}

// vocabularies keeps what was read. It is safe for concurrent use.
type vocabularies struct {
	mu    sync.Mutex
	known map[string]*vocabulary // by names and SHA-256
}

// vocabulary reads the textual inversions that a recipe names and makes sure that they are those whose SHA-256 it has
// and that each text encoder finds its vectors in them; nil when it names none.
func (e *Engine) vocabulary(r art.Recipe) (*vocabulary, error) {
	if len(r.Embeddings) == 0 {
		return nil, nil //nolint:nilnil // no vocabulary adds no words
	}
	if len(r.Embeddings) > maxEmbeddings {
		return nil, art.Invalid("embeddings", fmt.Sprintf("%d are more than %d", len(r.Embeddings), maxEmbeddings), "take some out")
	}
	files, key := make([]string, len(r.Embeddings)), ""
	for i, ref := range r.Embeddings {
		s := e.embeddingShelf(i)
		file, err := s.find(ref.Name)
		if err != nil {
			return nil, err
		}
		sum, err := s.pinned(e.hasher, ref.Name, file, ref.SHA256)
		if err != nil {
			return nil, err
		}
		files[i] = file
		key += sum + " " + ref.Name + "\n"
	}
	e.words.mu.Lock()
	defer e.words.mu.Unlock()
	if v, ok := e.words.known[key]; ok {
		return v, nil
	}
	v := &vocabulary{}
	for i, file := range files {
		name, _, _ := strings.Cut(r.Embeddings[i].Name, "@")
		one, err := readEmbedding(file, name)
		if err != nil {
			return nil, fmt.Errorf("local: embeddings[%d]: %w", i, err)
		}
		v.entries = append(v.entries, entry{one, name})
	}
	if e.words.known == nil || len(e.words.known) >= maxVocabularies {
		e.words.known = map[string]*vocabulary{}
	}
	e.words.known[key] = v
	return v, nil
}

func (e *Engine) embeddingShelf(i int) shelf {
	return shelf{"textual inversion", fmt.Sprintf("embeddings[%d]", i), e.options.Embeddings, []string{".safetensors", ".pt", ".bin"}}
}

func readEmbedding(path, name string) (_ lowrank.Embedding, err error) {
	file, err := os.Open(path)
	if err != nil {
		return lowrank.Embedding{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return lowrank.Embedding{}, err
	}
	return lowrank.OpenEmbedding(file, info.Size(), name)
}

// checkEmbeddings refuses textual inversions that were made for another model, and tokens that two of them claim.
func (e *Engine) checkEmbeddings(f *Folder, r art.Recipe) error {
	v, err := e.vocabulary(r)
	if err != nil || v == nil {
		return err
	}
	taken := map[string]bool{}
	for i, one := range v.entries {
		field := fmt.Sprintf("embeddings[%d]", i)
		for network, width := range f.vectorWidths() {
			vectors := one.Vectors[network]
			if len(vectors) == 0 {
				return art.Unsupported(field, fmt.Sprintf("%s has no vectors for %s", one.file, network), "use one that was made for this kind of model")
			}
			if width > 0 && len(vectors[0]) != width {
				return art.Unsupported(field, fmt.Sprintf("%s has vectors of %d numbers for %s, whose own have %d", one.file, len(vectors[0]), network, width), "use one that was made for this kind of model")
			}
		}
		for _, token := range one.Tokens() {
			if taken[token] {
				return art.Invalid(field, fmt.Sprintf("the token %q is another one's, too", token), "take one of them out")
			}
			taken[token] = true
		}
	}
	return nil
}

// vectorWidths says how many numbers a token's vector has in each text encoder; 0 where its configuration doesn't tell.
func (f *Folder) vectorWidths() map[string]int {
	widths := map[string]int{}
	if f.hasEncoder() {
		widths[lowrank.TextEncoder] = f.text.HiddenSize
	}
	if f.xl() {
		widths[lowrank.TextEncoder2] = f.text2.HiddenSize
	}
	return widths
}

// literals are the words of plain syntax for one text encoder, with the vectors that each stands for: a token for all of
// its own, "token_1" for its second one.
//
// Source: diffusers, TextualInversionLoaderMixin.
func (v *vocabulary) literals(network string) map[string][][]float32 {
	all := map[string][][]float32{}
	for _, one := range v.entries {
		vectors := one.Vectors[network]
		for i, token := range one.Tokens() {
			if i == 0 {
				all[token] = vectors
			} else if i < len(vectors) {
				all[token] = vectors[i : i+1]
			}
		}
	}
	return all
}

// named are the words of A1111's syntax for one text encoder: the ids of each file's name, and its vectors. Longer names
// come first, else those that the recipe names first.
//
// Source: AUTOMATIC1111's EmbeddingDatabase.
func (v *vocabulary) named(e textEncoder) []namedVectors {
	if v == nil {
		return nil
	}
	var all []namedVectors
	for _, one := range v.entries {
		if ids := e.tokens.Tokens(one.file); len(ids) > 0 {
			all = append(all, namedVectors{ids, one.Vectors[e.network]})
		}
	}
	slices.SortStableFunc(all, func(a, b namedVectors) int { return len(b.ids) - len(a.ids) })
	return all
}

// namedVectors are vectors that stand where some ids stand in a row.
type namedVectors struct {
	ids     []int64
	vectors [][]float32
}

// at finds the first whose ids begin a list of ids.
func at(all []namedVectors, ids []int64) (namedVectors, bool) {
	for _, one := range all {
		if len(ids) >= len(one.ids) && slices.Equal(ids[:len(one.ids)], one.ids) {
			return one, true
		}
	}
	return namedVectors{}, false
}

// sortedWords lists literals so that numbers given in this order don't depend on a map's.
func sortedWords(literals map[string][][]float32) []string {
	return slices.SortedFunc(maps.Keys(literals), strings.Compare)
}
