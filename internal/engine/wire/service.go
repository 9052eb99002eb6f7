package wire

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Service says which hosted service an engine asks, and how.
type Service struct {
	Name    string       // of the engine
	Version string       // of its adapter; it goes up when equal recipes are asked for in another way
	Base    string       // address without a slash at the end
	Key     string       // "" makes the engine not ready
	KeyFrom string       // where a key is looked for, for who has none
	HTTP    *http.Client // nil is the default
	Limit   int64        // bytes of an answer; 0 is the client's own
	Now     func() time.Time
	Pauses  Pauses
	Pace    *Pace // of the account; nil gives each client its own, where there is a clock
	// Patience is how long one look at a job may take; 0 is a minute. Fetching what it made may take ten times as long.
	Patience time.Duration
	// Open finds a picture that a recipe names by its SHA-256; nil finds none.
	Open func(ctx context.Context, sha256 string) ([]byte, error)
}

// Client makes the client that sends header with each request.
func (s Service) Client(header http.Header) (*Client, error) {
	if u, err := url.Parse(s.Base); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, art.Invalid(s.Name+".base", fmt.Sprintf("%q is no address", s.Base), "write it as https://host")
	}
	c := &Client{Name: s.Name, Base: s.Base, Header: header, Secrets: []string{s.Key}, HTTP: s.HTTP, Limit: s.Limit, Pace: s.Pace}
	if c.Pace == nil && s.Now != nil && s.Pauses.Sleep != nil {
		c.Pace = &Pace{Now: s.Now, Sleep: s.Pauses.Sleep}
	}
	return c, nil
}

// Info is what the engine says about itself.
func (s Service) Info(models []engine.Model) engine.Info {
	info := engine.Info{Name: s.Name, Version: s.Version, Ready: s.Key != "", Models: models}
	if s.Key == "" {
		info.Reason = "there is no key; set " + s.KeyFrom
	}
	return info
}

// Ready says why nothing can be asked now.
func (s Service) Ready(ctx context.Context) error {
	if s.Key == "" {
		return fmt.Errorf("%s: there is no key; set %s: %w: %w", s.Name, s.KeyFrom, engine.ErrNotSetUp, art.ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

// Ping asks for a path that costs nothing and wants the key, as engine.Pinger does. A service that doesn't know the path, or
// has none (""), says only that it is there.
func (s Service) Ping(ctx context.Context, c *Client, path string) error {
	if err := s.Ready(ctx); err != nil {
		return err
	}
	answer, err := c.Do(ctx, Request{Method: http.MethodGet, Path: path})
	said := (*Error)(nil)
	switch answers := errors.As(err, &said); {
	case path == "" && (err == nil || answers && said.Status < http.StatusInternalServerError),
		answers && (said.Status == http.StatusNotFound || said.Status == http.StatusMethodNotAllowed):
		return art.Unsupported("key", "it answers; only a request that is paid for tells whether it takes the key", "")
	case err != nil || json.Valid(answer.Body):
		return err
	}
	return fmt.Errorf("%s: %s answers with something else than JSON: another program or a proxy answers there: %w", s.Name, host(c.Base), art.ErrUnavailable)
}

// File opens a picture that a recipe's field names, and tells its type.
func (s Service) File(ctx context.Context, field, sum string) (data []byte, kind string, err error) {
	if s.Open == nil {
		return nil, "", art.Unsupported(field, "pictures can't be opened here", "render inside a workspace")
	}
	if data, err = s.Open(ctx, strings.TrimPrefix(sum, "sha256:")); err != nil {
		return nil, "", fmt.Errorf("%s: opening %s: %w", s.Name, sum, err)
	}
	if kind = http.DetectContentType(data); !strings.HasPrefix(kind, "image/") {
		return nil, "", art.Invalid(field, "is no picture", "use PNG, JPEG or WebP")
	}
	return data, kind, nil
}

// DataURI is File for services that take a picture inside the request, as an address with at most so many bytes.
func (s Service) DataURI(ctx context.Context, field, sum string, most int) (string, error) {
	data, kind, err := s.File(ctx, field, sum)
	if err != nil {
		return "", err
	}
	uri := "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
	if len(uri) > most {
		return "", art.Invalid(field, fmt.Sprintf("takes %d bytes inside the request, more than the %d that are taken", len(uri), most), "use a smaller picture, or JPEG")
	}
	return uri, nil
}

// Watcher makes the one who watches a job through look.
func (s Service) Watcher(c *Client, progress engine.Progress, look func(ctx context.Context) (State, error)) Watcher {
	return Watcher{Client: c, Pauses: s.Pauses, Patience: cmp.Or(s.Patience, time.Minute), Now: s.Now, Progress: progress, Look: look}
}

// CheckPictures refuses a recipe whose pictures are missing or too many. So many may be sent as references, among them the
// one to be changed where that is sent as the first of them; and some models can't be told how far to change it.
func CheckPictures(r art.Recipe, most int, first, strength bool) error {
	if first && r.InitImage != "" {
		most--
	}
	switch {
	case r.Mode != art.ModeTextToImage && r.InitImage == "":
		return art.Invalid("init_image", "is missing", "name the picture to be changed")
	case r.Mode == art.ModeInpaint && r.MaskImage == "":
		return art.Invalid("mask_image", "is missing", "name the mask, white where the picture is made anew")
	case len(r.References) > max(most, 0):
		return art.Unsupported("references", "with the picture to be changed they are too many", fmt.Sprintf("use at most %d", max(most, 0)))
	case r.Strength != nil && (!strength || r.Mode == art.ModeTextToImage):
		return art.Unsupported("strength", "how far a picture is changed can't be set", "take it out, and say it in the prompt")
	}
	return nil
}

// Retired refuses a model that was shut down, from that day on, and names what replaced it.
func Retired(model, shutdown, instead string, now time.Time) error {
	if shutdown == "" || now.Format(time.DateOnly) < shutdown {
		return nil
	}
	return &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("%s was shut down on %s", model, shutdown), Kind: art.ErrUnsupported,
		Remedy: "its operator names " + instead + " instead; pictures that it made can still be imported",
	}
}
