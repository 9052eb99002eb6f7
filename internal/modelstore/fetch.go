package modelstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"presswerk/internal/art"
)

// Fetcher brings files over HTTP. The zero value works; it takes proxies from the environment as Go's client does.
type Fetcher struct {
	Client   *http.Client                                     // nil is http.DefaultClient's transport
	Mirrors  []string                                         // bases such as https://mirror.example/hf, asked before the hub itself
	Token    func(host string) string                         // for gated models; nil or "" sends none. It is never written anywhere.
	Attempts int                                              // tries for each file; 0 means 6
	Idle     time.Duration                                    // without a byte, before a try is given up; 0 means a minute
	Wait     func(ctx context.Context, d time.Duration) error // between tries; nil waits
	Progress Progress                                         // nil tells nobody
	Note     func(kind, file string, detail ...any)           // what a person should know; nil tells nobody
}

const (
	usualAttempts = 6
	usualIdle     = time.Minute
	firstPause    = time.Second
	longestPause  = 2 * time.Minute
)

func (f Fetcher) note(kind, file string, detail ...any) {
	if f.Note != nil {
		f.Note(kind, file, detail...)
	}
}

// partial is what is remembered of a download that did not end.
type partial struct {
	URL  string `json:"url"`  // without its query
	Tag  string `json:"tag"`  // a strong ETag, or a date of change
	Size int64  `json:"size"` // of the whole file; -1 where it is not known
}

// answer is what a server says about a file.
type answer struct {
	size   int64  // -1 where it is not known
	linked string // SHA-256 that the hub names, "" where it names none
}

// addresses are all places of a file, in the order in which they are asked: each mirror's, then the file's own.
func (f Fetcher) addresses(own string) []string {
	var all []string
	if u, err := url.Parse(own); err == nil {
		for _, m := range f.Mirrors {
			all = append(all, strings.TrimSuffix(m, "/")+u.EscapedPath())
		}
	}
	return append(all, own)
}

// checkAddress refuses what could be read or changed on the way, unless the SHA-256 is known beforehand.
func checkAddress(address, sha256 string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, art.Invalid("url", fmt.Sprintf("%q is no address of the web", redact(address)), "write https://…")
	}
	if u.User != nil {
		return nil, art.Invalid("url", "an address with a password in it would be written down", "set PRESSWERK_HUB_TOKEN instead")
	}
	if u.Scheme == "http" && sha256 == "" && !loopback(u.Hostname()) {
		return nil, art.Invalid("url", fmt.Sprintf("%s is not encrypted, so anybody on the way could change the file", redact(address)), "use https, or name the file's SHA-256")
	}
	return u, nil
}

func loopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// redact takes away what may be secret in an address: query and password.
func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// fetch brings a file into the store as a blob and gives its SHA-256 and size. It goes on where an earlier try stopped,
// also one of another process, when the server says that the file is still the same.
func (s *Store) fetch(ctx context.Context, f Fetcher, r Remote) (File, error) {
	if _, err := checkAddress(r.URL, r.SHA256); err != nil {
		return File{}, err
	}
	if r.SHA256 != "" && s.has(File{SHA256: r.SHA256, Size: r.Size}) {
		return File{Path: r.Path, SHA256: r.SHA256, Size: r.Size}, nil
	}
	name := filepath.Join(s.dir, "partial", art.Digest([]byte(redact(r.URL))))
	part, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return File{}, outside("beginning a download", err)
	}
	defer part.Close()
	if err := syscall.Flock(int(part.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return File{}, fmt.Errorf("modelstore: another presswerk is fetching %s; wait until it is done: %w", r.Path, art.ErrConflict)
	}
	d := &download{store: s, fetcher: f, remote: r, part: part, name: name}
	if err := d.all(ctx); err != nil {
		return File{}, err
	}
	return d.finish()
}

// download is one file on its way.
type download struct {
	store   *Store
	fetcher Fetcher
	remote  Remote
	part    *os.File
	name    string
	hash    hash.Hash
	done    int64
	size    int64
	linked  string
}

// all tries until the file is whole: each address in turn, with pauses that grow.
func (d *download) all(ctx context.Context) error {
	attempts := d.fetcher.Attempts
	if attempts == 0 {
		attempts = usualAttempts
	}
	addresses := d.fetcher.addresses(d.remote.URL)
	pause := firstPause
	var last error
	for try := range attempts {
		address := addresses[try%len(addresses)]
		err := d.once(ctx, address)
		if err == nil || ctx.Err() != nil {
			return err
		}
		last = err
		again, ok := errors.AsType[*retryable](err)
		final := !ok && try%len(addresses) == len(addresses)-1
		if final || try == attempts-1 {
			break
		}
		if ok && try%len(addresses) == len(addresses)-1 { // another address is asked at once
			wait := min(max(pause, again.after), longestPause)
			d.fetcher.note("retry", d.remote.Path, wait.Round(time.Second), err)
			if err := d.wait(ctx, wait); err != nil {
				return err
			}
			pause *= 2
		}
	}
	return last
}

func (d *download) wait(ctx context.Context, pause time.Duration) error {
	if d.fetcher.Wait != nil {
		return d.fetcher.Wait(ctx, pause)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// retryable is a failure that may pass.
type retryable struct {
	err   error
	after time.Duration // what the server asked for
}

func (r *retryable) Error() string { return r.err.Error() }
func (r *retryable) Unwrap() error { return r.err }

// once makes one request and writes what comes.
func (d *download) once(ctx context.Context, address string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	had, err := d.resume(address)
	if err != nil {
		return err
	}
	res, about, err := d.fetcher.ask(ctx, http.MethodGet, address, d.remote.SHA256, had, d.done)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusRequestedRangeNotSatisfiable || res.StatusCode == http.StatusPartialContent && !continues(res, d.done) {
		if err := d.restart(); err != nil {
			return err
		}
		_ = os.Remove(d.name + ".json")
		return &retryable{err: fmt.Errorf("modelstore: the server does not go on with %s where it stopped; beginning anew: %w", d.remote.Path, art.ErrUnavailable)}
	}
	if res.StatusCode != http.StatusPartialContent && d.done > 0 {
		d.fetcher.note("anew", d.remote.Path)
		if err := d.restart(); err != nil {
			return err
		}
	}
	if d.size = about.size; about.size >= 0 {
		d.size = d.done + about.size
	}
	d.linked = about.linked
	if err := d.remember(address, res); err != nil {
		return err
	}
	if err := d.store.room(d.size - d.done); err != nil {
		return err
	}
	return d.receive(ctx, cancel, res.Body)
}

// resume looks at what an earlier try left: bytes of the same address, whose server can say whether they still count.
func (d *download) resume(address string) (partial, error) {
	var had partial
	data, err := os.ReadFile(d.name + ".json")
	if err != nil || json.Unmarshal(data, &had) != nil || had.URL != redact(address) || had.Tag == "" {
		return partial{}, d.restart()
	}
	if _, err := d.part.Seek(0, io.SeekStart); err != nil {
		return had, outside("going on with a download", err)
	}
	d.hash = sha256.New()
	if d.done, err = io.Copy(d.hash, d.part); err != nil {
		return had, outside("going on with a download", err)
	}
	if d.done > 0 {
		d.fetcher.note("resume", d.remote.Path, bytesOf(d.done))
	}
	return had, nil
}

// restart throws away what was there.
func (d *download) restart() error {
	d.hash, d.done = sha256.New(), 0
	if err := d.part.Truncate(0); err != nil {
		return outside("beginning a download", err)
	}
	if _, err := d.part.Seek(0, io.SeekStart); err != nil {
		return outside("beginning a download", err)
	}
	return nil
}

// remember writes down how the download can be gone on with. A weak ETag promises nothing about bytes.
func (d *download) remember(address string, res *http.Response) error {
	tag := res.Header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		tag = res.Header.Get("Last-Modified")
	}
	data, err := json.Marshal(partial{redact(address), tag, d.size})
	if err != nil {
		return fmt.Errorf("modelstore: remembering a download: %w", err)
	}
	return d.store.writeWhole(d.name+".json", data)
}

// continues tells whether a partial answer begins where the file here ends.
func continues(res *http.Response, done int64) bool {
	from, ok := strings.CutPrefix(res.Header.Get("Content-Range"), "bytes ")
	start, _, found := strings.Cut(from, "-")
	n, err := strconv.ParseInt(start, 10, 64)
	return ok && found && err == nil && n == done
}

// receive writes the body. It gives up when nothing comes for a while.
func (d *download) receive(ctx context.Context, cancel context.CancelCauseFunc, body io.Reader) error {
	idle := d.fetcher.Idle
	if idle == 0 {
		idle = usualIdle
	}
	silent := fmt.Errorf("modelstore: nothing came for %s: %w", idle, art.ErrUnavailable)
	timer := time.AfterFunc(idle, func() { cancel(silent) })
	defer timer.Stop()
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		timer.Reset(idle)
		if n > 0 {
			if _, err := d.part.Write(buffer[:n]); err != nil {
				return outside("fetching "+d.remote.Path, err)
			}
			d.hash.Write(buffer[:n])
			if d.done += int64(n); d.fetcher.Progress != nil {
				d.fetcher.Progress(d.remote.Path, d.done, d.size)
			}
		}
		switch {
		case errors.Is(err, io.EOF) && (d.size < 0 || d.done == d.size):
			return nil
		case err != nil && ctx.Err() != nil && !errors.Is(context.Cause(ctx), silent):
			return fmt.Errorf("modelstore: fetching %s: %w", d.remote.Path, context.Cause(ctx))
		case err != nil:
			return &retryable{err: fmt.Errorf("modelstore: fetching %s stopped after %s of %s: %w: %w", d.remote.Path, bytesOf(d.done), bytesOf(max(d.size, d.done)), cause(ctx, err), art.ErrUnavailable)}
		}
	}
}

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// finish compares and gives the file its name. Bytes that are not those that were expected are thrown away.
func (d *download) finish() (File, error) {
	sum := hex.EncodeToString(d.hash.Sum(nil))
	want, who := d.remote.SHA256, "was expected"
	switch {
	case want == "":
		want, who = d.linked, "is what the hub names"
	case d.remote.seen:
		who = "is what the hub gave the first time (if the change is right: --anew)"
	}
	if want != "" && sum != want {
		err := errors.Join(d.restart(), os.Remove(d.name+".json"))
		return File{}, errors.Join(fmt.Errorf("modelstore: %s has SHA-256 %s, but %s %s; the download was thrown away: %w", d.remote.Path, sum, want, who, art.ErrMismatch), err)
	}
	if err := errors.Join(d.part.Chmod(0o444), d.part.Sync()); err != nil {
		return File{}, outside("finishing a download", err)
	}
	if err := os.Rename(d.name, d.store.Blob(sum)); err != nil {
		return File{}, outside("finishing a download", err)
	}
	if err := os.Remove(d.name + ".json"); err != nil {
		return File{}, outside("finishing a download", err)
	}
	return File{Path: d.remote.Path, SHA256: sum, Size: d.done}, nil
}
