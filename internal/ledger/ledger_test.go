package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

// shelf is a Book and a Blobs in memory that outlives the ledgers of a test.
type shelf struct {
	mu    sync.Mutex
	calls []art.Call
	past  map[string][]art.CallState
	blobs map[string][]byte
}

func newShelf() *shelf {
	return &shelf{past: map[string][]art.CallState{}, blobs: map[string][]byte{}}
}

func (s *shelf) CallsFor(_ context.Context, key string) ([]art.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []art.Call
	for _, c := range s.calls {
		if c.Key == key {
			found = append(found, c)
		}
	}
	return found, nil
}

func (s *shelf) Intend(_ context.Context, c art.Call, limits []art.Limit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cost, currency := c.Cost()
	for _, l := range limits {
		var spent art.Amount
		for _, o := range s.calls {
			if n, cur := o.Cost(); cur == currency {
				spent += n
			}
		}
		if err := l.Refuse(spent, cost); err != nil {
			return err
		}
	}
	s.calls = append(s.calls, c)
	s.past[c.ID] = append(s.past[c.ID], c.State)
	return nil
}

func (s *shelf) Settle(_ context.Context, id string, o art.CallOutcome) (art.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.calls {
		if c.ID != id {
			continue
		}
		if !o.State.Follows(c.State) {
			return c, art.ErrConflict
		}
		s.calls[i] = c.With(o)
		s.past[id] = append(s.past[id], o.State)
		return s.calls[i], nil
	}
	return art.Call{}, art.ErrNotFound
}

func (s *shelf) Put(_ context.Context, data []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[art.Digest(data)] = bytes.Clone(data)
	return art.Digest(data), nil
}

func (s *shelf) Get(_ context.Context, sum string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.blobs[sum]; ok {
		return data, nil
	}
	return nil, art.ErrNotFound
}

func (s *shelf) last() art.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[len(s.calls)-1]
}

// names counts calls, across all ledgers of a test.
type names struct{ n int }

func (n *names) next() string { n.n++; return fmt.Sprintf("call-%d", n.n) }

// desk makes ledgers over one shelf, as one process after the other would.
type desk struct {
	shelf   *shelf
	shop    *testkit.Shop
	names   names
	budgets art.Budgets
	prices  art.Prices
}

func newDesk(t testing.TB) *desk {
	return &desk{shelf: newShelf(), shop: testkit.NewShop(t)}
}

// cutOnce lets the next answer get lost.
func (d *desk) cutOnce() {
	var cut atomic.Bool
	d.shop.Change(func(r *testkit.ShopRules) { r.Cut = func() bool { return !cut.Swap(true) } })
}

func (d *desk) options() Options {
	return Options{
		Book: d.shelf, Blobs: d.shelf, NewID: d.names.next, Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil },
		Prices:  func() (art.Prices, error) { return d.prices, nil },
		Budgets: func(string) (art.Budgets, error) { return d.budgets, nil },
	}
}

func (d *desk) buy(o Order) (engine.Picture, art.Call, error) {
	return New(d.options()).Render(context.Background(), testkit.NewCustomer(d.shop.URL, d.shop.Rules().AtOnce), o, nil)
}

func want(seed art.Seed) Order {
	return Order{Key: fmt.Sprintf("recipe/%d", seed), Run: "toys-1", Brand: "acme", Recipe: art.Recipe{Mode: art.ModeTextToImage, Engine: "shop", Model: art.ModelRef{Name: "disc"}, Prompt: "a disc", Seed: seed, Width: 64, Height: 64}}
}

// showing is an engine that shows a picture in the making.
type showing struct{ *testkit.Customer }

func (s showing) WaitSeen(ctx context.Context, t engine.Ticket, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	see(image.NewGray(image.Rect(0, 0, 8, 8)))
	return s.Wait(ctx, t, progress)
}

func TestWhoLooksIsShownWhatIsComing(t *testing.T) {
	d, seen := newDesk(t), 0
	o := want(3)
	o.See = func(image.Image) { seen++ }
	e := showing{testkit.NewCustomer(d.shop.URL, false)}
	if _, c, err := New(d.options()).Render(context.Background(), e, o, nil); err != nil || c.State != art.CallDone || seen != 1 {
		t.Errorf("%d previews, %+v, %v", seen, c, err)
	}
}

func TestAPictureIsBoughtOnceAndItsBytesStay(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		d := newDesk(t)
		d.shop.Change(func(r *testkit.ShopRules) { r.AtOnce = atOnce })
		for range 2 { // the second order finds what the first one brought
			p, c, err := d.buy(want(3))
			if err != nil || !bytes.Equal(p.Bytes, testkit.ShopPicture(3)) || p.Width != 64 || c.State != art.CallDone {
				t.Fatalf("%+v, %v", c, err)
			}
		}
		c := d.shelf.last()
		if d.shop.Charges() != 1 || c.Charged == nil || *c.Charged != art.AmountOf(testkit.ShopPrice) || c.Basis != art.BasisService || c.Quote.Amount != art.AmountOf(testkit.ShopListPrice) {
			t.Errorf("%d charges, %+v", d.shop.Charges(), c)
		}
		answer, err := d.shelf.Get(t.Context(), c.Answer)
		if err != nil || bytes.Contains(answer, []byte(testkit.ShopKey)) || !bytes.Contains(answer, []byte("job-1")) {
			t.Errorf("kept is %q, %v", answer, err)
		}
		if !atOnce && fmt.Sprint(d.shelf.past[c.ID]) != "[requested accepted running done]" {
			t.Errorf("it went through %v", d.shelf.past[c.ID])
		}
	}
}

func TestADefiniteNoCostsNothingAndIsTriedAnew(t *testing.T) {
	d := newDesk(t)
	d.shop.Change(func(r *testkit.ShopRules) { r.Refuses = 1 })
	if _, c, err := d.buy(want(1)); !errors.Is(err, art.ErrUnavailable) || c.State != art.CallFailed || *c.Charged != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, c, err := d.buy(want(1)); err != nil || c.Attempt != 2 || d.shop.Charges() != 1 {
		t.Errorf("%+v, %v, %d charges", c, err, d.shop.Charges())
	}
}

func TestALostAnswerIsFoundByItsNameOrNeverRepeated(t *testing.T) {
	for _, finds := range []bool{true, false} {
		d := newDesk(t)
		d.cutOnce()
		d.shop.Change(func(r *testkit.ShopRules) { r.Finds = finds })
		p, c, err := d.buy(want(1))
		if finds {
			if err != nil || len(p.Bytes) == 0 || c.Attempt != 1 || d.shop.Charges() != 1 {
				t.Errorf("%+v, %v, %d charges", c, err, d.shop.Charges())
			}
			continue
		}
		for range 2 {
			if !errors.Is(err, art.ErrRefused) || !errors.Is(err, engine.ErrUnknown) || !strings.Contains(err.Error(), "presswerk cost resolve "+c.ID) || c.State != art.CallUnknown || d.shop.Charges() != 1 {
				t.Fatalf("%+v, %v, %d charges", c, err, d.shop.Charges())
			}
			_, c, err = d.buy(want(1))
		}
	}
}

// A request may still be on its way when its job is looked for: it is looked for once more before it is sent anew.
func TestALateRequestIsWaitedFor(t *testing.T) {
	d := newDesk(t)
	d.shop.Change(func(r *testkit.ShopRules) { r.Finds = true })
	o := d.options()
	o.Settling = time.Hour
	call := art.Call{ID: d.names.next(), Key: want(1).Key, Attempt: 1, Engine: "shop", Recipe: want(1).Recipe, Quote: art.Quote{Known: true, Amount: 1, Currency: "USD"}, CallOutcome: art.CallOutcome{State: art.CallRequested}}
	if err := d.shelf.Intend(t.Context(), call, nil); err != nil {
		t.Fatal(err)
	}
	customer := testkit.NewCustomer(d.shop.URL, false)
	o.Sleep = func(ctx context.Context, wait time.Duration) error {
		if wait < 59*time.Minute {
			t.Errorf("waits %s", wait)
		}
		_, err := customer.Start(ctx, call.ID, call.Recipe) // it arrives now
		return err
	}
	_, c, err := New(o).Render(t.Context(), customer, want(1), nil)
	if err != nil || c.ID != call.ID || d.shop.Charges() != 1 {
		t.Errorf("%+v, %v, %d charges", c, err, d.shop.Charges())
	}
}

func TestAJobThatTheServiceLostIsInDoubtUnlessItIsFree(t *testing.T) {
	d := newDesk(t)
	d.shop.Change(func(r *testkit.ShopRules) {
		r.Finds, r.At = true, func(stage string) {
			if stage == "looked" {
				d.shop.Change(func(r *testkit.ShopRules) { r.Forgets = true })
			}
		}
	})
	if _, c, err := d.buy(want(1)); !errors.Is(err, engine.ErrUnknown) || c.State != art.CallUnknown || d.shop.Charges() != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	d.prices = art.Prices{{Engine: "shop", Dated: "2026-11-26", Currency: "USD", Prices: []art.Price{{Price: 0}}}}
	if _, c, err := d.buy(want(2)); !errors.Is(err, art.ErrUnavailable) || c.State != art.CallFailed || d.shop.Charges() < 3 {
		t.Errorf("free: %+v, %v, %d charges", c, err, d.shop.Charges())
	}
}

func TestAnEndedContextLeavesTheJobToTheNextOrder(t *testing.T) {
	d := newDesk(t)
	ctx, stop := context.WithCancel(t.Context())
	d.shop.Change(func(r *testkit.ShopRules) {
		r.Looks, r.At = 1000, func(stage string) {
			if stage == "looked" {
				stop()
			}
		}
	})
	customer := testkit.NewCustomer(d.shop.URL, false)
	if _, c, err := New(d.options()).Render(ctx, customer, want(1), nil); !errors.Is(err, context.Canceled) || !c.State.Open() {
		t.Fatalf("%+v, %v", c, err)
	}
	d.shop.Change(func(r *testkit.ShopRules) { r.Looks = 0 })
	if _, c, err := d.buy(want(1)); err != nil || c.Attempt != 1 || d.shop.Charges() != 1 {
		t.Errorf("%+v, %v, %d charges", c, err, d.shop.Charges())
	}
}

func TestOrdersOfOneKeyAreBoughtOnceAtATime(t *testing.T) {
	d := newDesk(t)
	l := New(d.options())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if p, _, err := l.Render(context.Background(), testkit.NewCustomer(d.shop.URL, false), want(1), nil); err != nil || len(p.Bytes) == 0 {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if d.shop.Charges() != 1 {
		t.Errorf("%d charges", d.shop.Charges())
	}
}

// Two workers that don't know of each other may both bring the answer of one job; the first one counts.
func TestAnAnswerThatComesTwiceChangesNothing(t *testing.T) {
	d := newDesk(t)
	var both sync.WaitGroup
	both.Add(2)
	d.shop.Change(func(r *testkit.ShopRules) {
		r.At = func(stage string) {
			if stage == "sent" { // neither has the picture before both are about to
				both.Done()
				both.Wait()
			}
		}
	})
	first := make(chan error, 1)
	go func() {
		_, _, err := New(d.options()).Render(context.Background(), testkit.NewCustomer(d.shop.URL, false), want(1), nil)
		first <- err
	}()
	for d.shop.Charges() == 0 || d.shelf.last().State == art.CallRequested {
		time.Sleep(time.Millisecond)
	}
	p, c, err := d.buy(want(1))
	if err := errors.Join(err, <-first); err != nil || d.shop.Charges() != 1 || c.State != art.CallDone || len(p.Bytes) == 0 {
		t.Errorf("%+v, %v", c, err)
	}
	done := 0
	for _, s := range d.shelf.past[c.ID] {
		if s == art.CallDone {
			done++
		}
	}
	if done != 1 {
		t.Errorf("it was done %d times: %v", done, d.shelf.past[c.ID])
	}
}

func TestAFreshOrderIsNotServedFromWhatWasPaidEarlier(t *testing.T) {
	d := newDesk(t)
	o := want(1)
	o.Fresh = true
	for range 2 {
		if _, _, err := d.buy(o); err != nil {
			t.Fatal(err)
		}
	}
	if c := d.shelf.last(); d.shop.Charges() != 2 || c.Attempt != 2 {
		t.Errorf("%d charges, %+v", d.shop.Charges(), c)
	}
}

func TestBudgetsAreKeptBeforeTheCall(t *testing.T) {
	limit := 0.1
	d := newDesk(t)
	d.budgets.Workspace = []art.Budget{{Currency: "USD", Day: &limit}}
	for seed := range art.Seed(2) { // each is estimated at 0.04 and charged at 0.05
		if _, _, err := d.buy(want(seed)); err != nil {
			t.Fatal(err)
		}
	}
	if _, c, err := d.buy(want(9)); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "0.10 USD per day") || !strings.Contains(err.Error(), "0.04 are asked for") || c.ID != "" || d.shop.Charges() != 2 {
		t.Errorf("%v, %d charges", err, d.shop.Charges())
	}
	d.budgets.Workspace[0].Currency = "EUR"
	if _, _, err := d.buy(want(9)); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "add one in USD to presswerk.yaml") {
		t.Errorf("in another currency: %v", err)
	}
}

func TestAPersonSaysWhatHappened(t *testing.T) {
	yes, no := true, false
	dear := art.AmountOf(0.07)
	for name, test := range map[string]struct {
		word    Word
		state   art.CallState
		cost    art.Amount
		charges int // after it was ordered once more
	}{
		"not charged":              {Word{By: "Ada", Charged: &no}, art.CallFailed, 0, 2},
		"charged":                  {Word{By: "Ada", Charged: &yes, Amount: &dear}, art.CallLost, dear, 2},
		"charged, with a picture":  {Word{By: "Ada", Charged: &yes, Picture: &engine.Picture{Bytes: []byte("x")}}, art.CallDone, art.AmountOf(testkit.ShopListPrice), 1},
		"a job that is found late": {Word{By: "Ada", Job: "job-1"}, art.CallAccepted, art.AmountOf(testkit.ShopListPrice), 1},
	} {
		d := newDesk(t)
		d.cutOnce()
		_, c, err := d.buy(want(1))
		if !errors.Is(err, engine.ErrUnknown) {
			t.Fatal(err)
		}
		l := New(d.options())
		for _, bad := range []Word{{Charged: &yes}, {By: "Ada"}, {By: "Ada", Charged: &no, Job: "job-1"}} {
			if _, err := l.Resolve(t.Context(), c, bad); !errors.Is(err, art.ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		now, err := l.Resolve(t.Context(), c, test.word)
		if cost, _ := now.Cost(); err != nil || now.State != test.state || now.By != "Ada" || cost != test.cost {
			t.Errorf("%s: %+v costs %s, %v", name, now, cost, err)
		}
		p, _, err := d.buy(want(1))
		if err != nil || len(p.Bytes) == 0 || d.shop.Charges() != test.charges {
			t.Errorf("%s: ordered once more: %v, %d charges", name, err, d.shop.Charges())
		}
		if _, err := l.Resolve(t.Context(), d.shelf.last(), test.word); !errors.Is(err, art.ErrConflict) {
			t.Errorf("%s: said of a call that is done: %v", name, err)
		}
	}
}

func TestWhatNobodyKnowsThePriceOfIsRefusedWhereThereAreBudgets(t *testing.T) {
	most := 1.0
	q := art.Quote{}
	if _, err := limitsOf(art.Budgets{Brand: []art.Budget{{Currency: "EUR", Day: &most}}}, want(1), q, time.Now()); !errors.Is(err, art.ErrRefused) {
		t.Error(err)
	}
	if limits, err := limitsOf(art.Budgets{}, want(1), q, time.Now()); err != nil || limits != nil {
		t.Error(limits, err)
	}
}

// death is a process that ends in the middle: after so many steps nothing is done any more.
type death struct {
	left int // steps until the end; negative: it lives
	dead bool
}

type ended struct{}

var errDied = errors.New("the process ended")

func (d *death) step() {
	if d.dead || d.left == 0 {
		d.dead = true
		panic(ended{})
	}
	d.left--
}

type mortalBook struct {
	Book
	*death
}

func (m mortalBook) Intend(ctx context.Context, c art.Call, l []art.Limit) error {
	m.step()
	defer m.step()
	return m.Book.Intend(ctx, c, l)
}

func (m mortalBook) Settle(ctx context.Context, id string, o art.CallOutcome) (art.Call, error) {
	m.step()
	defer m.step()
	return m.Book.Settle(ctx, id, o)
}

type mortalBlobs struct {
	Blobs
	*death
}

func (m mortalBlobs) Put(ctx context.Context, data []byte) (string, error) {
	m.step()
	defer m.step()
	return m.Blobs.Put(ctx, data)
}

type mortalCustomer struct {
	*testkit.Customer
	*death
}

func (m mortalCustomer) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m.step()
	defer m.step()
	return m.Customer.Start(ctx, name, r)
}

func (m mortalCustomer) Wait(ctx context.Context, t engine.Ticket, p engine.Progress) (engine.Picture, error) {
	m.step()
	defer m.step()
	return m.Customer.Wait(ctx, t, p)
}

func (m mortalCustomer) Find(ctx context.Context, name string) (engine.Ticket, error) {
	m.step()
	defer m.step()
	return m.Customer.Find(ctx, name)
}

// live is one process that wants the picture, and may end before it has it.
func (d *desk) live(steps int) (c art.Call, err error) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(ended); !ok {
				panic(p)
			}
			err = errDied
		}
	}()
	mortal := &death{left: steps}
	o := d.options()
	o.Book, o.Blobs = mortalBook{o.Book, mortal}, mortalBlobs{o.Blobs, mortal}
	_, c, err = New(o).Render(context.Background(), mortalCustomer{testkit.NewCustomer(d.shop.URL, d.shop.Rules().AtOnce), mortal}, want(1), nil)
	return c, err
}

// However often and wherever processes end, and whatever answers get lost: a service that can find its jobs charges exactly
// once and the picture comes; one that can't is never asked a second time when nobody knows about the first.
func TestHoweverProcessesEndNothingIsPaidTwice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t)
		finds := rapid.Bool().Draw(r, "finds")
		atOnce := !finds && rapid.Bool().Draw(r, "at once")
		cuts := rapid.SliceOfN(rapid.Bool(), 0, 3).Draw(r, "cuts")
		var answers atomic.Int32
		d.shop.Change(func(r *testkit.ShopRules) {
			r.Finds, r.AtOnce, r.Cut = finds, atOnce, func() bool {
				i := int(answers.Add(1)) - 1
				return i < len(cuts) && cuts[i]
			}
		})
		for _, steps := range rapid.SliceOfN(rapid.IntRange(0, 14), 0, 5).Draw(r, "lives") {
			_, _ = d.live(steps) // whatever it says
		}
		c, err := d.live(-1)
		charges := d.shop.Charges()
		switch {
		case err == nil && charges == 1 && c.State == art.CallDone:
		case !finds && errors.Is(err, engine.ErrUnknown) && c.State == art.CallUnknown && charges <= 1:
		default:
			r.Fatalf("%d charges, call %+v, %v; history %v", charges, c, err, d.shelf.past)
		}
	})
}
