package art

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PictureLicense is the right to use a picture that was not made here. It is written once; a later one of the same picture
// takes its place. What it leaves open, it does not allow.
type PictureLicense struct {
	ID          string    `json:"id"`                    // LicenseID of what it says
	Picture     string    `json:"picture"`               // SHA-256 of the picture's file as it came
	Source      string    `json:"source"`                // the agency or the person who gave it
	Content     string    `json:"content,omitempty"`     // the source's own number of the picture
	Reference   string    `json:"reference,omitempty"`   // the source's own number of the licence, an order, an invoice
	Kind        string    `json:"kind,omitempty"`        // in the source's words, such as Standard
	Title       Text      `json:"title"`                 // of the picture
	Alt         Text      `json:"alt"`                   // for people who do not see it
	Creator     string    `json:"creator,omitempty"`     // who made it
	Credit      string    `json:"credit,omitempty"`      // the line that has to stand beside it
	Copyright   string    `json:"copyright,omitempty"`   // notice
	Terms       string    `json:"terms,omitempty"`       // URL of the licence's text
	Acquire     string    `json:"acquire,omitempty"`     // URL where a licence can be had
	Document    *Document `json:"document,omitempty"`    // the licence itself, as it came
	Territories []string  `json:"territories,omitempty"` // ISO 3166-1 codes of two letters, EU, or "*" for everywhere
	Channels    []string  `json:"channels,omitempty"`    // names of the kit's channels, or "*" for all
	From        string    `json:"from,omitempty"`        // first day, YYYY-MM-DD; "" is no beginning
	Until       string    `json:"until,omitempty"`       // last day, YYYY-MM-DD; "" is no end
	Purpose     string    `json:"purpose,omitempty"`     // non-commercial where it is for that alone, such as editorial use
	Comp        bool      `json:"comp,omitempty"`        // a watermarked preview: it may be looked at and nothing else
	SourceType  string    `json:"source_type,omitempty"` // IPTC digital source type, a whole URL; "" where nobody knows
	Call        string    `json:"call,omitempty"`        // the Call that bought it
	By          string    `json:"by"`                    // who bought it, or wrote it down
	At          time.Time `json:"at"`
}

// Document is a file that is kept beside a record.
type Document struct {
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	SHA256 string `json:"sha256"` // in the blob store
}

// Everywhere stands in a licence for all territories, and for all channels.
const Everywhere = "*"

// LicenseID is the identity of what a licence says: the first 16 digits of the SHA-256 of its canonical JSON without ID
// and At, so that the same words are one record.
func LicenseID(l PictureLicense) (string, error) {
	l.ID, l.At = "", time.Time{}
	c, err := CanonicalJSON(l)
	if err != nil {
		return "", err
	}
	return Digest(c)[:16], nil
}

// Check finds what a licence must say and doesn't: who gave it, for what, and who says so. A comp needs no rights.
func (l PictureLicense) Check() error {
	var all []error
	need := func(field, value, remedy string) {
		if value == "" {
			all = append(all, Invalid(field, "is missing", remedy))
		}
	}
	need("source", l.Source, "name the agency or the person who gave the picture")
	need("by", l.By, "say who buys it or writes it down")
	need("title", l.Title.In(English), "say what the picture is called")
	need("alt", l.Alt.In(English), "say what it shows")
	if !l.Comp {
		need("channels", strings.Join(l.Channels, ""), `name the channels that it is for, or "*" for all`)
		need("territories", strings.Join(l.Territories, ""), `name the countries that it is for by their codes, or "*" for everywhere`)
	}
	if !slices.Contains(l.Territories, Everywhere) {
		for _, e := range CheckTerritories("territories", l.Territories) {
			all = append(all, e)
		}
	}
	for _, day := range []struct{ field, value string }{{"from", l.From}, {"until", l.Until}} {
		if _, err := time.Parse(time.DateOnly, day.value); day.value != "" && err != nil {
			all = append(all, Invalid(day.field, fmt.Sprintf("%q is no day", day.value), "write it as 2027-12-31"))
		}
	}
	if l.From != "" && l.Until != "" && l.Until < l.From {
		all = append(all, Invalid("until", "it ends before it begins", "exchange the days"))
	}
	if l.Purpose != "" && l.Purpose != Commercial && l.Purpose != NonCommercial {
		all = append(all, Invalid("purpose", fmt.Sprintf("nobody knows the purpose %q", l.Purpose), "write commercial or non-commercial"))
	}
	return errors.Join(all...)
}

// Refuses says why the licence does not allow a use on a day, YYYY-MM-DD: an error of ErrRefused for each reason, joined,
// or nil. No territories mean everywhere.
func (l PictureLicense) Refuses(channels []string, u Usage, day string) error {
	var all []error
	no := func(field, reason, remedy string) {
		all = append(all, &FieldError{Field: "license." + field, Reason: reason, Remedy: remedy, Kind: ErrRefused})
	}
	if l.Comp {
		no("comp", "it is a watermarked preview, which may only be looked at", "buy a licence: presswerk stock license "+l.Content)
		return errors.Join(all...)
	}
	const renew = "get a licence that allows it, and write it down with presswerk stock import"
	if l.Until != "" && day > l.Until {
		no("until", fmt.Sprintf("%s's licence ended on %s", l.Source, l.Until), "renew it and write it down with presswerk stock import, or reject the picture")
	}
	if l.From != "" && day < l.From {
		no("from", fmt.Sprintf("%s's licence begins on %s", l.Source, l.From), "wait until then")
	}
	if l.Purpose == NonCommercial && u.Purpose != NonCommercial {
		no("purpose", fmt.Sprintf("%s's licence does not allow commercial use", l.Source), renew)
	}
	for _, c := range channels {
		if !slices.Contains(l.Channels, Everywhere) && !slices.Contains(l.Channels, c) {
			no("channels", fmt.Sprintf("%s's licence is for %s, and not for %s", l.Source, strings.Join(l.Channels, ", "), c), renew)
		}
	}
	if out := l.outside(u.Territories); out != "" {
		no("territories", fmt.Sprintf("%s's licence is for %s, and not for %s", l.Source, strings.Join(l.Territories, ", "), out), renew)
	}
	return errors.Join(all...)
}

// outside is the first territory that the licence is not for, or "".
func (l PictureLicense) outside(territories []string) string {
	if slices.Contains(l.Territories, Everywhere) {
		return ""
	}
	if len(territories) == 0 {
		return "everywhere, which no territories mean"
	}
	for _, t := range territories {
		whole := slices.Contains(l.Territories, t) || slices.Contains(union(), t) && slices.Contains(l.Territories, unionCode)
		parts := t == unionCode && !slices.ContainsFunc(union(), func(member string) bool { return !slices.Contains(l.Territories, member) })
		if !whole && !parts {
			return t
		}
	}
	return ""
}
