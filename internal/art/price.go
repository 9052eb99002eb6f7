package art

import (
	"fmt"
	"math"
	"regexp"
	"time"
)

// PriceTable is what an operator asked for pictures on one day.
type PriceTable struct {
	Engine   string  `json:"engine" yaml:"engine"`     // name of the engine
	Dated    string  `json:"dated" yaml:"dated"`       // the day on which the prices were read, YYYY-MM-DD
	Source   string  `json:"source" yaml:"source"`     // where they were read
	Currency string  `json:"currency" yaml:"currency"` // ISO 4217
	Prices   []Price `json:"prices" yaml:"prices"`
}

// Price is one line of a price table. What it leaves out, it doesn't ask about.
type Price struct {
	Model   string  `json:"model,omitempty" yaml:"model,omitempty"`     // name of the engine's model
	Size    string  `json:"size,omitempty" yaml:"size,omitempty"`       // width and height in pixels, "1024x1536"
	Quality string  `json:"quality,omitempty" yaml:"quality,omitempty"` // the service's own word, as in a recipe's options
	Price   float64 `json:"price" yaml:"price"`                         // in the table's currency
	Per     string  `json:"per,omitempty" yaml:"per,omitempty"`         // picture or clip (default), megapixel: each million pixels that was begun, or second of a clip
}

// What a Price counts.
const (
	PerPicture   = "picture"
	PerMegapixel = "megapixel"
	PerSecond    = "second"
)

var sizePattern = regexp.MustCompile(`^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$`)

// CheckPriceTables finds what is wrong with the tables that stand at field.
func CheckPriceTables(field string, all []PriceTable) []*FieldError {
	var bad []*FieldError
	add := func(at, reason, remedy string) {
		bad = append(bad, &FieldError{Field: at, Reason: reason, Remedy: remedy, Kind: ErrInvalid})
	}
	for i, t := range all {
		at := fmt.Sprintf("%s[%d]", field, i)
		if t.Engine == "" {
			add(at+".engine", "is missing", "name the engine; presswerk engines lists them")
		}
		if _, err := time.Parse(time.DateOnly, t.Dated); err != nil {
			add(at+".dated", fmt.Sprintf("%q is no day", t.Dated), "write the day on which you read the prices, such as 2026-12-31")
		}
		if t.Source == "" {
			add(at+".source", "is missing", "say where you read the prices, such as a page or a contract")
		}
		if !currencyPattern.MatchString(t.Currency) {
			add(at+".currency", fmt.Sprintf("%q is no currency", t.Currency), "write its code of three letters, such as EUR")
		}
		if len(t.Prices) == 0 {
			add(at+".prices", "is empty", "list at least one price")
		}
		for j, p := range t.Prices {
			here := fmt.Sprintf("%s.prices[%d]", at, j)
			if p.Price < 0 || math.IsNaN(p.Price) || p.Price > 1e6 {
				add(here+".price", fmt.Sprintf("%v is no price", p.Price), "write what one picture costs")
			}
			if p.Size != "" && !sizePattern.MatchString(p.Size) {
				add(here+".size", fmt.Sprintf("%q is no size", p.Size), `write width and height in pixels, such as "1024x1536"`)
			}
			if p.Per != "" && p.Per != PerPicture && p.Per != PerMegapixel && p.Per != PerSecond {
				add(here+".per", fmt.Sprintf("nobody knows the unit %q", p.Per), "write picture, megapixel or second")
			}
		}
	}
	return bad
}

// Prices are all tables that count, a workspace's own before those that come along.
type Prices []PriceTable

// Quote is what one picture will probably cost.
type Quote struct {
	Amount   Amount `json:"amount"`
	Currency string `json:"currency,omitempty"` // "" where it costs nothing
	Dated    string `json:"dated,omitempty"`    // of the price
	Source   string `json:"source,omitempty"`   // where the price was read
	Known    bool   `json:"known"`              // false: it costs something, and nobody knows what
}

// Quote finds the price of a recipe. Of an engine's tables the first with a line that fits counts; in it, the line that
// says most about model, size and quality; of equal ones the dearest, so that a recipe which leaves its quality open is not
// thought too cheap. Where no table knows, what the engine says of itself counts. What neither a
// table nor the engine calls priced is free.
func (p Prices) Quote(c Capabilities, r Recipe) Quote {
	for _, t := range p {
		if t.Engine != c.Engine {
			continue
		}
		best, most := -1, -1
		for i, line := range t.Prices {
			if n := line.fits(c, r); n > most || n == most && n >= 0 && line.Price > t.Prices[best].Price {
				best, most = i, n
			}
		}
		if best >= 0 {
			return Quote{Amount: t.Prices[best].of(r), Currency: t.Currency, Dated: t.Dated, Source: t.Source, Known: true}
		}
	}
	q := Quote{Known: true}
	if c.Service != nil {
		q.Dated, q.Source = c.Service.Dated, c.Service.Pricing
		q.Known = c.Service.Pricing == "" || c.PricePerPicture > 0
	}
	if c.PricePerPicture > 0 {
		q.Amount, q.Currency = AmountOf(c.PricePerPicture), c.Currency
	}
	return q
}

// String is what a picture costs, as a person reads it.
func (q Quote) String() string {
	switch {
	case !q.Known:
		return "?"
	case q.Amount == 0:
		return "0"
	}
	return q.Amount.String() + " " + q.Currency
}

// Free tells that nothing is charged, for sure.
func (q Quote) Free() bool { return q.Known && q.Amount == 0 }

// fits counts how much a line says about what is asked for; -1 where it is about something else.
func (p Price) fits(c Capabilities, r Recipe) int {
	if p.Per == PerSecond && r.Clip == nil {
		return -1
	}
	n := 0
	quality, _ := r.Options["quality"].(string)
	for _, rule := range []struct {
		says, asked string
		open        bool // where nothing is asked for, every line fits
	}{{p.Model, c.Model.Name, false}, {p.Size, fmt.Sprintf("%dx%d", r.Width, r.Height), false}, {p.Quality, quality, quality == ""}} {
		switch {
		case rule.says == "" || rule.open:
		case rule.says != rule.asked:
			return -1
		default:
			n++
		}
	}
	return n
}

func (p Price) of(r Recipe) Amount {
	switch {
	case p.Per == PerMegapixel:
		return AmountOf(p.Price * math.Ceil(float64(r.Width)*float64(r.Height)/1e6))
	case p.Per == PerSecond && r.Clip != nil:
		return AmountOf(p.Price * float64(r.Clip.Seconds))
	}
	return AmountOf(p.Price)
}
