package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// ErrFormat means that a folder holds no tokenizer that this package can read.
var ErrFormat = errors.New("not a usable tokenizer")

// maxFile bounds what is read of one file; the largest real ones have a few MB.
const maxFile = 64 << 20

// Tokenizer turns text into ids. Implementations are safe for concurrent use.
type Tokenizer interface {
	// Tokens gives the ids of the text alone.
	Tokens(text string) []int64
	// Decode gives readable text for ids, with spaces where words end.
	Decode(ids []int64) string
	// Special gives the ids that stand around and behind a text.
	Special() Special
	// MaxLength is the longest sequence that the folder's configuration allows, 0 when it says nothing.
	MaxLength() int
}

// Special are the ids that stand around and behind a text.
type Special struct{ Begin, End, Pad int64 }

// Encoding is a text made ready for an encoder.
type Encoding struct {
	IDs     []int64 // begin, the text, end, padding: exactly as long as asked
	Used    int     // how many of IDs are not padding
	Dropped []int64 // ids of the text that did not fit
}

// Encode puts begin, end and padding around the text's ids and cuts what doesn't fit into length, which is at
// least 2.
func Encode(t Tokenizer, text string, length int) Encoding {
	length = max(length, 2)
	special, ids := t.Special(), t.Tokens(text)
	var enc Encoding
	if room := length - 2; len(ids) > room {
		ids, enc.Dropped = ids[:room], slices.Clone(ids[room:])
	}
	enc.IDs = append(enc.IDs, special.Begin)
	enc.IDs = append(enc.IDs, ids...)
	enc.IDs = append(enc.IDs, special.End)
	enc.Used = len(enc.IDs)
	for len(enc.IDs) < length {
		enc.IDs = append(enc.IDs, special.Pad)
	}
	return enc
}

// Open reads the tokenizer in a folder. A class that isn't known, or files that don't fit each other, give ErrFormat. Without
// tokenizer_config.json byte-pair encoding is CLIP's, with CLIP's own signs.
func Open(folder fs.FS) (Tokenizer, error) {
	var c config
	err := readJSON(folder, "tokenizer_config.json", &c)
	if errors.Is(err, fs.ErrNotExist) {
		return openCLIP(folder, c)
	}
	if err != nil {
		return nil, err
	}
	switch strings.TrimSuffix(c.Class, "Fast") {
	case "CLIPTokenizer":
		return openCLIP(folder, c)
	case "BertTokenizer":
		return openBERT(folder, c)
	}
	return nil, fmt.Errorf("tokenize: tokenizer_class %q is unknown, known are CLIPTokenizer and BertTokenizer: %w", c.Class, ErrFormat)
}

// config is what both kinds need of tokenizer_config.json.
type config struct {
	Class     string                `json:"tokenizer_class"`
	MaxLength float64               `json:"model_max_length"` // some files hold 1e30 for "none"
	Begin     tokenText             `json:"bos_token"`
	End       tokenText             `json:"eos_token"`
	Pad       tokenText             `json:"pad_token"`
	Unknown   tokenText             `json:"unk_token"`
	Classify  tokenText             `json:"cls_token"`
	Separate  tokenText             `json:"sep_token"`
	Lower     *bool                 `json:"do_lower_case"`
	Accents   *bool                 `json:"strip_accents"`
	Chinese   *bool                 `json:"tokenize_chinese_chars"`
	Added     map[string]addedToken `json:"added_tokens_decoder"`
}

type addedToken struct {
	Content string `json:"content"`
}

func (c config) maxLength() int {
	if c.MaxLength < 2 || c.MaxLength > 1<<20 {
		return 0
	}
	return int(c.MaxLength)
}

// tokenText is a token written as a string or as an object with a content.
type tokenText string

// UnmarshalJSON reads either form; null is empty.
func (t *tokenText) UnmarshalJSON(data []byte) error {
	var s *string
	if json.Unmarshal(data, &s) == nil {
		if s != nil {
			*t = tokenText(*s)
		}
		return nil
	}
	var object addedToken
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*t = tokenText(object.Content)
	return nil
}

func (t tokenText) or(fallback string) string {
	if t == "" {
		return fallback
	}
	return string(t)
}

func readFile(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("tokenize: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("tokenize: reading %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("tokenize: %s is larger than %d bytes: %w", name, maxFile, ErrFormat)
	}
	return data, nil
}

func readJSON(folder fs.FS, name string, into any) error {
	data, err := readFile(folder, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("tokenize: reading %s: %w: %w", name, err, ErrFormat)
	}
	return nil
}

// Split cuts text at literal tokens, leftmost first and there the longest: it calls literal with the number of each, and
// plain for what lies between.
func Split(text string, tokens map[string]int64, literal func(id int64), plain func(text string)) {
	splitter{tokens}.split(text, literal, plain)
}

// splitter cuts text at literal tokens, leftmost first and there the longest.
type splitter struct{ tokens map[string]int64 }

// split calls literal for each literal token and plain for what lies between.
func (s splitter) split(text string, literal func(id int64), plain func(text string)) {
	start := 0
	for i := 0; i < len(text); {
		token := ""
		for t := range s.tokens {
			if len(t) > len(token) && strings.HasPrefix(text[i:], t) {
				token = t
			}
		}
		if token == "" {
			i++
			continue
		}
		if start < i {
			plain(text[start:i])
		}
		literal(s.tokens[token])
		i += len(token)
		start = i
	}
	if start < len(text) {
		plain(text[start:])
	}
}
