package modelstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
)

// maxRedirects is how often a server may send somewhere else.
const maxRedirects = 10

// ask makes one request. A part that is there already is named with Range and If-Range, so that the server sends the rest
// only while the file is the same.
//
// Source: RFC 9110, sections 13.1.5 and 14.2.
func (f Fetcher) ask(ctx context.Context, method, address, sha256 string, had partial, done int64) (*http.Response, answer, error) {
	u, err := checkAddress(address, sha256)
	if err != nil {
		return nil, answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return nil, answer{}, art.Invalid("url", redact(address)+" is no address", "write https://…")
	}
	req.Header.Set("User-Agent", "presswerk")
	req.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	if done > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", done))
		req.Header.Set("If-Range", had.Tag)
	}
	if f.Token != nil && (u.Scheme == "https" || loopback(u.Hostname())) {
		if token := f.Token(u.Hostname()); token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
	client := http.Client{}
	if f.Client != nil {
		client = *f.Client
	}
	about := answer{size: -1}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		return about.redirected(next, via, sha256)
	}
	res, err := client.Do(req)
	if err != nil {
		if _, ok := errors.AsType[*art.FieldError](err); ok || ctx.Err() != nil {
			return nil, about, fmt.Errorf("modelstore: asking %s: %w", redact(address), bare(err))
		}
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
			return nil, about, fmt.Errorf("modelstore: there is no host %s on this network; without one, bring the model in a bundle: presswerk models import: %w: %w", u.Hostname(), bare(err), art.ErrUnavailable)
		}
		return nil, about, &retryable{err: fmt.Errorf("modelstore: asking %s: %w: %w", redact(address), bare(err), art.ErrUnavailable)}
	}
	about.read(res.Header)
	if res.ContentLength >= 0 {
		about.size = res.ContentLength
	}
	if err := status(res, address, u.Hostname()); err != nil {
		return nil, about, errors.Join(err, res.Body.Close())
	}
	return res, about, nil
}

// bare takes the address, which may hold a signature, out of an error of net/http.
func bare(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// redirected follows a redirection, without the token to another host, and never to where it is less safe.
func (a *answer) redirected(next *http.Request, via []*http.Request, sha256 string) error {
	if next.Response != nil {
		a.read(next.Response.Header)
	}
	if len(via) >= maxRedirects {
		return errors.New("the server sends in circles")
	}
	if next.URL.Host != via[0].URL.Host {
		next.Header.Del("Authorization")
	}
	if next.URL.Scheme != "https" && via[0].URL.Scheme == "https" && sha256 == "" {
		return art.Invalid("url", "the server sends to "+redact(next.URL.String())+", which is not encrypted", "name the file's SHA-256, or another server")
	}
	return nil
}

var linkedPattern = regexp.MustCompile(`^"?([0-9a-f]{64})"?$`)

// read keeps what hubs say of large files on their first answer, before they send to where the bytes are.
//
// Source: huggingface_hub, constants.py, HUGGINGFACE_HEADER_X_LINKED_ETAG and HUGGINGFACE_HEADER_X_LINKED_SIZE.
func (a *answer) read(h http.Header) {
	if m := linkedPattern.FindStringSubmatch(h.Get("X-Linked-Etag")); m != nil {
		a.linked = m[1]
	}
	if n, err := strconv.ParseInt(h.Get("X-Linked-Size"), 10, 64); err == nil && n >= 0 {
		a.size = n
	}
}

// status turns a server's refusal into what a person can do about it.
func status(res *http.Response, address, host string) error {
	what := fmt.Sprintf("modelstore: %s answers %s", redact(address), res.Status)
	switch code := res.StatusCode; {
	case code == http.StatusOK, code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%s: this model is gated or private; accept its terms on the hub's page, then set PRESSWERK_HUB_TOKEN to a token of %s: %w", what, host, art.ErrUnavailable)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fmt.Errorf("%s: look whether it has moved: %w", what, art.ErrNotFound)
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return &retryable{err: fmt.Errorf("%s: %w", what, art.ErrUnavailable), after: retryAfter(res.Header.Get("Retry-After"))}
	default:
		return fmt.Errorf("%s: %w", what, art.ErrUnavailable)
	}
}

// retryAfter reads seconds; a date is left to the usual pause.
func retryAfter(said string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(said))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int(longestPause/time.Second))) * time.Second
}
