package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

// atOnce is how many strangers' pictures are looked at side by side; the others wait for so long.
const (
	atOnce   = 2
	waitTurn = 20 * time.Second
)

// errTooMany is what an address hears that asks too often.
var errTooMany = errors.New("web: too many requests from this address")

// door is what strangers may ask; see art.Door.
type door struct {
	art.Door
	limit *limiter
	turns chan struct{}
}

func newDoor(d art.Door, now func() time.Time) *door {
	d = d.OrDefaults()
	return &door{d, newLimiter(d.PerMinute, now), make(chan struct{}, atOnce)}
}

// enter lets a request in: with a key always, without one where the door is open and the address hasn't asked too often. The answer is
// the key, which is empty for a stranger; ok is false where a key is needed.
func (s *Studio) enter(w http.ResponseWriter, r *http.Request) (k access.Key, ok bool, err error) {
	k, ok, err = s.authorize(r)
	if err != nil || ok {
		return k, ok, err
	}
	if !s.door.Public {
		return access.Key{}, false, nil
	}
	free, wait := s.door.limit.take(clientOf(r, s.door.Proxies))
	if !free {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return access.Key{}, false, errTooMany
	}
	return access.Key{}, true, nil
}

// entered shows pages to whoever may enter; others are sent to sign in.
func (s *Studio) entered(next http.HandlerFunc) http.Handler {
	private := s.signedIn(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, ok, err := s.enter(w, r)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case !ok || k.SHA256 != "" || r.URL.Query().Get("key") != "":
			private.ServeHTTP(w, r)
		default:
			next(w, r)
		}
	})
}

// turn waits until a stranger's picture may be looked at; done ends its turn. Who came with a key waits for nobody.
func (s *Studio) turn(ctx context.Context) (done func(), err error) {
	if keyOf(ctx).SHA256 != "" {
		return func() {}, nil
	}
	late := time.NewTimer(waitTurn)
	defer late.Stop()
	select {
	case s.door.turns <- struct{}{}:
		return func() { <-s.door.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("web: waiting for a turn: %w", ctx.Err())
	case <-late.C:
		return nil, fmt.Errorf("web: too many pictures are being looked at; try again in a minute: %w", art.ErrUnavailable)
	}
}

// most is how many bytes a request may upload.
func (s *Studio) most(ctx context.Context) int64 {
	if keyOf(ctx).SHA256 != "" {
		return maxUpload
	}
	return int64(s.door.MaxBytes)
}

// origin looks at a file for whoever asks. Nothing of it is kept.
func (s *Studio) origin(ctx context.Context, data []byte) (provenance.Verification, error) {
	done, err := s.turn(ctx)
	if err != nil {
		return provenance.Verification{}, err
	}
	defer done()
	if keyOf(ctx).SHA256 != "" {
		return s.Verify(ctx, data)
	}
	return s.Ask(ctx, data)
}

func (s *Studio) verifyPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, verifyView(s.frame(r, "verify"), nil))
}

// looked is a file that was looked at, as the page shows it.
type looked struct {
	provenance.Verification

	Name    string
	Now     string   // the file itself, small, as a data URI; "" where it can't be shown
	Then    []string // the states that its history names, in its order; "" where one can't be shown
	Private bool     // whether links into the studio may be shown
}

// Steps are the history to show: the file's own, or that of what it was.
func (l looked) Steps() []provenance.Step {
	if l.Recovered != nil {
		return l.Recovered.History
	}
	return l.History
}

// verdictText explains the verdict: the file says so itself, or what it once was does.
func (l looked) verdictText() string {
	key := "verdict_" + string(l.Verdict) + "_text"
	made := l.Verdict == provenance.AIGenerated || l.Verdict == provenance.AIEdited
	if made && len(l.Layers.C2PA.SourceTypes) == 0 && l.Layers.Metadata.SourceType == "" {
		return key + "_found"
	}
	return key
}

// unique leaves out what was said before.
func unique(all []string) []string {
	var some []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			some = append(some, s)
		}
	}
	return some
}

func (s *Studio) verify(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	most := s.most(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, most)
	f := s.frame(r, "verify")
	name, data, err := upload(r, most)
	if err != nil {
		if !errors.Is(err, http.ErrMissingFile) {
			s.fail(w, r, err)
			return
		}
		s.fail(w, r, art.Invalid("file", f.say("no_file"), ""))
		return
	}
	v, err := s.origin(ctx, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l := looked{Verification: v, Name: name, Private: f.SignedIn}
	if s.Thumbnail != nil {
		l.Now = s.Thumbnail(ctx, data)
	}
	for _, step := range l.Steps() {
		l.Then = append(l.Then, s.pictureOf(ctx, l, step))
	}
	if r.Header.Get("HX-Request") != "" {
		s.render(w, r, http.StatusOK, verifyResult(f.words, l))
		return
	}
	s.render(w, r, http.StatusOK, verifyView(f, &l))
}

// upload reads the file of a form into memory. http.Request.FormFile would write large ones to the disk.
func upload(r *http.Request, most int64) (name string, data []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, fmt.Errorf("web: reading the upload: %w: %w", err, art.ErrInvalid)
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return "", nil, http.ErrMissingFile
		case tooLarge(err):
			return "", nil, fmt.Errorf("web: reading the upload: %w", err)
		case err != nil:
			return "", nil, fmt.Errorf("web: reading the upload: %w: %w", err, art.ErrInvalid)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		const longest = 120
		if name = part.FileName(); len(name) > longest {
			name = name[:longest]
		}
		if data, err = io.ReadAll(io.LimitReader(part, most)); err != nil {
			if !tooLarge(err) {
				err = fmt.Errorf("%w: %w", err, art.ErrInvalid)
			}
			return "", nil, fmt.Errorf("web: reading the upload: %w", err)
		}
		return name, data, nil
	}
}

func tooLarge(err error) bool {
	_, large := errors.AsType[*http.MaxBytesError](err)
	return large
}

// pictureOf is what a step of the history is shown with: its own thumbnail, or the file of the asset that has its name.
func (s *Studio) pictureOf(ctx context.Context, l looked, step provenance.Step) string {
	asset := l.Layers.Watermark.Asset
	if l.Recovered != nil {
		asset = l.Recovered.Asset
	}
	if step.Thumbnail != "" || s.Preview == nil || asset == "" || step.Title == "" {
		return step.Thumbnail
	}
	return s.Preview(ctx, asset, step.Title)
}

// stepsIn says actions in words, each once; one without words is called by C2PA's name.
func stepsIn(w words, actions []string) []string {
	var said []string
	for _, a := range actions {
		text := w.say("step_" + a)
		if text == "step_"+a {
			text = a
		}
		said = append(said, text)
	}
	return unique(said)
}

func signedBy(w words, signer string) string {
	if signer == "" {
		return ""
	}
	return w.say("chain_signed", signer)
}
