package art

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAmountsAddUpAndReadBack(t *testing.T) {
	var sum Amount
	for range 1000 {
		sum += AmountOf(0.1)
	}
	if sum != AmountOf(100) || sum.String() != "100.00" {
		t.Errorf("a thousand times 0.1 is %s", sum)
	}
	for a, want := range map[Amount]string{0: "0.00", 1: "0.000001", 42_000: "0.042", -1_500_000: "-1.50", 120_000_000: "120.00"} {
		if a.String() != want {
			t.Errorf("%d is %s, want %s", int64(a), a, want)
		}
		data, err := json.Marshal(a)
		var back Amount
		if err := errors.Join(err, json.Unmarshal(data, &back)); err != nil || back != a {
			t.Errorf("%s is read back as %d: %v", data, int64(back), err)
		}
	}
	var a Amount
	for _, bad := range []string{`"1"`, `1e300`, `null`} {
		if json.Unmarshal([]byte(bad), &a) == nil && bad != "null" {
			t.Errorf("%s is an amount", bad)
		}
	}
}

func TestThePriceThatSaysMostCounts(t *testing.T) {
	tables := Prices{
		{Engine: "hosted", Dated: "2026-11-01", Source: "contract", Currency: "EUR", Prices: []Price{{Model: "b", Price: 1}}},
		{Engine: "hosted", Dated: "2026-10-01", Source: "list", Currency: "USD", Prices: []Price{
			{Price: 0.5},
			{Model: "a", Price: 0.1},
			{Model: "a", Quality: "high", Price: 0.2},
			{Model: "a", Size: "64x32", Quality: "high", Price: 0.3},
			{Model: "m", Price: 0.03, Per: PerMegapixel},
		}},
	}
	for _, test := range []struct {
		model, quality string
		w, h           int
		want           string
	}{
		{"a", "", 32, 32, "0.20 USD"},
		{"a", "low", 32, 32, "0.10 USD"},
		{"a", "high", 32, 32, "0.20 USD"},
		{"a", "high", 64, 32, "0.30 USD"},
		{"other", "", 32, 32, "0.50 USD"},
		{"b", "", 32, 32, "1.00 EUR"},
		{"m", "", 1000, 1000, "0.03 USD"},
		{"m", "", 1024, 1024, "0.06 USD"},
	} {
		q := tables.Quote(Capabilities{Engine: "hosted", Model: ModelRef{Name: test.model}}, Recipe{Width: test.w, Height: test.h, Options: map[string]any{"quality": test.quality}})
		if got := q.Amount.String() + " " + q.Currency; got != test.want || !q.Known || q.Free() || q.Dated == "" {
			t.Errorf("%+v costs %s, want %s", test, got, test.want)
		}
	}
}

func TestWithoutATableTheEngineSaysWhatItCosts(t *testing.T) {
	for name, test := range map[string]struct {
		c           Capabilities
		known, free bool
	}{
		"this machine":      {Capabilities{}, true, true},
		"priced":            {Capabilities{PricePerPicture: 0.1, Currency: "EUR", Service: &Service{Pricing: "each picture"}}, true, false},
		"priced, not known": {Capabilities{Service: &Service{Pricing: "credits"}}, false, false},
		"a free service":    {Capabilities{Service: &Service{Operator: "the team"}}, true, true},
	} {
		if q := Prices(nil).Quote(test.c, Recipe{}); q.Known != test.known || q.Free() != test.free {
			t.Errorf("%s: %+v", name, q)
		}
	}
}

func TestEveryLineOfEveryBudgetIsALimit(t *testing.T) {
	two, ten := 2.0, 10.0
	b := Budgets{
		Workspace: []Budget{{Currency: "USD", Month: &ten}, {Currency: "EUR", Day: &ten}},
		Brand:     []Budget{{Currency: "USD", Run: &two, Day: &ten}},
		Brief:     []Budget{{Currency: "USD", Run: &two}},
	}
	now := time.Date(2026, 11, 26, 23, 30, 0, 0, time.FixedZone("", -3600)) // the 27th in UTC
	got, err := b.Limits("acme", "toys-1", "USD", now)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []Limit{
		{LevelWorkspace, "month", "", "", "2026-11-01", AmountOf(10), "USD"},
		{LevelBrand, "run", "acme", "toys-1", "", AmountOf(2), "USD"},
		{LevelBrand, "day", "acme", "", "2026-11-27", AmountOf(10), "USD"},
		{LevelBrief, "run", "acme", "toys-1", "", AmountOf(2), "USD"},
	} {
		if got[i] != want {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
	if _, err := b.Limits("acme", "toys-1", "EUR", now); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "the brand's kit.yaml") {
		t.Errorf("a currency that the brand has no budget in: %v", err)
	}
	if all, err := b.Limits("acme", "", "USD", now); err != nil || len(all) != 2 {
		t.Errorf("outside of runs: %+v, %v", all, err)
	}
	if all, err := (Budgets{}).Limits("acme", "", "USD", now); err != nil || len(all) != 0 {
		t.Errorf("without budgets: %+v, %v", all, err)
	}
	if l := got[1]; l.Refuse(AmountOf(1.5), AmountOf(0.5)) != nil || !errors.Is(l.Refuse(AmountOf(1.5), AmountOf(0.500001)), ErrRefused) {
		t.Error("the limit itself may be reached, and no more")
	}
}

func TestBudgetsAndPricesThatMakeNoSenseAreTold(t *testing.T) {
	minus, one := -1.0, 1.0
	if bad := CheckBudgets("budgets", []Budget{{Currency: "Euro", Day: &minus}, {Currency: "EUR"}, {Currency: "EUR", Day: &one}}); len(bad) != 4 {
		t.Errorf("%v", bad)
	}
	bad := CheckPriceTables("tables", []PriceTable{{Dated: "May"}, {Engine: "x", Dated: "2026-01-31", Source: "s", Currency: "EUR", Prices: []Price{{Price: -1, Size: "big", Per: "hour"}, {Price: 1, Size: "64x64", Per: PerMegapixel}}}})
	if len(bad) != 8 {
		t.Errorf("%v", bad)
	}
}

func TestWhatBecomesOfACallFollowsInOrder(t *testing.T) {
	all := []CallState{CallRequested, CallAccepted, CallRunning, CallDone, CallFailed, CallUnknown, CallLost}
	for _, to := range all {
		if to.Follows(CallDone) {
			t.Errorf("a picture that is kept becomes %s", to)
		}
		if CallRequested.Follows(to) {
			t.Errorf("%s is requested once more", to)
		}
		if to != CallDone && !CallDone.Follows(to) {
			t.Errorf("a picture that comes late isn't taken from %s", to)
		}
	}
}
