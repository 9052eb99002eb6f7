package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestPricesThatComeAlongAreWhole(t *testing.T) {
	tables, err := KnownPrices()
	if err != nil {
		t.Fatal(err)
	}
	c := art.Capabilities{Engine: "openai", Model: art.ModelRef{Name: "gpt-image-1.5"}}
	if q := tables.Quote(c, art.Recipe{Width: 1024, Height: 1536, Options: map[string]any{"quality": "high"}}); len(tables) != 7 || q.String() != "0.20 USD" || q.Dated != "2026-11-26" {
		t.Errorf("%d tables, %+v", len(tables), q)
	}
}

func TestAWorkspacesOwnPricesCountFirst(t *testing.T) {
	w := newWorkspace(t)
	write(t, w, pricesFile, "tables:\n  - engine: shop\n    dated: 2026-11-26\n    source: our contract\n    currency: EUR\n    prices:\n      - {model: disc, size: 64x64, quality: high, price: 0.07}\n      - {price: 0.02, per: megapixel}\n")
	prices, err := w.ReadPrices()
	if err != nil {
		t.Fatal(err)
	}
	q := prices.Quote(art.Capabilities{Engine: "shop", Model: art.ModelRef{Name: "disc"}}, art.Recipe{Width: 64, Height: 64, Options: map[string]any{"quality": "high"}})
	if q.Amount != art.AmountOf(0.07) || q.Currency != "EUR" || q.Dated != "2026-11-26" || q.Source != "our contract" {
		t.Errorf("%+v", q)
	}
	write(t, w, pricesFile, "tables:\n  - engine: shop\n    dated: yesterday\n    source: our contract\n    currency: Euro\n    prices:\n      - {modell: disc, price: cheap}\n")
	_, err = w.ReadPrices()
	if !errors.Is(err, art.ErrInvalid) {
		t.Fatal(err)
	}
	for _, want := range []string{"prices.yaml:3:12: tables[0].dated", `prices.yaml:5:15: tables[0].currency: "Euro" is no currency`, "prices.yaml:7:10: tables[0].prices[0].modell: nobody knows this key", "prices.yaml:7:31: tables[0].prices[0].price"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
}

func TestBudgetsStandInTheWorkspaceAndInTheKit(t *testing.T) {
	w := newWorkspace(t)
	if b, err := w.ReadBudgets("morgenrot"); err != nil || len(b.Workspace)+len(b.Brand) != 0 {
		t.Errorf("the example: %+v, %v", b, err)
	}
	kit, err := os.ReadFile(filepath.Join(w.Dir, "brands", "morgenrot", "kit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, "brands/morgenrot/kit.yaml", string(kit)+"\nbudgets:\n  - {currency: EUR, run: 5, day: 20}\n")
	write(t, w, markerFile, "name: M\nversion: 1\nbudgets:\n  - {currency: EUR, month: 300}\n")
	b, err := w.ReadBudgets("morgenrot")
	if err != nil || *b.Brand[0].Run != 5 || *b.Brand[0].Day != 20 || b.Brand[0].Month != nil || *b.Workspace[0].Month != 300 {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := w.ReadBudgets("gone"); err != nil || len(b.Workspace) != 1 || b.Brand != nil {
		t.Errorf("a brand that isn't there: %+v, %v", b, err)
	}
	write(t, w, markerFile, "name: M\nversion: 1\nbudgets:\n  - {currency: EUR, month: -3}\n  - {currency: EUR, yearly: 1}\n")
	_, err = Open(w.Dir)
	for _, want := range []string{"presswerk.yaml:4:28: budgets[0].month", "presswerk.yaml:5:21: budgets[1].yearly"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
	brands, err := w.Brands()
	if err != nil || len(brands) != 1 || brands[0] != "morgenrot" {
		t.Errorf("%q, %v", brands, err)
	}
}

func TestABriefLimitsItsRunsAlone(t *testing.T) {
	w := newWorkspace(t)
	brief, err := os.ReadFile(filepath.Join(w.Dir, "briefs", "breakfast-table.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, "briefs/dear.yaml", string(brief)+"\nbudgets:\n  - {currency: EUR, run: 2}\n")
	if o, err := w.Load("briefs/dear.yaml"); err != nil || len(o.Brief.Budgets) != 1 || *o.Brief.Budgets[0].Run != 2 {
		t.Errorf("%+v, %v", o.Brief.Budgets, err)
	}
	write(t, w, "briefs/dear.yaml", string(brief)+"\nbudgets:\n  - {currency: EUR, day: 2}\n")
	if _, err := w.Load("briefs/dear.yaml"); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "write run") {
		t.Error(err)
	}
}
