package art

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels are matched with errors.Is. The command line and the HTTP API each map them in one table.
var (
	// ErrInvalid marks input that can never work as it stands: a person must change it.
	ErrInvalid = errors.New("invalid input")
	// ErrUnsupported marks a request that this engine, model or format cannot honour; another one might.
	ErrUnsupported = errors.New("unsupported")
	// ErrNotFound marks a name or identity that nothing answers to.
	ErrNotFound = errors.New("not found")
	// ErrConflict marks an action that the current state does not allow, such as approving a rejected picture twice.
	ErrConflict = errors.New("conflict")
	// ErrRefused marks a rule that said no: policy, rights, a missing mandatory parameter.
	ErrRefused = errors.New("refused")
	// ErrMismatch marks bytes that are not the ones whose SHA-256 was named.
	ErrMismatch = errors.New("hash mismatch")
	// ErrUnavailable marks something outside the program that is missing or failing: a library, a disk, a network.
	ErrUnavailable = errors.New("unavailable")
	// ErrNotYet marks a job whose turn has not come: what it needs is still being made by another one.
	ErrNotYet = errors.New("not yet")
)

// FieldError says what is wrong with one field and what to do about it.
// It wraps one of the sentinels.
type FieldError struct {
	Field  string // path of the field, such as "prompt.subject" or "width"
	Reason string // what is wrong
	Remedy string // what to do
	Kind   error  // a sentinel; ErrInvalid when nil
}

// Error joins field, reason and remedy into one sentence.
func (e *FieldError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Field, e.Reason)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap gives the sentinel.
func (e *FieldError) Unwrap() error {
	if e.Kind == nil {
		return ErrInvalid
	}
	return e.Kind
}

// Invalid makes a FieldError with the ErrInvalid sentinel.
func Invalid(field, reason, remedy string) error {
	return &FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: ErrInvalid}
}

// Unsupported makes a FieldError with the ErrUnsupported sentinel.
func Unsupported(field, reason, remedy string) error {
	return &FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: ErrUnsupported}
}
