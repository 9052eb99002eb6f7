package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clip is CLIP's byte-pair encoding.
//
// Source: Radford et al. 2021, arXiv:2103.00020; Sennrich et al. 2016, arXiv:1508.07909; ids as CLIPTokenizer of
// transformers 4.57 gives them when ftfy isn't installed.
type clip struct {
	vocab    map[string]int64
	words    map[int64]string
	ranks    map[[2]string]int
	literals splitter
	special  Special
	unknown  int64
	max      int
}

const (
	wordEnd   = "</w>"
	clipBegin = "<|startoftext|>"
	clipEnd   = "<|endoftext|>"
	// maxMerges is how many lines of merges.txt the reference reads after the first.
	maxMerges = 49152 - 256 - 2
)

func openCLIP(folder fs.FS, cfg config) (Tokenizer, error) {
	c := &clip{ranks: map[[2]string]int{}, words: map[int64]string{}, max: cfg.maxLength()}
	err := c.readFiles(folder)
	if err != nil {
		return nil, err
	}
	for word, id := range c.vocab {
		c.words[id] = word
	}
	c.literals.tokens = map[string]int64{}
	for id, added := range cfg.Added {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || added.Content == "" {
			return nil, fmt.Errorf("tokenize: tokenizer_config.json: added token %q: %w", id, ErrFormat)
		}
		c.literals.tokens[added.Content] = n
		c.words[n] = added.Content
	}
	for _, t := range []struct {
		text string
		into *int64
	}{
		{cfg.Unknown.or(clipEnd), &c.unknown},
		{cfg.Begin.or(clipBegin), &c.special.Begin},
		{cfg.End.or(clipEnd), &c.special.End},
		{cfg.Pad.or(clipEnd), &c.special.Pad},
	} {
		id, ok := c.literals.tokens[t.text]
		if !ok {
			id, ok = c.vocab[t.text]
		}
		if !ok {
			return nil, fmt.Errorf("tokenize: the vocabulary lacks %q: %w", t.text, ErrFormat)
		}
		*t.into = id
		c.literals.tokens[t.text] = id
	}
	return c, nil
}

// readFiles reads vocab.json and merges.txt, or tokenizer.json where they are missing.
func (c *clip) readFiles(folder fs.FS) error {
	err := readJSON(folder, "vocab.json", &c.vocab)
	if errors.Is(err, fs.ErrNotExist) {
		return c.readFast(folder)
	}
	if err != nil {
		return err
	}
	merges, err := readFile(folder, "merges.txt")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(merges)), "\n")
	for i, line := range lines[1:] { // the first line is a version
		if i == maxMerges {
			break
		}
		if err := c.addMerge(strings.Fields(line), i); err != nil {
			return fmt.Errorf("tokenize: merges.txt line %d: %w", i+2, err)
		}
	}
	return nil
}

func (c *clip) addMerge(pair []string, rank int) error {
	if len(pair) != 2 {
		return fmt.Errorf("a merge must be two pieces: %w", ErrFormat)
	}
	c.ranks[[2]string{pair[0], pair[1]}] = rank
	return nil
}

// readFast reads tokenizer.json, whose merges are "a b" or ["a", "b"].
func (c *clip) readFast(folder fs.FS) error {
	var file struct {
		Model struct {
			Type   string
			Vocab  map[string]int64
			Merges []json.RawMessage
		}
	}
	if err := readJSON(folder, "tokenizer.json", &file); err != nil {
		return err
	}
	if file.Model.Type != "BPE" {
		return fmt.Errorf("tokenize: tokenizer.json: model type %q where BPE is wanted: %w", file.Model.Type, ErrFormat)
	}
	c.vocab = file.Model.Vocab
	for i, raw := range file.Model.Merges {
		var pair []string
		var line string
		if json.Unmarshal(raw, &line) == nil {
			pair = strings.Fields(line)
		} else if err := json.Unmarshal(raw, &pair); err != nil {
			return fmt.Errorf("tokenize: tokenizer.json: merge %d: %w", i, ErrFormat)
		}
		if err := c.addMerge(pair, i); err != nil {
			return fmt.Errorf("tokenize: tokenizer.json: merge %d: %w", i, err)
		}
	}
	return nil
}

func (c *clip) Special() Special { return c.special }
func (c *clip) MaxLength() int   { return c.max }

func (c *clip) Tokens(text string) []int64 {
	var ids []int64
	c.literals.split(text, func(id int64) {
		ids = append(ids, id)
	}, func(text string) {
		text = norm.NFC.String(spaceChinese(clean(text)))
		text = lower(strings.Join(strings.Fields(text), " "), true)
		for text != "" {
			n := clipWord(text)
			if word := text[:n]; word != " " {
				ids = append(ids, c.word(word)...)
			}
			text = text[n:]
		}
	})
	return ids
}

// clipWord is the length of the first word of text, which is lower-case and not empty: a special token, an English
// contraction, a run of letters, one digit, a run of anything else, or one white space.
func clipWord(text string) int {
	for _, fixed := range [...]string{clipBegin, clipEnd, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"} {
		if strings.HasPrefix(text, fixed) {
			return len(fixed)
		}
	}
	first, size := utf8.DecodeRuneInString(text)
	switch {
	case unicode.IsLetter(first):
		return runLength(text, unicode.IsLetter)
	case unicode.IsNumber(first), unicode.IsSpace(first):
		return size
	}
	return runLength(text, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

func runLength(text string, in func(rune) bool) int {
	for i, r := range text {
		if !in(r) {
			return i
		}
	}
	return len(text)
}

// word gives the ids of one word.
func (c *clip) word(word string) []int64 {
	if word == clipBegin || word == clipEnd {
		return []int64{c.id(word)}
	}
	pieces := make([]string, 0, len(word))
	for _, b := range []byte(word) {
		pieces = append(pieces, byteText(b))
	}
	pieces[len(pieces)-1] += wordEnd
	var ids []int64
	for _, piece := range c.merge(pieces) {
		ids = append(ids, c.id(piece))
	}
	return ids
}

func (c *clip) id(piece string) int64 {
	if id, ok := c.vocab[piece]; ok {
		return id
	}
	return c.unknown
}

// merge joins the pair with the lowest rank, everywhere it stands, until no pair has a rank.
func (c *clip) merge(pieces []string) []string {
	for len(pieces) > 1 {
		best, at := math.MaxInt, -1
		for i := range pieces[:len(pieces)-1] {
			if rank, ok := c.ranks[[2]string{pieces[i], pieces[i+1]}]; ok && rank < best {
				best, at = rank, i
			}
		}
		if at < 0 {
			break
		}
		first, second := pieces[at], pieces[at+1]
		joined := pieces[:0:0]
		for i := 0; i < len(pieces); i++ {
			if i+1 < len(pieces) && pieces[i] == first && pieces[i+1] == second {
				joined = append(joined, first+second)
				i++
				continue
			}
			joined = append(joined, pieces[i])
		}
		pieces = joined
	}
	return pieces
}

func (c *clip) Decode(ids []int64) string {
	var b strings.Builder
	for _, id := range ids {
		word, ok := c.words[id]
		if !ok {
			continue
		}
		if _, literal := c.literals.tokens[word]; literal {
			b.WriteString(word)
			continue
		}
		body, end := strings.CutSuffix(word, wordEnd)
		for _, r := range body {
			if v, ok := textByte(r); ok {
				b.WriteByte(v)
			}
		}
		if end {
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(b.String(), "�"))
}

// byteText writes a byte as a printable character, as GPT-2 does: itself where it prints, else one from U+0100 on.
func byteText(b byte) string {
	if prints(b) {
		return string(rune(b))
	}
	return string(rune(0x100 + hiddenBefore(b)))
}

// textByte is the inverse of byteText.
func textByte(r rune) (byte, bool) {
	if r < 0x100 {
		return byte(r), prints(byte(r))
	}
	for v := range 256 {
		if b := byte(v); !prints(b) && rune(0x100+hiddenBefore(b)) == r {
			return b, true
		}
	}
	return 0, false
}

func prints(b byte) bool {
	return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE
}

// hiddenBefore counts the bytes below b that don't print.
func hiddenBefore(b byte) int {
	n := 0
	for v := range b {
		if !prints(v) {
			n++
		}
	}
	return n
}
