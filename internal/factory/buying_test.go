package factory_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/factory"
	"presswerk/internal/ledger"
	"presswerk/internal/store"
	"presswerk/internal/testkit"
)

// Environment of a process that buys: where, from whom, and at what point it stands still until it is killed.
const (
	envDir    = "PRESSWERK_TEST_BUY"
	envShop   = "PRESSWERK_TEST_SHOP"
	envAtOnce = "PRESSWERK_TEST_AT_ONCE"
	envStop   = "PRESSWERK_TEST_STOP"
)

// newBuyer makes a bench whose engine is a shop's customer, with a ledger over the bench's own database.
func newBuyer(t *testing.T, dir, shop string, atOnce bool, stop string) *bench {
	t.Helper()
	stand := func(point string) {
		if point == stop {
			fmt.Printf("\nstands at %s\n", point)
			select {} // until it is killed
		}
	}
	b := newBench(t, dir, &artist{})
	var err error
	customer := halting{testkit.NewCustomer(shop, atOnce), stand}
	if b.Engines, err = engine.NewRegistry(customer); err != nil {
		t.Fatal(err)
	}
	n := time.Now().UnixNano()
	var mu sync.Mutex
	b.Ledger = ledger.New(ledger.Options{
		Book: haltingBook{b.db, stand}, Blobs: haltingBlobs{b.disk.Store, stand}, Now: time.Now, Sleep: wire.Sleep, Settling: 400 * time.Millisecond,
		Prices:  func() (art.Prices, error) { return nil, nil },
		Budgets: func(string) (art.Budgets, error) { return art.Budgets{}, nil },
		NewID:   func() string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprint("call-", n) },
	})
	return b
}

type halting struct {
	*testkit.Customer
	stand func(string)
}

func (h halting) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	h.stand("intent")
	return h.Customer.Start(ctx, name, r)
}

type haltingBook struct {
	*store.DB
	stand func(string)
}

func (h haltingBook) Settle(ctx context.Context, id string, o art.CallOutcome) (art.Call, error) {
	c, err := h.DB.Settle(ctx, id, o)
	h.stand(string(o.State))
	return c, err
}

type haltingBlobs struct {
	*blob.Store
	stand func(string)
}

func (h haltingBlobs) Put(ctx context.Context, data []byte) (string, error) {
	sum, err := h.Store.Put(ctx, data)
	h.stand("picture")
	return sum, err
}

func bought(seeds ...any) factory.Order {
	o := order(art.ApprovalReview, seeds...)
	o.Brief.Parameters.Engine, o.Brief.Parameters.Model = "shop", "disc"
	return o
}

// TestBuyerProcess is what the processes of the next test do; by itself it does nothing.
func TestBuyerProcess(t *testing.T) {
	dir := os.Getenv(envDir)
	if dir == "" {
		return
	}
	b := newBuyer(t, dir, os.Getenv(envShop), os.Getenv(envAtOnce) != "", os.Getenv(envStop))
	run := b.start(bought(1))
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Rendered+v.Progress.Failed == 1 })
}

func buyer(t *testing.T, dir string, shop *testkit.Shop, stop string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), exe, "-test.run=^TestBuyerProcess$")
	c.Env = append(os.Environ(), envDir+"="+dir, envShop+"="+shop.URL, envStop+"="+stop)
	if shop.Rules().AtOnce {
		c.Env = append(c.Env, envAtOnce+"=1")
	}
	return c
}

// Wherever a process is killed, the next one pays nothing a second time: it finds the job, or it doesn't dare to ask.
func TestAKilledBuyerNeverPaysTwice(t *testing.T) {
	for _, test := range []struct {
		at            string
		finds, atOnce bool
		unknown       bool
	}{
		{"intent", true, false, false},   // written down, not sent
		{"arrived", true, false, false},  // sent, not charged yet
		{"charged", true, false, false},  // charged, not answered
		{"accepted", true, false, false}, // the ticket is kept
		{"looked", true, false, false},   // waiting
		{"picture", true, false, false},  // the picture is kept, and nobody knows yet
		{"done", true, false, false},     // the call is done, its candidate isn't
		{"charged", false, false, true},
		{"charged", false, true, true},
	} {
		t.Run(fmt.Sprintf("%s, finds %t, at once %t", test.at, test.finds, test.atOnce), func(t *testing.T) {
			t.Parallel()
			shop, dir := testkit.NewShop(t), t.TempDir()
			shop.Change(func(r *testkit.ShopRules) { r.Finds, r.AtOnce, r.Looks = test.finds, test.atOnce, 3 })
			killAt(t, buyer(t, dir, shop, test.at), shop, test.at)
			if out, err := buyer(t, dir, shop, "").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			b := newBuyer(t, dir, shop.URL, test.atOnce, "")
			runs, err := b.db.Runs(t.Context()) // starting it once more would try once more what was given up
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d runs, %v", len(runs), err)
			}
			run := runs[0].ID
			c := b.candidates(run)[0]
			calls, err := b.db.CallsFor(t.Context(), "recipe/"+c.Planned.ID)
			if err != nil || len(calls) == 0 || shop.Charges() != 1 {
				t.Fatalf("%d charges, calls %+v, %v", shop.Charges(), calls, err)
			}
			last := calls[len(calls)-1]
			if test.unknown {
				b.settleUnknown(run, last, shop)
				return
			}
			data, err := b.disk.Get(t.Context(), c.Image)
			if err != nil || !bytes.Equal(data, testkit.ShopPicture(1)) || c.Call != last.ID || last.State != art.CallDone {
				t.Errorf("%d bytes, %+v, %v", len(data), last, err)
			}
			if v := b.run(run); len(v.Spending) != 1 || v.Spending[0].Amount != art.AmountOf(testkit.ShopPrice) || v.Spending[0].Open != 0 {
				t.Errorf("spent %+v", v.Spending)
			}
		})
	}
}

// killAt runs a process until it stands at a point, in the process itself or in the shop, and kills it.
func killAt(t *testing.T, c *exec.Cmd, shop *testkit.Shop, at string) {
	t.Helper()
	reached, killed := make(chan struct{}, 10), make(chan struct{})
	shop.Change(func(r *testkit.ShopRules) {
		r.At = func(stage string) {
			if stage == at {
				reached <- struct{}{}
				<-killed
			}
		}
	})
	pipe, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			said = append(said, lines.Text())
			if lines.Text() == "stands at "+at {
				reached <- struct{}{}
			}
		}
	}()
	select {
	case <-reached:
	case <-heard:
		t.Errorf("it ended before: %v\n%s", c.Wait(), strings.Join(said, "\n"))
	}
	_ = c.Process.Kill() // SIGKILL: nothing can be tidied up
	_ = c.Wait()
	close(killed)
}

// settleUnknown: the call is refused with the way out, and a person's word lets the run go on without another charge.
func (b *bench) settleUnknown(run string, c art.Call, shop *testkit.Shop) {
	b.t.Helper()
	v := b.candidates(run)[0]
	if c.State != art.CallUnknown || !strings.Contains(v.Failure, "presswerk cost resolve "+c.ID) {
		b.t.Fatalf("the call is %s, the candidate says %q", c.State, v.Failure)
	}
	yes := true
	p, err := (&wire.Client{Name: "file"}).Picture(testkit.ShopPicture(1))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.Resolve(b.t.Context(), c, ledger.Word{By: "Ada", Charged: &yes, Picture: &p}); err != nil {
		b.t.Fatal(err)
	}
	b.work(run, func(v art.RunView) bool { return v.Progress.Rendered == 1 && v.Progress.Judged == 1 })
	if shop.Charges() != 1 {
		b.t.Errorf("%d charges", shop.Charges())
	}
}

func TestABoughtPictureIsMadeAgainOnlyForMoney(t *testing.T) {
	shop := testkit.NewShop(t)
	b := newBuyer(t, t.TempDir(), shop.URL, false, "")
	o := bought(1, 2)
	o.Brief.Approval = art.ApprovalAuto
	run := b.work(b.start(o).ID, in(art.RunPublished))
	assets, err := b.Assets(t.Context(), "")
	if err != nil || len(assets) == 0 || shop.Charges() != 2 {
		t.Fatalf("%d assets, %v, %d charges", len(assets), err, shop.Charges())
	}
	if _, err := b.Again(t.Context(), assets[0].ID, false); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "0.04 USD") || shop.Charges() != 2 {
		t.Errorf("without a word: %v, %d charges", err, shop.Charges())
	}
	again, err := b.Again(t.Context(), assets[0].ID, true)
	if err != nil || !again.Identical || again.Call == "" || shop.Charges() != 3 {
		t.Errorf("%+v, %v, %d charges", again, err, shop.Charges())
	}
	if v := b.run(run.ID); v.Spending[0].Calls != 3 || v.Spending[0].Amount != art.AmountOf(3*testkit.ShopPrice) {
		t.Errorf("%+v", v.Spending)
	}
}

func TestWhatABudgetRefusedIsBoughtOnceItIsRaised(t *testing.T) {
	shop := testkit.NewShop(t)
	b := newBuyer(t, t.TempDir(), shop.URL, false, "")
	limit := 0.1
	b.Ledger.Budgets = func(string) (art.Budgets, error) {
		return art.Budgets{Brand: []art.Budget{{Currency: "USD", Run: &limit}}}, nil
	}
	run := b.work(b.start(bought(1, 2, 3)).ID, in(art.RunReview))
	if run.Progress.Rendered != 2 || run.Progress.Failed != 1 || shop.Charges() != 2 {
		t.Fatalf("%+v, %d charges", run.Progress, shop.Charges())
	}
	all := b.candidates(run.ID)
	if f := all[0].Failure + all[1].Failure + all[2].Failure; !strings.Contains(f, "0.10 USD per run would be exceeded: 0.10 are spent or promised, 0.04 are asked for") {
		t.Errorf("it says %q", f)
	}
	limit = 1
	b.start(bought(1, 2, 3))
	run = b.work(run.ID, func(v art.RunView) bool {
		return v.Progress.Judged == 3 && v.Progress.Selected == 3 && v.State == art.RunReview
	})
	if run.Progress.Rendered != 3 || shop.Charges() != 3 {
		t.Errorf("%+v, %d charges", run.Progress, shop.Charges())
	}
}

func TestWithoutALedgerNothingIsBought(t *testing.T) {
	shop := testkit.NewShop(t)
	b := newBuyer(t, t.TempDir(), shop.URL, false, "")
	b.Ledger = nil
	run := b.work(b.start(bought(1)).ID, in(art.RunEmpty))
	if c := b.candidates(run.ID)[0]; !strings.Contains(c.Failure, "nothing is bought here") || shop.Charges() != 0 {
		t.Errorf("%+v", c)
	}
}
