package adobe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine/wire"
)

// Tokens is Adobe's identity service.
const Tokens = "https://ims-na1.adobelogin.com"

const margin = 5 * time.Minute // before its end, a token isn't used any more

// Options say which service is asked, and by whom. Key is the client's secret.
type Options struct {
	wire.Service
	ClientID string
	Tokens   string                 // address of the identity service
	Scope    string                 // names by comma, as the Developer Console shows them for the credential
	Header   http.Header            // sent beside the token
	Own      func(host string) bool // hosts of the service beside Base's; nil is all below adobe.io
}

// Door lets requests through with a token that counts. One asks for a token while the others wait.
type Door struct {
	options Options
	tokens  *wire.Client
	turn    chan struct{} // holds one; who has taken it may touch what follows
	client  *wire.Client
	until   time.Time
}

// NewDoor makes a door without asking anything.
func NewDoor(o Options) (*Door, error) {
	if _, err := o.Client(nil); err != nil {
		return nil, err
	}
	identity := o.Service
	identity.Base = o.Tokens
	tokens, err := identity.Client(nil)
	if err != nil {
		return nil, err
	}
	if o.Now != nil && o.Pauses.Sleep != nil {
		o.Pace = &wire.Pace{Now: o.Now, Sleep: o.Pauses.Sleep} // which a new token leaves as it is
	}
	d := &Door{options: o, tokens: tokens, turn: make(chan struct{}, 1)}
	d.turn <- struct{}{}
	return d, nil
}

// Pass gives a client with a token. Not is one whose token was refused.
func (d *Door) Pass(ctx context.Context, not *wire.Client) (*wire.Client, error) {
	select {
	case <-d.turn:
		defer func() { d.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: waiting for a token: %w", d.options.Name, ctx.Err())
	}
	if d.client != nil && d.client != not && d.options.Now().Before(d.until) {
		return d.client, nil
	}
	token, life, err := d.Ask(ctx)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Authorization": {"Bearer " + token}, "X-Api-Key": {d.options.ClientID}}
	maps.Copy(header, d.options.Header)
	client, err := d.options.Client(header)
	if err != nil {
		return nil, err
	}
	client.Secrets = append(client.Secrets, token, d.options.ClientID)
	if client.Own = d.options.Own; client.Own == nil {
		client.Own = func(host string) bool { return strings.HasSuffix(host, ".adobe.io") }
	}
	d.client, d.until = client, d.options.Now().Add(life-margin)
	return client, nil
}

// Ask asks for a token, which is free, and tells how long it lives.
func (d *Door) Ask(ctx context.Context) (token string, life time.Duration, err error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {d.options.ClientID}, "client_secret": {d.options.Key}, "scope": {d.options.Scope}}
	got, err := d.tokens.Do(ctx, wire.Request{Method: http.MethodPost, Path: "/ims/token/v3", Type: "application/x-www-form-urlencoded", Body: []byte(form.Encode())})
	if err != nil {
		return "", 0, fmt.Errorf("asking for a token: %w", err)
	}
	var said struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	if err := d.tokens.Read(got, false, &said); err != nil {
		return "", 0, fmt.Errorf("asking for a token: %w", err)
	}
	if said.Token == "" || said.Expires <= 0 {
		return "", 0, fmt.Errorf("%s: an answer without a token: %w", d.options.Name, art.ErrUnavailable)
	}
	return said.Token, time.Duration(said.Expires) * time.Second, nil
}

// Call sends a request and reads its JSON. A token that isn't taken is replaced once: nothing was done for it.
func (d *Door) Call(ctx context.Context, r wire.Request, into any) (*wire.Client, error) {
	client, err := d.Pass(ctx, nil)
	if err != nil {
		return nil, err
	}
	got, err := client.Do(ctx, r)
	if said := (*wire.Error)(nil); errors.As(err, &said) && said.Status == http.StatusUnauthorized {
		if client, err = d.Pass(ctx, client); err != nil {
			return nil, err
		}
		got, err = client.Do(ctx, r)
	}
	if err != nil {
		return client, err
	}
	return client, client.Read(got, r.Paid, into)
}
