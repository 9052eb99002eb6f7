package art

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Amount is money in millionths of a currency's unit. Prices of single pictures are fractions of a cent, and sums of
// binary fractions drift; whole numbers add up exactly.
type Amount int64

const micros = 1_000_000

// AmountOf rounds to the nearest millionth.
func AmountOf(units float64) Amount { return Amount(math.Round(units * micros)) }

// Float is the amount in units of its currency.
func (a Amount) Float() float64 { return float64(a) / micros }

// String writes the amount with two to six decimals, such as "0.042" and "3.00".
func (a Amount) String() string {
	s := strconv.FormatFloat(a.Float(), 'f', 6, 64)
	for range 4 {
		s = strings.TrimSuffix(s, "0")
	}
	return s
}

// MarshalJSON writes a number in units of the currency.
func (a Amount) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, a.Float(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number in units of the currency.
func (a *Amount) UnmarshalJSON(data []byte) error {
	units, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.Abs(units) > math.MaxInt64/2/micros {
		return Invalid("amount", fmt.Sprintf("%s is no amount of money", data), "write a number such as 0.04")
	}
	*a = AmountOf(units)
	return nil
}

// Budget limits what may be spent in one currency. A limit that isn't said doesn't limit; 0 allows nothing.
type Budget struct {
	Currency string   `json:"currency" yaml:"currency"`               // ISO 4217, such as EUR; calls in other currencies need a budget of their own
	Run      *float64 `json:"run,omitempty" yaml:"run,omitempty"`     // at most so much for one run
	Day      *float64 `json:"day,omitempty" yaml:"day,omitempty"`     // at most so much on one day, which begins at 00:00 UTC
	Month    *float64 `json:"month,omitempty" yaml:"month,omitempty"` // at most so much in one month, which begins at 00:00 UTC on its first day
}

var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

// CheckBudgets finds what is wrong with the budgets that stand at field.
func CheckBudgets(field string, all []Budget) []*FieldError {
	var bad []*FieldError
	add := func(at, reason, remedy string) {
		bad = append(bad, &FieldError{Field: at, Reason: reason, Remedy: remedy, Kind: ErrInvalid})
	}
	known := map[string]bool{}
	for i, b := range all {
		at := fmt.Sprintf("%s[%d]", field, i)
		if !currencyPattern.MatchString(b.Currency) {
			add(at+".currency", fmt.Sprintf("%q is no currency", b.Currency), "write its code of three letters, such as EUR")
		} else if known[b.Currency] {
			add(at+".currency", fmt.Sprintf("%s has a budget already", b.Currency), "keep one of them")
		}
		known[b.Currency] = true
		limits := map[string]*float64{"run": b.Run, "day": b.Day, "month": b.Month}
		for _, name := range []string{"run", "day", "month"} {
			if v := limits[name]; v != nil && (*v < 0 || math.IsNaN(*v) || *v > 1e9) {
				add(at+"."+name, fmt.Sprintf("%v is no limit", *v), "write what may be spent at most, 0 for nothing")
			}
		}
		if b.Run == nil && b.Day == nil && b.Month == nil {
			add(at, "limits nothing", "write at least one of run, day and month")
		}
	}
	return bad
}

// Levels at which budgets are set.
const (
	LevelWorkspace = "workspace" // presswerk.yaml
	LevelBrand     = "brand"     // the brand's kit
	LevelBrief     = "brief"     // the brief: its runs alone
)

// Budgets are those that count for one brand and one brief.
type Budgets struct {
	Workspace, Brand, Brief []Budget
}

// Limit is one line of a budget with the place and the time that it is about.
type Limit struct {
	Level    string `json:"level"`
	Per      string `json:"per"`             // run, day or month
	Brand    string `json:"brand,omitempty"` // only what was spent for this brand; "" counts all
	Run      string `json:"run,omitempty"`   // only what was spent in this run; "" counts all
	Since    string `json:"since,omitempty"` // first day that counts, YYYY-MM-DD; "" counts all
	Most     Amount `json:"most"`
	Currency string `json:"currency"`
}

// Limits lists what a call in a currency has to keep to: every line of the budgets in this currency. A level that has
// budgets in other currencies alone gives ErrRefused, because what it limits can't be compared.
func (b Budgets) Limits(brandID, run, currency string, now time.Time) ([]Limit, error) {
	var all []Limit
	for _, level := range []struct {
		name    string
		brand   string
		budgets []Budget
	}{{LevelWorkspace, "", b.Workspace}, {LevelBrand, brandID, b.Brand}, {LevelBrief, brandID, b.Brief}} {
		if len(level.budgets) == 0 {
			continue
		}
		var others []string
		found := false
		for _, budget := range level.budgets {
			if budget.Currency != currency {
				others = append(others, budget.Currency)
				continue
			}
			found = true
			for _, l := range budget.limits(level.name, level.brand, run, now) {
				if l.Per != "run" || run != "" { // outside of runs nothing is spent in one
					all = append(all, l)
				}
			}
		}
		if !found {
			return nil, &FieldError{
				Field:  "budgets",
				Reason: fmt.Sprintf("this costs %s, and the budgets of the %s are in %s", currency, level.name, strings.Join(others, ", ")),
				Remedy: fmt.Sprintf("add one in %s to %s", currency, placeOf(level.name)), Kind: ErrRefused,
			}
		}
	}
	return all, nil
}

// All lists every line of the budgets, in all currencies.
func (b Budgets) All(brandID, run string, now time.Time) []Limit {
	var all []Limit
	for _, budget := range b.Workspace {
		all = append(all, budget.limits(LevelWorkspace, "", run, now)...)
	}
	for _, budget := range b.Brand {
		all = append(all, budget.limits(LevelBrand, brandID, run, now)...)
	}
	for _, budget := range b.Brief {
		all = append(all, budget.limits(LevelBrief, brandID, run, now)...)
	}
	return all
}

// Fund is a line of a budget with what was spent of it.
type Fund struct {
	Limit
	Spent Amount `json:"spent"`
}

// Left is what may still be spent, at least 0.
func (f Fund) Left() Amount { return max(f.Most-f.Spent, 0) }

func (b Budget) limits(level, brandID, run string, now time.Time) []Limit {
	var all []Limit
	day := now.UTC().Format(time.DateOnly)
	for _, l := range []struct {
		per, run, since string
		most            *float64
	}{{"run", run, "", b.Run}, {"day", "", day, b.Day}, {"month", "", day[:8] + "01", b.Month}} {
		if l.most == nil {
			continue
		}
		all = append(all, Limit{Level: level, Per: l.per, Brand: brandID, Run: l.run, Since: l.since, Most: AmountOf(*l.most), Currency: b.Currency})
	}
	return all
}

// Refuse says no when what was spent and what is asked for are together more than the limit.
func (l Limit) Refuse(spent, asked Amount) error {
	if spent+asked <= l.Most {
		return nil
	}
	return &FieldError{
		Field: "budgets",
		Reason: fmt.Sprintf("the %s's budget of %s %s per %s would be exceeded: %s are spent or promised, %s are asked for",
			l.Level, l.Most, l.Currency, l.Per, spent, asked),
		Remedy: fmt.Sprintf("raise it in %s, wait for the next %s, or use an engine that costs less; see presswerk cost", placeOf(l.Level), l.Per), Kind: ErrRefused,
	}
}

func placeOf(level string) string {
	return map[string]string{LevelWorkspace: "presswerk.yaml", LevelBrand: "the brand's kit.yaml", LevelBrief: "the brief"}[level]
}
