package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Contest is all that the page of a comparison of engines is made of.
type Contest struct {
	Comparison art.EngineComparison
	Brand      Brand
	Open       func(ctx context.Context, sha256 string) ([]byte, error)
	Generator  string // "Presswerk 0.1.0"
}

// comparePage is what the template shows.
type comparePage struct {
	frame
	Heading, Lead, Made string
	Sheet               []compareSheet
	Columns             []string
	Rows                []compareRow
	Notes               []string
	Names               []string // of the engines that made pictures
	Scores              []compareScore
	Cards               []compareCard
}

// compareSheet is one picture of the brief, as each engine made it.
type compareSheet struct {
	Name  string
	Seed  art.Seed
	Shots []compareShot
}

type compareShot struct {
	Src, Alt      string // Src is "" where there is no picture
	Width, Height int
	Name, Detail  string
	Pass          bool
}

// Compare writes the page of a comparison into dir, in English and German, whole or not at all. The folder needs nothing from
// elsewhere: it can be sent as it is.
func Compare(ctx context.Context, c Contest, dir string) error {
	return replace(dir, func(tmp string) error {
		b, err := newBuilder(tmp, c.Brand.Colours, "guard.css", "compare.css")
		if err != nil {
			return err
		}
		if err := b.contestants(ctx, c); err != nil {
			return err
		}
		for _, lang := range []art.Language{art.English, art.German} {
			if err := b.compare(c, lang); err != nil {
				return err
			}
		}
		return nil
	})
}

// contestants writes every picture once.
func (b *builder) contestants(ctx context.Context, c Contest) error {
	written := map[string]bool{}
	write := func(sum, mime string) error {
		if sum == "" || written[sum] {
			return nil
		}
		written[sum] = true
		data, err := c.Open(ctx, sum)
		if err != nil {
			return fmt.Errorf("publish: fetching a picture of %s: %w", c.Comparison.ID, err)
		}
		return b.write(pictureFile("", sum, mime), data)
	}
	for _, r := range c.Comparison.Rows {
		for _, p := range r.Pictures {
			if err := write(p.Image, p.MIME); err != nil {
				return err
			}
			if p.Again == nil {
				continue
			}
			if err := write(p.Again.Image, p.Again.MIME); err != nil {
				return err
			}
			if err := write(p.Again.Difference, "image/png"); err != nil {
				return err
			}
		}
	}
	return nil
}

// pictureFile is where a picture stands, as seen from root. Its bytes are as they came, so its name says what they are.
func pictureFile(root, sum, mime string) string {
	end := map[string]string{"image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif"}[mime]
	if end == "" {
		end = ".png"
	}
	return root + "images/" + sum + end
}

func (b *builder) compare(c Contest, lang art.Language) error {
	w := maps.Clone(catalogue()[lang])
	w["footer"] = w["cmp_footer"]
	v := c.Comparison
	p := comparePage{
		frame: frame{Lang: lang, Words: w, Style: b.style, Brand: c.Brand.Name.In(lang), OtherLang: w["other_lang"], Alternate: "de/index.html", Generator: c.Generator},
		Lead:  compareLead(v, w), Made: compareMade(v, w, lang),
	}
	name := "index.html"
	if lang == art.German {
		name, p.Root, p.Alternate = "de/index.html", "../", "../index.html"
	}
	engines := fmt.Sprintf(w["cmp_engines"], len(v.Rows))
	if len(v.Rows) == 1 {
		engines = w["cmp_engine"]
	}
	p.Heading, p.Lead = v.Title.In(lang), engines+" "+p.Lead
	p.Title, p.Description = p.Heading+" · "+p.Brand, p.Lead
	p.Sheet = compareSheets(v, p.Root, w, lang)
	p.Columns, p.Rows, p.Notes = compareTable(v, w, lang)
	p.Names, p.Scores = compareScores(v, w, lang)
	for _, r := range v.Rows {
		p.Cards = append(p.Cards, newCompareCard(v, r, p.Root, w, lang))
	}
	return b.page(name, "compare.html", p)
}

// compareLead says in a sentence how many engines made it.
func compareLead(c art.EngineComparison, w words) string {
	made := 0
	for _, r := range c.Rows {
		if len(r.Pictures) > 0 {
			made++
		}
	}
	switch made {
	case 0:
		return w["cmp_lead_none"]
	case len(c.Rows):
		return w["cmp_lead_all"]
	}
	return fmt.Sprintf(w["cmp_lead_some"], made, len(c.Rows))
}

// compareMade is the line below: which comparison, when, by whom, and for how much.
func compareMade(c art.EngineComparison, w words, lang art.Language) string {
	parts := []string{c.At.UTC().Format("2006-01-02 15:04 MST"), c.By, w["cmp_once"]}
	if c.Twice {
		parts[2] = w["cmp_twice"]
	}
	var estimates, paid []string
	for _, m := range c.Cost {
		estimates = append(estimates, money(m.Estimate, m.Currency, lang))
		paid = append(paid, money(m.Paid, m.Currency, lang))
	}
	if len(paid) > 0 {
		parts = append(parts, fmt.Sprintf(w["cmp_spent"], strings.Join(estimates, " + "), strings.Join(paid, " + ")))
	} else {
		parts = append(parts, w["cmp_free"])
	}
	parts = append(parts, c.ID)
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// money writes an amount as people of a language read it.
func money(a art.Amount, currency string, lang art.Language) string {
	s := a.String()
	if lang == art.German {
		s = strings.ReplaceAll(s, ".", ",")
	}
	return s + "\u00a0" + currency
}

// compareSheets puts the pictures of all engines beside each other.
func compareSheets(c art.EngineComparison, root string, w words, lang art.Language) []compareSheet {
	var all []compareSheet
	for i, cell := range c.Pictures {
		s := compareSheet{Name: cell.Name, Seed: cell.Seed}
		if s.Name == "" {
			s.Name = fmt.Sprintf(w["cmp_picture"], i+1)
		}
		for _, r := range c.Rows {
			if len(r.Pictures) == 0 {
				continue
			}
			shot := compareShot{Name: rowName(r)}
			for _, p := range r.Pictures {
				if p.Cell != i {
					continue
				}
				shot.Src, shot.Width, shot.Height, shot.Pass = pictureFile(root, p.Image, p.MIME), p.Width, p.Height, p.Pass
				shot.Alt = shot.Name + ": " + p.Recipe.Prompt
				shot.Detail = strings.Join(shotDetails(p, lang), " · ")
			}
			s.Shots = append(s.Shots, shot)
		}
		if len(s.Shots) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func shotDetails(p art.ComparedShot, lang art.Language) []string {
	all := []string{fmt.Sprintf("%d × %d", p.Width, p.Height)}
	if p.Seconds > 0 {
		all = append(all, short(p.Seconds, lang)+"\u00a0s")
	}
	if p.Charged > 0 {
		all = append(all, money(p.Charged, p.Currency, lang))
	}
	return all
}

// rowName is an engine with its model.
func rowName(r art.EngineRow) string {
	return strings.TrimSuffix(r.Engine+" · "+strings.TrimSpace(r.Model.Name+" "+r.Model.Version), " · ")
}
