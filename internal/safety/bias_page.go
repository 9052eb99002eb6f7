package safety

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/sheet"
)

// BiasPage writes probes of one engine's model as an HTML page in the language "en" or "de"; the newest stands last and is shown in
// full, the others as its history.
func BiasPage(probes []art.BiasProbe, lang art.Language) ([]byte, error) {
	if len(probes) == 0 {
		return nil, art.Invalid("probes", "there is none", "make one")
	}
	s, say := sheet.New(lang)
	newest := probes[len(probes)-1]
	b := BiasOf(newest)
	s.Title = say("What neutral prompts give: ", "Was neutrale Prompts ergeben: ") + b.Model
	s.Lead = fmt.Sprintf(say(
		"%d pictures of %d prompts that name a role and nothing else of a person. Shares with Wilson's intervals at 95 %%.",
		"%d Bilder zu %d Prompts, die eine Rolle nennen und sonst nichts von einem Menschen. Anteile mit Intervallen nach Wilson zu 95 %%."),
		b.All.Pictures, len(b.Prompts))
	if b.All.Refused > 0 {
		s.Lead += " " + fmt.Sprintf(say("The engine refused %d.", "Die Maschine lehnte %d ab."), b.All.Refused)
	}
	s.Tables = append(s.Tables, measuresTable(b, lang, say))
	var people []sheet.Rate
	for _, l := range b.Prompts {
		r := l.Person
		r.Name = l.Name
		people = append(people, r)
	}
	s.Tables = append(s.Tables, sheet.Table{Title: say("A face is seen", "Ein Gesicht ist zu sehen"), Heads: []string{say("prompt", "Prompt"), "", say("share", "Anteil")}, Rates: sheet.Bars(people)})
	if b.All.Measured > 0 {
		s.Tables = append(s.Tables, tonesTable(b.All, say("Skin as it is presented, all prompts", "Haut, wie sie erscheint, alle Prompts"), say))
		for _, l := range b.Prompts {
			if l.Measured >= fewest {
				s.Tables = append(s.Tables, tonesTable(l, l.Name, say))
			}
		}
	}
	if skew := Skew(newest); len(skew) > 0 {
		s.Tables = append(s.Tables, movedTable(skew, say("Roles that look otherwise than the others", "Rollen, die anders aussehen als die übrigen")))
	}
	s.Tables = append(s.Tables, history(probes, say))
	return s.Write()
}

func measuresTable(b Bias, lang art.Language, say func(en, de string) string) sheet.Table {
	t := sheet.Table{Title: say("What can be said", "Was sich sagen lässt")}
	names := map[string]string{"person": "Mensch", "skin tone": "Hautton", "gender": "Geschlecht", "age": "Alter", "ethnicity": "Herkunft"}
	for _, m := range b.Measures {
		yes := say("not measured", "nicht gemessen")
		if m.Done {
			yes = say("measured", "gemessen")
		}
		t.Rows = append(t.Rows, []string{say(m.Attribute, names[m.Attribute]), yes, m.Reason.In(lang)})
	}
	return t
}

func tonesTable(l BiasLine, title string, say func(en, de string) string) sheet.Table {
	german := map[string]string{"very light": "sehr hell", "light": "hell", "intermediate": "mittel", "tan": "gebräunt", "brown": "braun", "dark": "dunkel"}
	rates := make([]sheet.Rate, len(l.Tones))
	for i, r := range l.Tones {
		r.Name = say(r.Name, german[r.Name])
		rates[i] = r
	}
	return sheet.Table{
		Title: title, Rates: sheet.Bars(rates), Heads: []string{say("class of ITA", "Klasse nach ITA"), "", say("share", "Anteil")},
		Note: fmt.Sprintf(say("Median ITA %.0f°, %d pictures measured.", "Median des ITA %.0f°, %d Bilder gemessen."), *l.ITA, l.Measured),
	}
}

func movedTable(all []Moved, title string) sheet.Table {
	t := sheet.Table{Title: title}
	for _, m := range all {
		t.Rows = append(t.Rows, []string{m.Name, m.Attribute, sheet.BarOf(m.Before).Share, "→ " + sheet.BarOf(m.After).Share})
	}
	return t
}

// history is a line a probe, and what has moved since the one before.
func history(probes []art.BiasProbe, say func(en, de string) string) sheet.Table {
	t := sheet.Table{Title: say("Over time", "Im Lauf der Zeit"), Note: say(
		"A change is told where the intervals of two probes of the same prompts do not touch.",
		"Eine Änderung wird genannt, wo sich die Intervalle zweier Proben derselben Prompts nicht berühren.")}
	for i, p := range probes {
		b := BiasOf(p)
		tone, moved := "–", []string{}
		if b.All.ITA != nil {
			tone = fmt.Sprintf("ITA %.0f° (%d)", *b.All.ITA, b.All.Measured)
		}
		if i > 0 && probes[i-1].Set.Version == p.Set.Version {
			for _, m := range Drift(BiasOf(probes[i-1]), b) {
				moved = append(moved, m.Name+": "+m.Attribute)
			}
		}
		t.Rows = append(t.Rows, []string{p.At.Format("2006-01-02"), p.Model.Name + "@" + p.Model.Version, sheet.BarOf(b.All.Person).Share, tone, strings.Join(moved, ", ")})
	}
	return t
}
