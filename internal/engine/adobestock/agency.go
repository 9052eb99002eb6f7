package adobestock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/adobe"
	"presswerk/internal/engine/wire"
)

// What the program calls the service, where it is, and what it tells it about itself.
const (
	Name     = "adobestock"
	Base     = "https://stock.adobe.io"
	Revision = "1"
	product  = "Presswerk/1"
)

// Scope is asked for where nobody says another one.
const Scope = "openid,AdobeID,read_organizations"

// Options say who asks. Key is the client's secret; without it pictures can be found and previews fetched, and nothing bought.
type Options struct {
	wire.Service
	ClientID string
	Tokens   string // address of the identity service
	Scope    string // "" is Scope
	Locale   string // of titles and messages, such as de_DE; "" is the service's own
}

// Agency asks the service. It is safe for concurrent use.
type Agency struct {
	options Options
	door    *adobe.Door
	public  *wire.Client // with the client's ID alone
}

// New makes an agency without asking the service anything.
func New(o Options) (*Agency, error) {
	if o.Scope == "" {
		o.Scope = Scope
	}
	own := http.Header{"X-Product": {product}}
	door, err := adobe.NewDoor(adobe.Options{
		Service: o.Service, ClientID: o.ClientID, Tokens: o.Tokens, Scope: o.Scope, Header: own, Own: func(string) bool { return false },
	})
	if err != nil {
		return nil, err
	}
	public, err := o.Client(http.Header{"X-Product": {product}, "X-Api-Key": {o.ClientID}})
	if err != nil {
		return nil, err
	}
	public.Secrets = append(public.Secrets, o.ClientID)
	return &Agency{options: o, door: door, public: public}, nil
}

// Ready says why nothing can be asked: art.ErrUnavailable. To buy, the secret is needed as well.
func (a *Agency) Ready(buy bool) error {
	if a.options.ClientID == "" || buy && a.options.Key == "" {
		return fmt.Errorf("%s: there is no key; set %s: %w: %w", Name, a.options.KeyFrom, engine.ErrNotSetUp, art.ErrUnavailable)
	}
	return nil
}

// fault is how the service says no inside an answer that looks well.
type fault struct {
	Error string `json:"error"`
	Code  int    `json:"code"`
}

// ask sends a request, with a token where there is a secret, and reads its JSON.
func (a *Agency) ask(ctx context.Context, r wire.Request, into any) error {
	var heard wire.Heard[json.RawMessage]
	client := a.public
	if a.options.Key != "" {
		var err error
		if client, err = a.door.Call(ctx, r, &heard); err != nil {
			return err
		}
	} else {
		got, err := client.Do(ctx, r)
		if err != nil {
			return err
		}
		if err := client.Read(got, r.Paid, &heard); err != nil {
			return err
		}
	}
	var no fault
	if json.Unmarshal(heard.Bytes, &no) == nil && no.Error != "" {
		return fmt.Errorf("%s says %s: %w", Name, client.Redact([]byte(no.Error)), no.kind(r.Paid))
	}
	if err := json.Unmarshal(heard.Bytes, into); err != nil {
		kinds := []error{art.ErrUnavailable}
		if r.Paid {
			kinds = append(kinds, engine.ErrUnknown)
		}
		return fmt.Errorf("%s: an answer of another kind than it documents: %w: %w", Name, err, errors.Join(kinds...))
	}
	return nil
}

// kind sorts the documented codes. An error without one says nothing about a purchase.
func (f fault) kind(paid bool) error {
	switch {
	case f.Code == 10 || f.Code == 11:
		return art.ErrRefused
	case f.Code == 20 || f.Code == 31 || f.Code == 100:
		return art.ErrInvalid
	case paid:
		return errors.Join(art.ErrUnavailable, engine.ErrUnknown)
	}
	return art.ErrUnavailable
}

// path puts values behind a path, with the language of answers.
func (a *Agency) path(path string, values url.Values) string {
	if a.options.Locale != "" {
		values.Set("locale", a.options.Locale)
	}
	return path + "?" + values.Encode()
}

// about are the values of a question about one licence of one picture.
func about(id int64, license string) url.Values {
	return url.Values{"content_id": {strconv.FormatInt(id, 10)}, "license": {license}}
}

// ours tells whether an address is the service's own, which may get the token.
func (a *Agency) ours(u *url.URL) bool {
	base, err := url.Parse(a.options.Base)
	host := u.Hostname()
	return err == nil && u.Host == base.Host && u.Scheme == base.Scheme ||
		u.Scheme == "https" && (strings.HasSuffix(host, ".adobe.io") || host == "stock.adobe.com" || strings.HasSuffix(host, ".stock.adobe.com"))
}

// fetch gets a licensed file from an address that the service gave. A token that isn't taken is replaced once.
func (a *Agency) fetch(ctx context.Context, address string) (engine.Picture, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return engine.Picture{}, fmt.Errorf("%s: it gives no address of the file: %w", Name, art.ErrUnavailable)
	case !a.ours(u):
		return engine.Picture{}, fmt.Errorf("%s: the file lies at %s, which is none of its hosts and gets no token: %w", Name, u.Hostname(), art.ErrUnavailable)
	}
	var refused *wire.Client
	for {
		client, err := a.door.Pass(ctx, refused)
		if err != nil {
			return engine.Picture{}, err
		}
		token := strings.TrimPrefix(client.Header.Get("Authorization"), "Bearer ")
		with := u.Query()
		with.Set("token", token)
		u.RawQuery = with.Encode()
		links, err := a.options.Client(nil) // a header beside the token would break the address
		if err != nil {
			return engine.Picture{}, err
		}
		links.Secrets = append(links.Secrets, token)
		got, err := links.Do(ctx, wire.Request{Method: http.MethodGet, Path: u.String()})
		said := (*wire.Error)(nil)
		if errors.As(err, &said) && said.Status == http.StatusUnauthorized && refused == nil {
			refused = client
			continue
		}
		if err != nil {
			return engine.Picture{}, err
		}
		return links.Picture(got.Body)
	}
}
