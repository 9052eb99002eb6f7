package wire

import (
	"context"
	"encoding/base64"
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
	Now     func() time.Time
	Pauses  Pauses
	// Open finds a picture that a recipe names by its SHA-256; nil finds none.
	Open func(ctx context.Context, sha256 string) ([]byte, error)
}

// Client makes the client that sends header with each request.
func (s Service) Client(header http.Header) (*Client, error) {
	if u, err := url.Parse(s.Base); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, art.Invalid(s.Name+".base", fmt.Sprintf("%q is no address", s.Base), "write it as https://host")
	}
	return &Client{Name: s.Name, Base: s.Base, Header: header, Secrets: []string{s.Key}, HTTP: s.HTTP}, nil
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
		return fmt.Errorf("%s: there is no key; set %s: %w", s.Name, s.KeyFrom, art.ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
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
