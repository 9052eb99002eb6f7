package tokenize

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bert is BERT's WordPiece.
//
// Source: Devlin et al. 2019, arXiv:1810.04805; Schuster & Nakajima 2012; ids as the tokenizers library's
// BertNormalizer, BertPreTokenizer and WordPiece give them.
type bert struct {
	vocab    map[string]int64
	words    map[int64]string
	literals splitter
	special  Special
	unknown  int64
	prefix   string // of pieces inside a word
	longest  int    // words with more characters are unknown
	max      int

	clean, chinese, lower, accents bool
}

// bertFile is what is used of tokenizer.json.
type bertFile struct {
	Added []struct {
		ID      int64  `json:"id"`
		Content string `json:"content"`
	} `json:"added_tokens"`
	Normalizer *struct {
		Type    string `json:"type"`
		Clean   *bool  `json:"clean_text"`
		Chinese *bool  `json:"handle_chinese_chars"`
		Accents *bool  `json:"strip_accents"`
		Lower   *bool  `json:"lowercase"`
	} `json:"normalizer"`
	Model struct {
		Type    string           `json:"type"`
		Unknown string           `json:"unk_token"`
		Prefix  string           `json:"continuing_subword_prefix"`
		Longest int              `json:"max_input_chars_per_word"`
		Vocab   map[string]int64 `json:"vocab"`
	} `json:"model"`
}

func openBERT(folder fs.FS, cfg config) (Tokenizer, error) {
	b := &bert{
		words: map[int64]string{}, prefix: "##", longest: 100, max: cfg.maxLength(),
		clean: true, chinese: or(cfg.Chinese, true), lower: or(cfg.Lower, true),
	}
	b.accents = or(cfg.Accents, b.lower)
	b.literals.tokens = map[string]int64{}
	if err := b.readFiles(folder); err != nil {
		return nil, err
	}
	for word, id := range b.vocab {
		b.words[id] = word
	}
	for _, t := range []struct {
		text string
		into *int64
	}{
		{cfg.Unknown.or("[UNK]"), &b.unknown},
		{cfg.Classify.or("[CLS]"), &b.special.Begin},
		{cfg.Separate.or("[SEP]"), &b.special.End},
		{cfg.Pad.or("[PAD]"), &b.special.Pad},
	} {
		id, ok := b.vocab[t.text]
		if !ok {
			return nil, fmt.Errorf("tokenize: the vocabulary lacks %q: %w", t.text, ErrFormat)
		}
		*t.into = id
		b.literals.tokens[t.text] = id
	}
	return b, nil
}

func (b *bert) readFiles(folder fs.FS) error {
	var file bertFile
	err := readJSON(folder, "tokenizer.json", &file)
	if errors.Is(err, fs.ErrNotExist) {
		return b.readVocab(folder)
	}
	if err != nil {
		return err
	}
	if file.Model.Type != "WordPiece" {
		return fmt.Errorf("tokenize: tokenizer.json: model type %q where WordPiece is wanted: %w", file.Model.Type, ErrFormat)
	}
	b.vocab = file.Model.Vocab
	if file.Model.Prefix != "" {
		b.prefix = file.Model.Prefix
	}
	if file.Model.Longest > 0 {
		b.longest = file.Model.Longest
	}
	for _, added := range file.Added {
		if added.Content != "" {
			b.literals.tokens[added.Content] = added.ID
		}
	}
	if n := file.Normalizer; n != nil {
		b.clean, b.chinese, b.lower = or(n.Clean, true), or(n.Chinese, true), or(n.Lower, true)
		b.accents = or(n.Accents, b.lower)
	}
	return nil
}

// readVocab reads vocab.txt: one piece a line, its number the line's.
func (b *bert) readVocab(folder fs.FS) error {
	data, err := readFile(folder, "vocab.txt")
	if err != nil {
		return err
	}
	b.vocab = map[string]int64{}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		b.vocab[strings.TrimSuffix(line, "\r")] = int64(i)
	}
	return nil
}

func or(b *bool, fallback bool) bool {
	if b == nil {
		return fallback
	}
	return *b
}

func (b *bert) Special() Special { return b.special }
func (b *bert) MaxLength() int   { return b.max }

func (b *bert) Tokens(text string) []int64 {
	var ids []int64
	b.literals.split(text, func(id int64) {
		ids = append(ids, id)
	}, func(text string) {
		for _, word := range bertWords(b.normalise(text)) {
			ids = append(ids, b.word(word)...)
		}
	})
	return ids
}

func (b *bert) normalise(text string) string {
	if b.clean {
		text = clean(text)
	}
	if b.chinese {
		text = spaceChinese(text)
	}
	if b.accents {
		text = stripAccents(text)
	}
	if b.lower {
		text = lower(text, false)
	}
	return text
}

// bertWords splits at white space and makes each punctuation mark a word of its own.
func bertWords(text string) []string {
	var words []string
	start := -1
	end := func(i int) {
		if start >= 0 {
			words = append(words, text[start:i])
			start = -1
		}
	}
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
			end(i)
		case r < 128 && (unicode.IsPunct(r) || unicode.IsSymbol(r)), unicode.IsPunct(r):
			end(i)
			words = append(words, text[i:i+utf8.RuneLen(r)])
		case start < 0:
			start = i
		}
	}
	end(len(text))
	return words
}

// word cuts one word into the longest known pieces, from the left. If a rest is left, the whole word is unknown.
func (b *bert) word(word string) []int64 {
	if utf8.RuneCountInString(word) > b.longest {
		return []int64{b.unknown}
	}
	var ids []int64
	for start := 0; start < len(word); {
		prefix := ""
		if start > 0 {
			prefix = b.prefix
		}
		end := len(word)
		for ; end > start; end-- {
			if id, ok := b.vocab[prefix+word[start:end]]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == start {
			return []int64{b.unknown}
		}
		start = end
	}
	return ids
}

func (b *bert) Decode(ids []int64) string {
	var out strings.Builder
	for _, id := range ids {
		word := b.words[id]
		inside, ok := strings.CutPrefix(word, b.prefix)
		if !ok && out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(inside)
	}
	return out.String()
}
