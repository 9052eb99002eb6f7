package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

// patient makes a ledger on a clock that takes no time, and a customer who hears what the shop asks for.
func (d *desk) patient(p Patience) (l *Ledger, c *testkit.Customer, slept *[]time.Duration) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	slept = &[]time.Duration{}
	o := d.options()
	o.Patience, o.Now = p, func() time.Time { return now }
	o.Sleep = func(_ context.Context, pause time.Duration) error {
		*slept, now = append(*slept, pause), now.Add(pause)
		return nil
	}
	c = testkit.NewCustomer(d.shop.URL, d.shop.Rules().AtOnce)
	c.Client.Pace = &wire.Pace{Now: o.Now, Sleep: o.Sleep}
	return New(o), c, slept
}

func usual() Patience { return Patience{Attempts: 4, First: 2 * time.Second, Most: time.Minute} }

func TestWhatWasTurnedAwayIsAskedForAgainWhenTheServiceSaysSo(t *testing.T) {
	for name, test := range map[string]struct {
		refuses, after int
		slept          []time.Duration
		attempts       int
		ok             bool
	}{
		"as long as it asks":   {2, 7, []time.Duration{7 * time.Second, 7 * time.Second}, 3, true},
		"longer each time":     {3, 0, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}, 4, true},
		"not for ever":         {9, 0, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}, 4, false},
		"not for hours":        {1, 3600, nil, 1, false},
		"nothing to wait for":  {0, 0, nil, 1, true},
		"never shorter than 2": {1, 1, []time.Duration{2 * time.Second}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.shop.Change(func(r *testkit.ShopRules) { r.Refuses, r.After = test.refuses, test.after })
			l, customer, slept := d.patient(usual())
			_, c, err := l.Render(t.Context(), customer, want(1), nil)
			if (err == nil) != test.ok || c.Attempt != test.attempts || !slices.Equal(*slept, test.slept) || err != nil && !engine.Busy(err) {
				t.Errorf("%v after %d attempts, slept %v", err, c.Attempt, *slept)
			}
			charges := 0
			if test.ok {
				charges = 1
			}
			if d.shop.Charges() != charges {
				t.Errorf("%d charges", d.shop.Charges())
			}
			for _, call := range d.shelf.calls[:test.attempts-1] {
				if call.State != art.CallFailed || *call.Charged != 0 {
					t.Errorf("an attempt that was turned away: %+v", call)
				}
			}
		})
	}
}

// Whoever comes while the service wants to be left alone waits as well, instead of being turned away, too.
func TestOthersWaitWhileTheServiceWantsToBeLeftAlone(t *testing.T) {
	d := newDesk(t)
	d.shop.Change(func(r *testkit.ShopRules) { r.Refuses, r.After = 1, 30 })
	l, customer, slept := d.patient(Patience{})
	if _, _, err := l.Render(t.Context(), customer, want(1), nil); !engine.Busy(err) {
		t.Fatal(err)
	}
	if _, c, err := l.Render(t.Context(), customer, want(2), nil); err != nil || c.Attempt != 1 || !slices.Equal(*slept, []time.Duration{30 * time.Second}) {
		t.Errorf("%+v, %v, slept %v", c, err, *slept)
	}
}

// However patient a ledger is: what may have been paid for is not asked for again.
func TestACutConnectionIsNeverRepeated(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		d := newDesk(t)
		d.shop.Change(func(r *testkit.ShopRules) { r.AtOnce, r.Cut = atOnce, func() bool { return true } })
		l, customer, slept := d.patient(usual())
		for range 3 {
			_, c, err := l.Render(t.Context(), engine.Wrap(customer, engine.Break(9, time.Minute, l.Now)), want(1), nil)
			if !errors.Is(err, engine.ErrUnknown) || !errors.Is(err, art.ErrRefused) || c.State != art.CallUnknown || c.Attempt != 1 {
				t.Errorf("%+v, %v", c, err)
			}
		}
		if d.shop.Charges() != 1 || len(*slept) != 0 {
			t.Errorf("%d charges, slept %v", d.shop.Charges(), *slept)
		}
	}
}

// A service that is down is left alone: requests are refused at once, say when they are made again, cost nothing and leave
// nothing open. An error without a reason to hope is not asked for again either.
func TestAServiceThatIsDownIsLeftAlone(t *testing.T) {
	d := newDesk(t)
	d.shop.Change(func(r *testkit.ShopRules) { r.Closed = true })
	asked := 0
	d.shop.Change(func(r *testkit.ShopRules) { r.At = func(string) { asked++ } })
	l, customer, slept := d.patient(usual())
	var tally engine.Tally
	e := engine.Wrap(customer, engine.Record(l.Now, tally.Listen), engine.Break(3, 5*time.Minute, l.Now))
	var err error
	for seed := range art.Seed(5) {
		_, _, err = l.Render(t.Context(), e, want(seed), nil)
	}
	c := d.shelf.last()
	if asked != 3 || len(*slept) != 0 || c.State != art.CallFailed || *c.Charged != 0 || !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("asked %d times, slept %v, %+v, %v", asked, *slept, c, err)
	}
	if said := fmt.Sprint(err); !strings.Contains(said, "asked again at 2026-11-26T12:05:00Z, in 5m0s") || !strings.Contains(said, "status 500") || strings.Contains(said, testkit.ShopKey) {
		t.Errorf("it says %s", said)
	}
	if f := tally.Of("shop"); f.Requests != 5 || f.Failed != 5 {
		t.Errorf("%+v", f)
	}
	_ = l.Sleep(t.Context(), 5*time.Minute)
	d.shop.Change(func(r *testkit.ShopRules) { r.Closed = false })
	if _, c, err := l.Render(t.Context(), e, want(1), nil); err != nil || c.Attempt != 2 || d.shop.Charges() != 1 {
		t.Errorf("after the rest: %+v, %v, %d charges", c, err, d.shop.Charges())
	}
}
