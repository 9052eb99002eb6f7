package adobestock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/ledger"
	"presswerk/internal/testkit"
)

const standard = "Standard"

func agency(t testing.TB, address string, changes ...func(*Options)) *Agency {
	t.Helper()
	clock := testkit.NewClock()
	o := Options{ClientID: testkit.StockClient, Tokens: address, Service: wire.Service{
		Name: Name, Version: Revision, Base: address, Key: testkit.StockSecret, KeyFrom: "ADOBE_STOCK_CLIENT_ID", Now: clock.Now, Limit: 1 << 20, Pauses: wire.Pauses{Sleep: clock.Sleep},
	}}
	for _, change := range changes {
		change(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPicturesAreFoundPageByPage(t *testing.T) {
	s := testkit.NewStock(t)
	a := agency(t, s.URL)
	seen := map[int64]bool{}
	for offset := 0; ; offset += 20 {
		total, files, err := a.Search(t.Context(), Query{Words: "hill fog", Limit: 20, Offset: offset, Orientation: "horizontal", Generated: "false"})
		if err != nil || total != testkit.StockHits {
			t.Fatalf("%d, %v", total, err)
		}
		if len(files) == 0 {
			break
		}
		for _, f := range files {
			seen[f.ID] = true
		}
	}
	if len(seen) != testkit.StockHits || !seen[testkit.StockFirst+44] {
		t.Errorf("%d pictures", len(seen))
	}
	if _, files, err := a.Search(t.Context(), Query{Like: testkit.PNG(t, 8, 8), Words: "fog"}); err != nil || len(files) != 32 || s.Likes() != 1 {
		t.Errorf("like a picture: %d, %v, %d sent", len(files), err, s.Likes())
	}
	if _, _, err := agency(t, s.URL, func(o *Options) { o.Key = "" }).Search(t.Context(), Query{Words: "fog"}); err != nil {
		t.Errorf("with the client's ID alone: %v", err)
	}
	for name, q := range map[string]Query{"nothing": {}, "too many": {Words: "x", Limit: 101}, "a shape": {Words: "x", Orientation: "round"}, "who made it": {Words: "x", Generated: "maybe"}} {
		if _, _, err := a.Search(t.Context(), q); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := agency(t, s.URL, func(o *Options) { o.ClientID = "" }).Search(t.Context(), Query{Words: "x"}); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "ADOBE_STOCK_CLIENT_ID") {
		t.Errorf("without a key: %v", err)
	}
}

func TestWhatGoesWrongIsSaidWithoutSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		rules func(*testkit.StockRules)
		want  error
	}{
		"401": {func(r *testkit.StockRules) { r.Fails = 401 }, art.ErrRefused}, "403": {func(r *testkit.StockRules) { r.Fails = 403 }, art.ErrRefused},
		"429": {func(r *testkit.StockRules) { r.Fails = 429 }, art.ErrUnavailable}, "500": {func(r *testkit.StockRules) { r.Fails = 500 }, art.ErrUnavailable},
		"a page": {func(r *testkit.StockRules) { r.Page = true }, art.ErrUnavailable},
	} {
		s := testkit.NewStock(t)
		s.Change(test.rules)
		a := agency(t, s.URL)
		_, _, found := a.Search(t.Context(), Query{Words: "x"})
		_, _, owned := a.Owned(t.Context(), 1, standard)
		_, offered := a.Ask(t.Context(), 1, standard)
		_, history := a.Bought(t.Context(), 1, "Extended")
		for _, err := range []error{found, owned, offered, history} {
			if !errors.Is(err, test.want) || errors.Is(err, engine.ErrUnknown) || strings.Contains(fmt.Sprint(err), testkit.StockSecret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// split lets the purchase alone go to another address.
type split struct{ to string }

func (s split) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/Content/License") {
		to, err := url.Parse(s.to)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestWaysInWhichAPurchaseEnds(t *testing.T) {
	testkit.Outcomes(t, testkit.StockSecret, func(t *testing.T, address string) error {
		s := testkit.NewStock(t)
		a := agency(t, s.URL, func(o *Options) { o.HTTP = &http.Client{Transport: split{address}} })
		_, err := a.Deal(hill(), standard, false).Start(t.Context(), "n", art.Recipe{})
		return err
	})
}

func hill() File {
	return File{ID: testkit.StockFirst, Title: "A hill in fog", Width: testkit.StockSide, Height: testkit.StockSide / 2, Type: "image/jpeg"}
}

func TestALicenceIsBoughtOnceAndItsFileComes(t *testing.T) {
	s := testkit.NewStock(t)
	s.Change(func(r *testkit.StockRules) { r.Torn = 1 })
	a := agency(t, s.URL)
	d := a.Deal(hill(), standard, false)
	ticket, err := d.Start(t.Context(), "n", d.Recipe())
	if err != nil || s.Buys() != 1 {
		t.Fatalf("%+v, %v", ticket, err)
	}
	if _, err := d.Wait(t.Context(), ticket, nil); !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("a file that broke off: %v", err)
	}
	p, err := d.Wait(t.Context(), ticket, nil)
	if err != nil || p.Width != testkit.StockSide || p.MIME != "image/jpeg" {
		t.Errorf("%d wide, %v", p.Width, err)
	}
	if _, err := d.Start(t.Context(), "m", d.Recipe()); !errors.Is(err, art.ErrConflict) || s.Buys() != 1 || s.Asked("/Content/License") != 1 {
		t.Errorf("what the account has: %v, %d sold", err, s.Buys())
	}
	if day, owned, err := a.Owned(t.Context(), hill().ID, standard); err != nil || !owned || day != "2026-11-25" {
		t.Errorf("owned %t since %s, %v", owned, day, err)
	}
	if _, owned, err := a.Owned(t.Context(), hill().ID, "Extended"); err != nil || owned {
		t.Errorf("another licence: %t, %v", owned, err)
	}
	if p, err = a.FetchBought(t.Context(), hill().ID, standard); err != nil || p.Width != testkit.StockSide { // behind older ones
		t.Errorf("from the history: %v", err)
	}
	ticket.Links["file"] = s.URL + "/gone"
	if p, err = d.Wait(t.Context(), ticket, nil); err != nil || p.Width != testkit.StockSide {
		t.Errorf("after its address ended: %v", err)
	}
}

func TestWhatIsNoLicensedFileIsNotTakenForOne(t *testing.T) {
	s := testkit.NewStock(t)
	a := agency(t, s.URL)
	d := a.Deal(hill(), standard, false)
	ticket, err := d.Start(t.Context(), "n", d.Recipe())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spoil func(*engine.Ticket)
		rules testkit.StockRules
		says  string
	}{
		"a preview in its place":      {func(*engine.Ticket) {}, testkit.StockRules{Comps: true}, "is a preview"},
		"the address of a preview":    {func(x *engine.Ticket) { x.Links["file"] = s.URL + "/Rest/Libraries/Watermarked/Download/1/1" }, testkit.StockRules{}, "watermarked"},
		"2 GB":                        {func(*engine.Ticket) {}, testkit.StockRules{Flood: true}, "more than"},
		"a page":                      {func(*engine.Ticket) {}, testkit.StockRules{Page: true}, "is no picture"},
		"a host that gets no token":   {func(x *engine.Ticket) { x.Links["file"] = "https://adobe.io.example/1" }, testkit.StockRules{}, "gets no token"},
		"a host beside, without TLS":  {func(x *engine.Ticket) { x.Links["file"] = "http://stock.adobe.com/1" }, testkit.StockRules{}, "gets no token"},
		"an address that is no place": {func(x *engine.Ticket) { x.Links["file"] = "%%" }, testkit.StockRules{}, "no address"},
	} {
		x := ticket
		x.Links = map[string]string{"file": ticket.Links["file"]}
		test.spoil(&x)
		s.Change(func(r *testkit.StockRules) { *r = test.rules })
		if _, err := d.Wait(t.Context(), x, nil); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "token-") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Change(func(r *testkit.StockRules) { *r = testkit.StockRules{} })
	f, err := a.File(t.Context(), hill().ID)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.FetchPreview(t.Context(), f); err != nil || p.Width != testkit.StockSide/3 {
		t.Errorf("a preview: %d, %v", p.Width, err)
	}
}

func TestQuotaIsAskedForBeforeAnythingIsBought(t *testing.T) {
	for name, test := range map[string]struct {
		overage, beyond bool
		says            string
	}{
		"used up": {false, true, "enough standard credits"}, "billed beyond, unasked": {true, false, "--overage"}, "billed beyond, agreed": {true, true, ""},
	} {
		s := testkit.NewStock(t)
		s.Change(func(r *testkit.StockRules) { r.Quota, r.Overage = -1, test.overage })
		_, err := agency(t, s.URL).Deal(hill(), standard, test.beyond).Start(t.Context(), "n", art.Recipe{})
		if test.says == "" && (err != nil || s.Buys() != 1) || test.says != "" && (!errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), test.says) || s.Asked("/Content/License") != 0) {
			t.Errorf("%s: %v, %d sold", name, err, s.Buys())
		}
	}
	s := testkit.NewStock(t)
	f, err := agency(t, s.URL).File(t.Context(), testkit.StockFirst+17-testkit.StockFirst%10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agency(t, s.URL).Deal(f, standard, false).Start(t.Context(), "n", art.Recipe{}); !errors.Is(err, art.ErrUnsupported) || s.Buys() != 0 {
		t.Errorf("a vector: %v", err)
	}
}

// A purchase whose answer got lost is found in the history, and never made again while the history doesn't show it.
func TestALostPurchaseIsReconciledAndNeverRepeated(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := testkit.NewStock(t)
		s.Change(func(r *testkit.StockRules) { r.Cut, r.Late, r.Quota = 1, late, 5 })
		shelf := testkit.NewLedgerShelf()
		d := agency(t, s.URL).Deal(hill(), standard, false)
		buy := func() (engine.Picture, art.Call, error) { // as a new process would
			n := 0
			return ledger.New(ledger.Options{
				Book: shelf, Blobs: shelf, Prices: func() (art.Prices, error) { return nil, nil }, Budgets: func(string) (art.Budgets, error) { return art.Budgets{}, nil },
				NewID: func() string { n++; return fmt.Sprintf("call-%d-%d", len(shelf.Calls()), n) }, Now: time.Now, Sleep: testkit.Sleepless,
			}).Render(context.Background(), d, ledger.Order{Key: d.Key(), Recipe: d.Recipe()}, nil)
		}
		p, call, err := buy()
		if !late {
			if err != nil || p.Width != testkit.StockSide || call.State != art.CallDone || s.Buys() != 1 {
				t.Errorf("%+v, %v, %d sold", call, err, s.Buys())
			}
			continue
		}
		for range 2 {
			if !errors.Is(err, engine.ErrUnknown) || !errors.Is(err, art.ErrRefused) || call.State != art.CallUnknown || s.Buys() != 1 {
				t.Fatalf("%+v, %v, %d sold", call, err, s.Buys())
			}
			_, call, err = buy()
		}
		s.Change(func(r *testkit.StockRules) { r.Late = false })
		if p, call, err = buy(); err != nil || call.State != art.CallDone || p.Width != testkit.StockSide || s.Buys() != 1 || s.Asked("/Content/License") != 1 {
			t.Errorf("after it shows: %+v, %v, %d sold", call, err, s.Buys())
		}
	}
}

// A token that ended is replaced once.
func TestATokenThatEndedIsReplaced(t *testing.T) {
	s := testkit.NewStock(t)
	a, other := agency(t, s.URL), agency(t, s.URL)
	for range 2 {
		for _, x := range []*Agency{a, other} { // each new token ends the one before
			if _, _, err := x.Owned(t.Context(), 1, standard); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzAnswers: whatever the service says of a purchase is a ticket, a definite no, or unknown.
func FuzzAnswers(f *testing.F) {
	for _, text := range []string{
		`{"contents":{"9007199254740000":{"purchase_details":{"state":"just_purchased","url":"https://x/y","width":9}}}}`, `{"contents":[]}`, `{"error":"no","code":10}`, `{"error":"no"}`, `{}`, `null`, `{"contents":{"9007199254740000":{"purchase_details":{"state":"overage"}}}}`,
	} {
		f.Add([]byte(text))
	}
	s := testkit.NewStock(f)
	var body []byte
	a := agency(f, s.URL, func(o *Options) { o.HTTP = &http.Client{Transport: said{&body}} })
	f.Fuzz(func(t *testing.T, text []byte) {
		body = text
		ticket, err := a.Deal(hill(), standard, false).Start(context.Background(), "n", art.Recipe{})
		if (err == nil) != (ticket.Job != "") {
			t.Errorf("%+v, %v", ticket, err)
		}
	})
}

// said answers a purchase with the given words.
type said struct{ body *[]byte }

func (s said) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/Content/License") {
		return http.DefaultTransport.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: readCloser{strings.NewReader(string(*s.body))}, Request: r}, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
