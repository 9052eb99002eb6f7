package adobestock

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// States of a purchase, in the service's words.
const (
	bought      = "purchased"
	justBought  = "just_purchased"
	cancelled   = "cancelled"
	notPossible = "not_possible"
	possible    = "possible"
	overage     = "overage"
)

// details is what the service says of one licence of one picture.
type details struct {
	State   string `json:"state"`
	License string `json:"license"`
	Date    string `json:"date"` // 2017-11-01 22:57:48, where it has one
	URL     string `json:"url"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
}

// contents is an answer about pictures, by their numbers.
type contents struct {
	Contents map[string]struct {
		Details details `json:"purchase_details"`
	} `json:"contents"`
}

func (c contents) of(id int64) details { return c.Contents[strconv.FormatInt(id, 10)].Details }

// Owned tells whether the account has this licence of a picture, and since which day, YYYY-MM-DD.
func (a *Agency) Owned(ctx context.Context, id int64, license string) (day string, owned bool, err error) {
	if err := a.Ready(true); err != nil {
		return "", false, err
	}
	var said contents
	if err := a.ask(ctx, wire.Request{Method: http.MethodGet, Path: a.path("/Rest/Libraries/1/Content/Info", about(id, license))}, &said); err != nil {
		return "", false, fmt.Errorf("asking whether %d is licensed: %w", id, err)
	}
	d := said.of(id)
	if d.State == "" {
		return "", false, fmt.Errorf("%s: it doesn't say whether %d is licensed: %w", Name, id, art.ErrUnavailable)
	}
	day, _, _ = strings.Cut(d.Date, " ")
	return day, (d.State == bought || d.State == justBought) && (d.License == "" || d.License == license), nil
}

// Offer is what buying a licence would take.
type Offer struct {
	State    string `json:"state"`   // possible, overage, not_possible
	Quota    int    `json:"quota"`   // licences or credits that are left
	Message  string `json:"message"` // the service's sentence for people, with the price
	Checkout bool   `json:"requires_checkout"`
	Plans    string `json:"plans,omitempty"` // where quota can be had
}

// Ask tells what buying a licence would take. It buys nothing.
func (a *Agency) Ask(ctx context.Context, id int64, license string) (Offer, error) {
	if err := a.Ready(true); err != nil {
		return Offer{}, err
	}
	var said struct {
		Entitlement struct {
			Quota int `json:"quota"`
		} `json:"available_entitlement"`
		Options struct {
			State    string `json:"state"`
			Checkout bool   `json:"requires_checkout"`
			Message  string `json:"message"`
			URL      string `json:"url"`
		} `json:"purchase_options"`
	}
	if err := a.ask(ctx, wire.Request{Method: http.MethodGet, Path: a.path("/Rest/Libraries/1/Member/Profile", about(id, license))}, &said); err != nil {
		return Offer{}, fmt.Errorf("asking what a licence of %d takes: %w", id, err)
	}
	return Offer{said.Options.State, said.Entitlement.Quota, said.Options.Message, said.Options.Checkout, said.Options.URL}, nil
}

// Allows refuses an offer that can't be taken, and one beyond the plan unless that was agreed to.
func (o Offer) Allows(beyond bool) error {
	field := &art.FieldError{Field: "quota", Reason: o.Message, Kind: art.ErrRefused, Remedy: "add quota to the plan at the service, or choose another licence"}
	switch {
	case o.Checkout || o.State == notPossible:
	case o.State == possible, o.State == overage && beyond:
		return nil
	case o.State == overage:
		field.Remedy = "say --overage to be billed beyond the plan"
	default:
		field.Reason, field.Kind = fmt.Sprintf("the service doesn't say that it can be bought, but %q %s", o.State, o.Message), art.ErrUnavailable
	}
	if field.Reason == "" {
		field.Reason = "the service says that it can't be bought"
	}
	return field
}

// Purchase is a line of the account's licence history.
type Purchase struct {
	License string `json:"license"`
	URL     string `json:"download_url"`
	ID      int64  `json:"id"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
}

// The pages of a history that are looked through.
const (
	historyPage  = 100
	historyPages = 200
)

// Bought looks for a licence in the history of the account's whole organisation, or gives art.ErrNotFound.
func (a *Agency) Bought(ctx context.Context, id int64, license string) (Purchase, error) {
	for page := range historyPages {
		values := url.Values{"search_parameters[limit]": {strconv.Itoa(historyPage)}, "search_parameters[offset]": {strconv.Itoa(page * historyPage)}, "all": {"true"}}
		var said struct {
			Total *int       `json:"nb_results"`
			Files []Purchase `json:"files"`
		}
		if err := a.ask(ctx, wire.Request{Method: http.MethodGet, Path: a.path("/Rest/Libraries/1/Member/LicenseHistory", values)}, &said); err != nil {
			return Purchase{}, fmt.Errorf("reading the licence history: %w", err)
		}
		if said.Total == nil {
			return Purchase{}, fmt.Errorf("%s: an answer without a history: %w", Name, art.ErrUnavailable)
		}
		for _, p := range said.Files {
			if p.ID == id && p.License == license {
				return p, nil
			}
		}
		if len(said.Files) == 0 || (page+1)*historyPage >= *said.Total {
			break
		}
	}
	return Purchase{}, fmt.Errorf("the licence history of %s has no %s licence of %d: %w", Name, license, id, art.ErrNotFound)
}

// FetchBought gets the file of a licence that the account has, which costs nothing.
func (a *Agency) FetchBought(ctx context.Context, id int64, license string) (engine.Picture, error) {
	p, err := a.Bought(ctx, id, license)
	if err != nil {
		return engine.Picture{}, err
	}
	return a.licensed(ctx, p.URL, p.Width, p.Height, license)
}

// licensed gets a licensed file, and takes nothing else for it: neither from where previews lie nor a smaller picture than was
// bought. Standard_M is smaller than the picture by what it is.
func (a *Agency) licensed(ctx context.Context, address string, width, height int, license string) (engine.Picture, error) {
	if strings.Contains(address, "/Watermarked/") {
		return engine.Picture{}, fmt.Errorf("%s: it gives the address of a watermarked preview for a licensed file: %w", Name, art.ErrUnavailable)
	}
	p, err := a.fetch(ctx, address)
	if err != nil {
		return p, fmt.Errorf("fetching the licensed file: %w", err)
	}
	const exact = 0.99 // of the longer side: some are rounded
	if got, want := max(p.Width, p.Height), max(width, height); license != "Standard_M" && float64(got) < exact*float64(want) {
		return engine.Picture{}, fmt.Errorf("%s: the file has %d×%d pixels and the licensed one %d×%d, so it is a preview: %w", Name, p.Width, p.Height, width, height, art.ErrUnavailable)
	}
	return p, nil
}
