package provenance

import (
	"fmt"
	"strings"
	"time"

	"presswerk/internal/art"
)

// Authority is who says when something was signed. Only signing asks it.
type Authority struct {
	// Address gives the address of an RFC 3161 time-stamping authority; nil stamps nothing. The library calls it by itself and
	// waits for it without end, so it should be a relay on this machine which doesn't.
	Address func() (string, error)
	Roots   string // PEM of the roots under which the authority's certificate is
}

// address is that of the time-stamping authority.
func (a Authority) address() (string, error) {
	if a.Address == nil {
		return "", fmt.Errorf("provenance: no time-stamping authority is configured: %w", art.ErrUnavailable)
	}
	return a.Address()
}

// Warning is how long before its end a certificate is told to end. An authority takes days to issue the next.
const Warning = 30 * 24 * time.Hour

// usable tells whether an identity can sign at a moment; the zero time is not checked. The reason names what to do.
func (id *Identity) usable(now time.Time) error {
	if now.IsZero() || now.Before(id.Expires) {
		return nil
	}
	return fmt.Errorf("provenance: the signing certificate has ended on %s; renew it with 'presswerk sign renew', or install one with 'presswerk sign install': %w",
		id.Expires.Format(time.DateOnly), art.ErrUnavailable)
}

// Ending tells how long a certificate still holds, and whether that is short enough to say so.
func (id *Identity) Ending(now time.Time) (left time.Duration, soon bool) {
	left = id.Expires.Sub(now)
	return left, left < Warning
}

// Anchors are the roots that this identity trusts: its own, and those of its time-stamping authority.
func (id *Identity) Anchors() string {
	if id.Authority.Roots == "" {
		return id.Root
	}
	return strings.TrimRight(id.Root, "\n") + "\n" + id.Authority.Roots
}

// oneLine makes an error fit into a record.
func oneLine(err error) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "provenance: ")
}
