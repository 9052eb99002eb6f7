package safety

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is text that was found encoded in another text, with the bytes where it stood.
type piece struct {
	text        string
	start, stop int
}

// hidden is how many bytes a run must have to be taken for something encoded.
const hidden = 12

// decoded finds runs without spaces that are readable once they are decoded: Base64, hexadecimal, percent encoding and HTML's
// entities. Renderers that read prompts with a language model understand them.
func decoded(s string) []piece {
	var all []piece
	start := 0
	for start < len(s) {
		stop := len(s)
		if i := strings.IndexFunc(s[start:], unicode.IsSpace); i >= 0 {
			stop = start + i
		}
		if run := s[start:stop]; len(run) >= hidden {
			if text, ok := decode(strings.Trim(run, `"'.,;:()[]`)); ok {
				all = append(all, piece{text, start, stop})
			}
		}
		_, n := utf8.DecodeRuneInString(s[stop:])
		start = stop + n
	}
	return all
}

func decode(run string) (string, bool) {
	if strings.Contains(run, "&") {
		if t := html.UnescapeString(run); t != run && readable(t) {
			return t, true
		}
	}
	if strings.Count(run, "%") > 2 {
		if t, err := url.QueryUnescape(run); err == nil && readable(t) {
			return t, true
		}
	}
	if b, err := hex.DecodeString(run); err == nil && readable(string(b)) {
		return string(b), true
	}
	run = strings.TrimRight(run, "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(run); err == nil && readable(string(b)) {
			return string(b), true
		}
	}
	return "", false
}

// readable tells words from noise: valid text of letters and spaces, with few other signs.
func readable(s string) bool {
	if !utf8.ValidString(s) || s == "" {
		return false
	}
	good, all := 0, 0
	for _, r := range s {
		all++
		if unicode.IsLetter(r) || r == ' ' {
			good++
		}
	}
	return good*10 >= all*8
}
