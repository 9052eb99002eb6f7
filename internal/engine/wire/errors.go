package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Error is a service's definite no.
type Error struct {
	Engine  string
	Status  int           // of HTTP; 0 where a job failed
	Code    string        // the service's word, "" where it has none
	Message string        // the service's sentence, without secrets
	Wait    time.Duration // the service wants to be left alone so long; 0 where it doesn't say
	Kind    error         // one of art's sentinels

	untaken bool // a paid request that the service has turned away without looking at it
}

// Error says who refused, with which words, and what to do.
func (e *Error) Error() string {
	var parts []string
	if e.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", e.Status))
	}
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	text := e.Engine + " says " + strings.Join(parts, ": ")
	if remedy := remedies(e.Status); remedy != "" {
		text += "; " + remedy
	}
	if e.Wait > 0 {
		text += fmt.Sprintf("; it asks to wait %s", e.Wait)
	}
	return text
}

// Unwrap gives the sentinel, and engine.ErrNotTaken where that holds.
func (e *Error) Unwrap() []error {
	if e.untaken {
		return []error{e.Kind, engine.ErrNotTaken}
	}
	return []error{e.Kind}
}

// between tells whether a proxy or gateway speaks that got no answer itself.
func (e *Error) between() bool {
	const cloudflare, cloudflareEnd = 520, 525
	return e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout || e.Status >= cloudflare && e.Status < cloudflareEnd
}

// Busy tells whether there were too many requests.
func (e *Error) Busy() bool { return e.Status == http.StatusTooManyRequests }

// RetryAfter is how long the service wants to be left alone.
func (e *Error) RetryAfter() time.Duration { return e.Wait }

func remedies(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "see whether the key is there, right, and allowed to do this"
	case http.StatusPaymentRequired:
		return "see whether the account has credit"
	case http.StatusNotFound:
		return "see whether the address, the model and the account's access are right"
	}
	return ""
}

// kindOf sorts a status: what helps when it is asked again later, what a person has to change.
func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusPaymentRequired || status == http.StatusUnavailableForLegalReasons:
		return art.ErrRefused
	case status == http.StatusNotFound || status == http.StatusGone:
		return art.ErrNotFound
	case status == http.StatusConflict:
		return art.ErrConflict
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests || status >= 500 || status < 400:
		return art.ErrUnavailable
	}
	return art.ErrInvalid
}

// refused makes an Error of an answer. Services write their reason in a few ways; the first text found counts.
//
// Of a paid request it says whether the service turned it away for now: with 429, or with 503 in its own words. A bare 503
// may be a proxy's, whose service behind it was at work.
func (c *Client) refused(a Answer, paid bool) error {
	e := &Error{Engine: c.Name, Status: a.Status, Kind: kindOf(a.Status), Wait: retryAfter(a.Header)}
	var said any
	spoke := json.Unmarshal(a.Body, &said) == nil
	e.untaken = paid && (a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable && (spoke || e.Wait > 0))
	if spoke {
		e.Code, e.Message = words(said)
		e.Wait = max(e.Wait, retryInfo(a.Body))
	}
	if e.Message == "" {
		e.Message = beginning(a.Body)
	}
	e.Code, e.Message = c.redact(e.Code), c.redact(e.Message)
	return e
}

// words finds code and message in {"error": {"code", "message"}}, {"error": "…"}, {"detail": "…"}, {"errors": ["…"]} and
// their like.
func words(said any) (code, message string) {
	switch v := said.(type) {
	case string:
		return "", v
	case []any:
		for _, one := range v {
			if code, message = words(one); message != "" {
				return code, message
			}
		}
	case map[string]any:
		for _, name := range []string{"code", "error_code", "error_type", "name", "type"} {
			if s, ok := v[name].(string); ok && code == "" {
				code = s
			}
		}
		for _, name := range []string{"message", "msg", "detail", "title", "error", "errors", "validation_errors", "reason"} {
			inner, found := words(v[name])
			if found != "" {
				if code == "" {
					code = inner
				}
				return code, found
			}
		}
	}
	return code, ""
}

// retryInfo reads how long Google's services want to be left alone, which they say among an error's details.
func retryInfo(body []byte) time.Duration {
	var said struct {
		Error struct {
			Details []struct {
				RetryDelay string `json:"retryDelay"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil {
		return 0
	}
	for _, detail := range said.Error.Details {
		if wait, err := time.ParseDuration(detail.RetryDelay); err == nil && wait > 0 {
			return min(wait, 24*time.Hour)
		}
	}
	return 0
}

// retryAfter reads the header of that name: seconds, or a date, which counts from the answer's own.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && seconds < 86400 {
		return time.Duration(seconds * float64(time.Second))
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil || !until.After(now) {
		return 0
	}
	return min(until.Sub(now), 24*time.Hour)
}
