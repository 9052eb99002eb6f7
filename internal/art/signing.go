package art

import (
	"fmt"
	"net/url"
)

// Signing says who attests when a workspace's files were signed. The zero value asks nobody.
type Signing struct {
	StampURL   string `json:"ta_url,omitempty" yaml:"ta_url,omitempty"`     // of an RFC 3161 time-stamping authority, which masters and clips are stamped by
	StampRoots string `json:"ta_roots,omitempty" yaml:"ta_roots,omitempty"` // file with the authority's root certificates as PEM, from the workspace's folder; without it stamps are written and not trusted here
}

// CheckSigning says what is wrong with it.
func CheckSigning(field string, s Signing) []*FieldError {
	if s.StampURL == "" {
		return nil
	}
	u, err := url.Parse(s.StampURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return []*FieldError{{Field: field + ".ta_url", Reason: fmt.Sprintf("%q is no address of an authority", s.StampURL), Remedy: "write it as https://…"}}
	}
	return nil
}
