package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// limiter lets each address ask so often in a minute: a bucket of that many tokens, which fills evenly. It is safe for concurrent use.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu      sync.Mutex // guards what is below
	buckets map[netip.Prefix]bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(perMinute int, now func() time.Time) *limiter {
	return &limiter{perMinute: perMinute, now: now, buckets: map[netip.Prefix]bucket{}}
}

// take says whether an address may ask now, and else after how long.
func (l *limiter) take(from netip.Prefix) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, full := l.now(), float64(l.perMinute)
	l.sweep(now)
	b, known := l.buckets[from]
	if !known {
		b = bucket{full, now}
	}
	b.tokens = min(full, b.tokens+now.Sub(b.at).Minutes()*full)
	b.at = now
	if ok = b.tokens >= 1; ok {
		b.tokens--
	} else {
		wait = time.Duration((1 - b.tokens) / full * float64(time.Minute))
	}
	l.buckets[from] = b
	return ok, wait
}

// sweep forgets, once a minute, addresses whose buckets are full again.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for from, b := range l.buckets {
		if now.Sub(b.at) >= time.Minute {
			delete(l.buckets, from)
		}
	}
}

// clientOf is where a request comes from: one IPv4 address, or the 64 bits of IPv6 that one customer has. Behind own proxies it is the
// address that the outermost of them saw; what stands before it in X-Forwarded-For anybody may have written.
func clientOf(r *http.Request, proxies int) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if proxies > 0 {
		seen := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if at := len(seen) - proxies; at >= 0 {
			host = strings.TrimSpace(seen[at])
		} else {
			host = strings.TrimSpace(seen[0])
		}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{} // all of these share one bucket
	}
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the bits are at most the address's
	return p
}
