package brand

import (
	"errors"
	"math"
	"regexp"

	"presswerk/internal/art"
)

// problems collects everything that is wrong, so that a person can mend it in one go.
type problems struct{ all []*art.FieldError }

func (p *problems) add(field, reason, remedy string) {
	p.all = append(p.all, &art.FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: art.ErrInvalid})
}

// need complains when words are missing.
func (p *problems) need(field, value, remedy string) {
	if value == "" {
		p.add(field, "is missing", remedy)
	}
}

// needText complains when there are no words in any language.
func (p *problems) needText(field string, t art.Text, remedy string) {
	if t.In(art.English) == "" {
		p.add(field, "is missing", remedy)
	}
}

// err joins the problems into one error, or gives nil.
func (p *problems) err() error { return Join(p.all) }

// Join makes one error of problems, or nil of none.
func Join(all []*art.FieldError) error {
	errs := make([]error, len(all))
	for i, e := range all {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// namePattern is what names in files, addresses and references look like.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidName tells whether s may name a kit, brief, style or channel: a–z, 0–9 and hyphens, at most 63 characters.
func ValidName(s string) bool { return namePattern.MatchString(s) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
