package workspace

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"presswerk/internal/art"
)

// pricesFile is the workspace's own price list, under Git.
const pricesFile = "prices.yaml"

//go:embed prices.yaml
var knownPrices embed.FS

// priceList is prices.yaml.
type priceList struct {
	Tables []art.PriceTable `yaml:"tables"` // one for each engine; the first that knows a picture counts
}

// ReadPrices reads the workspace's own prices.yaml, when there is one, and puts its tables before those that come along.
func (w Workspace) ReadPrices() (art.Prices, error) {
	known, err := KnownPrices()
	if err != nil {
		return nil, err
	}
	var own priceList
	d, err := w.read(pricesFile, &own)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	d.place(art.CheckPriceTables("tables", own.Tables))
	return slices.Concat(own.Tables, known), d.found.err()
}

// KnownPrices are the price tables that come along.
func KnownPrices() (art.Prices, error) {
	data, err := knownPrices.ReadFile(pricesFile)
	if err != nil {
		return nil, fmt.Errorf("workspace: reading the prices that come along: %w", err)
	}
	var l priceList
	d := decode(pricesFile, data, &l)
	d.place(art.CheckPriceTables("tables", l.Tables))
	return l.Tables, d.found.err()
}

// ReadBudgets reads the budgets of the workspace, which stand in presswerk.yaml, and of a brand, which stand in its kit. A
// brand that isn't there has none; without a name there are those of the workspace alone.
func (w Workspace) ReadBudgets(brandID string) (art.Budgets, error) {
	var m marker
	d, err := w.read(markerFile, &m)
	if err != nil {
		return art.Budgets{}, err
	}
	d.place(art.CheckBudgets("budgets", m.Budgets))
	if err := d.found.err(); err != nil {
		return art.Budgets{}, err
	}
	b := art.Budgets{Workspace: m.Budgets}
	if brandID == "" {
		return b, nil
	}
	kit, err := w.ReadKit(brandID)
	if err != nil && !errors.Is(err, art.ErrNotFound) {
		return b, err
	}
	b.Brand = kit.Budgets
	return b, nil
}

// Brands lists the names of all brand kits, in alphabetical order.
func (w Workspace) Brands() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(w.Dir, "brands", "*", "kit.yaml"))
	if err != nil {
		return nil, fmt.Errorf("workspace: listing brands: %w", err)
	}
	for i, f := range found {
		found[i] = filepath.Base(filepath.Dir(f))
	}
	slices.Sort(found)
	return found, nil
}
