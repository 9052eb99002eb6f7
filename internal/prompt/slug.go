package prompt

import (
	"strings"

	"presswerk/internal/art"
)

// slugLength keeps file names readable in search results and far from any file system's limit.
const slugLength = 60

// Slug is the picture's name in files and addresses: English, lower case, a–z, 0–9 and single hyphens, 1 to 60
// characters, such as "red-apple-flat-style-light-blue". It is no identity: two pictures may share it.
func Slug(p art.Prompt) string {
	var parts []string
	for _, part := range []art.Part{p.Subject, p.Style, p.Background} {
		if words := dropArticle(said(part, art.English), art.English); words != "" {
			parts = append(parts, words)
		}
	}
	return Slugify(strings.Join(parts, " "))
}

// Slugify makes any words a file name in the same form; words of which nothing is left are called "picture".
func Slugify(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range foldLetters(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	slug := b.String()
	if len(slug) > slugLength {
		slug = slug[:slugLength]
		if i := strings.LastIndexByte(slug, '-'); i > 0 {
			slug = slug[:i]
		}
	}
	if slug == "" {
		return "picture"
	}
	return slug
}
