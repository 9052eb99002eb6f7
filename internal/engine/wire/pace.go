package wire

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"presswerk/internal/art"
)

// Pace keeps paid requests of one account apart as its service asks for: no request leaves before the time that a refusal
// named (Retry-After), or that an answer named when it said that nothing is left until then. It is safe for concurrent use.
type Pace struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	Most  time.Duration // a longer wait is refused at once; 0 is a minute

	mu    sync.Mutex
	until time.Time // guarded by mu
}

// mostPace is how long a request is held back before it is refused.
const mostPace = time.Minute

// wait holds a paid request back for as long as the service wants to be left alone.
func (p *Pace) wait(ctx context.Context, name string) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	until := p.until
	p.mu.Unlock()
	rest := until.Sub(p.Now())
	most := p.Most
	if most == 0 {
		most = mostPace
	}
	switch {
	case rest <= 0:
		return nil
	case rest > most:
		return &Error{
			Engine: name, Status: http.StatusTooManyRequests, Message: "it is left alone until " + until.UTC().Format(time.RFC3339),
			Wait: rest.Round(time.Second), Kind: art.ErrUnavailable, untaken: true,
		}
	}
	if err := p.Sleep(ctx, rest); err != nil {
		return fmt.Errorf("%s: waiting until it takes requests again: %w", name, err)
	}
	return nil
}

// hear remembers how long an answer asks for patience.
func (p *Pace) hear(status int, h http.Header) {
	if p == nil {
		return
	}
	rest := spent(h, p.Now())
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		rest = max(rest, retryAfter(h))
	}
	if rest <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.Now().Add(rest); until.After(p.until) {
		p.until = until
	}
}

// spent is how long it takes until a limit that has nothing left is renewed; 0 where all have something left, or don't say
// when. Services write X-RateLimit-Remaining-Requests: 0 with X-RateLimit-Reset-Requests: 6m0s, RateLimit-Remaining: 0 with
// RateLimit-Reset: 30, or RateLimit: "default";r=0;t=30.
//
// Source: draft-ietf-httpapi-ratelimit-headers (versions 02 and 10), and what OpenAI and others send.
func spent(h http.Header, now time.Time) (rest time.Duration) {
	for name, values := range h {
		before, of, found := strings.Cut(name, "Ratelimit-Remaining")
		if !found || len(values) == 0 || strings.TrimSpace(values[0]) != "0" || h.Get(before+"Ratelimit-Limit"+of) == "0" {
			continue // something is left, or there is no such limit
		}
		rest = max(rest, until(h.Get(before+"Ratelimit-Reset"+of), now))
	}
	for _, line := range h.Values("RateLimit") {
		for limit := range strings.SplitSeq(line, ",") {
			none, after := false, time.Duration(0)
			for part := range strings.SplitSeq(limit, ";") {
				key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				switch key {
				case "r":
					none = value == "0"
				case "t":
					after = until(value, now)
				}
			}
			if none {
				rest = max(rest, after)
			}
		}
	}
	return rest
}

// until reads a time as services write it: seconds, seconds since 1970, a duration such as 6m0s, or a date; at most a day.
func until(value string, now time.Time) time.Duration {
	const longAgo = 1e9 // as seconds since 1970; no limit is renewed that late
	value = strings.TrimSpace(value)
	rest, err := time.ParseDuration(value)
	if seconds, failed := strconv.ParseFloat(value, 64); failed == nil {
		err = nil
		switch {
		case seconds >= longAgo && seconds < 1e11:
			rest = time.Unix(int64(seconds), 0).Sub(now)
		case seconds >= 0 && seconds < longAgo:
			rest = time.Duration(seconds * float64(time.Second))
		}
	}
	if err != nil {
		for _, layout := range []string{http.TimeFormat, time.RFC3339} {
			if at, failed := time.Parse(layout, value); failed == nil {
				rest = at.Sub(now)
			}
		}
	}
	return min(max(rest, 0), 24*time.Hour)
}
