package art

import (
	"encoding/json"
	"fmt"
	"sort"
)

// Language is a BCP 47 tag. Pages, alt text and reports exist in English ("en") and German ("de").
type Language = string

// The languages in which a person reads Presswerk.
const (
	English Language = "en"
	German  Language = "de"
)

// Text is the same words in several languages. A bare string in YAML or JSON is English.
type Text map[Language]string

// In returns the words in the asked language, else the English ones, else the first in the order of the tags.
// It returns "" only when there are no words at all.
func (t Text) In(lang Language) string {
	if s := t[lang]; s != "" {
		return s
	}
	if s := t[English]; s != "" {
		return s
	}
	for _, k := range t.Languages() {
		if t[k] != "" {
			return t[k]
		}
	}
	return ""
}

// Has tells whether there are words in exactly this language.
func (t Text) Has(lang Language) bool { return t[lang] != "" }

// Languages lists the tags in alphabetical order.
func (t Text) Languages() []Language {
	tags := make([]Language, 0, len(t))
	for k := range t {
		tags = append(tags, k)
	}
	sort.Strings(tags)
	return tags
}

// UnmarshalYAML reads a bare string as English, or a mapping of languages.
func (t *Text) UnmarshalYAML(unmarshal func(any) error) error { return t.read(unmarshal) }

// UnmarshalJSON reads a bare string as English, or an object of languages.
func (t *Text) UnmarshalJSON(data []byte) error {
	return t.read(func(v any) error { return json.Unmarshal(data, v) })
}

func (t *Text) read(unmarshal func(any) error) error {
	var words string
	if err := unmarshal(&words); err == nil {
		*t = nil
		if words != "" {
			*t = Text{English: words}
		}
		return nil
	}
	var all map[string]string
	if err := unmarshal(&all); err != nil {
		return fmt.Errorf("art: reading words: neither a string nor a mapping of languages: %w", err)
	}
	*t = all
	return nil
}
