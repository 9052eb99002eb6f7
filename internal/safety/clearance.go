package safety

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// Cleared finds the clearance that holds for a kind and subject. The newest record of a subject counts, so that a refusal or
// a revocation ends what was granted before.
func Cleared(all []art.Clearance, kind, subject string, whom For) (art.Clearance, bool) {
	want := prompt.Normalise(subject)
	for _, c := range slices.Backward(all) {
		if c.Kind == kind && prompt.Normalise(c.Subject) == want {
			if len(c.Brands) > 0 && !slices.Contains(c.Brands, whom.Brand) {
				continue // of other brands
			}
			return c, c.Holds(whom.Brand, whom.On)
		}
	}
	return art.Clearance{}, false
}

// CheckClearances finds everything that is wrong with stored clearances.
func CheckClearances(all []art.Clearance) []*art.FieldError {
	var bad []*art.FieldError
	for i, c := range all {
		at := fmt.Sprintf("clearances[%d]", i)
		add := func(field, reason, remedy string) {
			bad = append(bad, &art.FieldError{Field: at + "." + field, Reason: reason, Remedy: remedy})
		}
		for _, f := range []struct{ name, value string }{{"id", c.ID}, {"subject", c.Subject}, {"by", c.By}, {"evidence", c.Evidence}} {
			if strings.TrimSpace(f.value) == "" {
				add(f.name, "is missing", "these lines are written by presswerk rights clear; write it again")
			}
		}
		if !slices.Contains(art.ClearanceKinds(), c.Kind) {
			add("kind", fmt.Sprintf("nobody knows the kind %q", c.Kind), "these are: "+strings.Join(art.ClearanceKinds(), ", "))
		}
		if !slices.Contains([]string{art.ClearanceGranted, art.ClearanceRefused, art.ClearanceRevoked}, c.Result) {
			add("result", fmt.Sprintf("nobody knows the result %q", c.Result), "write granted, refused or revoked")
		}
		if len(c.SHA256) != 64 {
			add("sha256", fmt.Sprintf("%q is no SHA-256", c.SHA256), "write 64 hexadecimal digits")
		}
		for _, f := range []struct{ name, day string }{{"date", c.Date}, {"until", c.Until}} {
			if _, err := time.Parse(time.DateOnly, f.day); err != nil && (f.name == "date" || f.day != "") {
				add(f.name, fmt.Sprintf("%q is no day", f.day), "write 2026-12-31")
			}
		}
	}
	return bad
}

// Need is a clearance that a picture needs, with the concern that asks for it.
type Need struct {
	Kind    string      `json:"kind"`
	Subject string      `json:"subject"`
	Cleared string      `json:"cleared,omitempty"` // the clearance that holds
	Concern art.Concern `json:"concern"`
}

// Needs lists the clearances that concerns ask for, each kind and subject once. A later stage delivers nothing while one is
// missing.
func Needs(all []art.Concern) []Need {
	var needs []Need
	for _, c := range all {
		if c.Clearance == "" {
			continue
		}
		n := Need{Kind: c.Clearance, Subject: c.Subject, Cleared: c.Cleared, Concern: c}
		if n.Subject == "" {
			n.Subject = c.Match
		}
		if !slices.ContainsFunc(needs, func(o Need) bool { return o.Kind == n.Kind && o.Subject == n.Subject }) {
			needs = append(needs, n)
		}
	}
	return needs
}
