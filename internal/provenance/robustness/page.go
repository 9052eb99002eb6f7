package robustness

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/sheet"
)

// groupName is how people call a group.
func groupName(g Group, say func(en, de string) string) string {
	switch g {
	case Photo:
		return say("Photographs", "Fotografien")
	case Flat:
		return say("Flat pictures, such as drawings", "Flache Bilder, etwa Zeichnungen")
	default:
		return say("Generated scenes", "Erzeugte Szenen")
	}
}

// Page writes a report as one HTML file in the language "en" or "de".
func (r Report) Page(lang art.Language) ([]byte, error) {
	s, say := sheet.New(lang)
	s.Title = say("What the invisible watermark survives", "Was das unsichtbare Wasserzeichen übersteht")
	s.Lead, s.Notice = r.lead(say)
	s.Bad = r.Measured < r.Total || r.Wrong() > 0
	if len(r.Schemes) > 0 {
		own := r.Schemes[0]
		for _, g := range own.Groups {
			s.Tables = append(s.Tables, ratesTable(groupName(g.Group, say), say("found", "gefunden"), ofKind(g.Attacks, Use), lang, say))
		}
		s.Tables = append(s.Tables, adversaryTables(own, lang, say)...)
		s.Tables = append(s.Tables, r.falseTable(say), r.looksTable(say))
		for _, b := range r.Beside {
			s.Tables = append(s.Tables, besideTable(b, own.Scheme, lang, say))
		}
	}
	s.Made = fmt.Sprintf(say(
		"Presswerk %s, %s. Times are of one machine, with whatever else it did.", "Presswerk %s, %s. Die Zeiten sind die einer Maschine, mit allem, was sie sonst noch tat."),
		r.Version, r.Made.Format("2006-01-02"))
	return s.Write()
}

func (r Report) lead(say func(en, de string) string) (lead, notice string) {
	var groups []string
	for _, g := range r.Pictures {
		groups = append(groups, fmt.Sprintf("%s: %d", groupName(g.Group, say), g.Count))
	}
	lead = fmt.Sprintf(say(
		"Pictures were brought to %d pixels on their longer side, marked at %.0f dB, and then treated as pictures are. The mark counts as found where exactly the number that was hidden is read, by the search of presswerk verify. In brackets Wilson's interval at 95 %%. %s.",
		"Bilder wurden auf %d Pixel an der längeren Seite gebracht, mit %.0f dB markiert und dann behandelt, wie es Bildern geschieht. Als gefunden zählt, wo genau die versteckte Nummer gelesen wird, mit der Suche von presswerk verify. In Klammern das Intervall nach Wilson zu 95 %%. %s."),
		r.Side, r.PSNR, strings.Join(groups, ", "))
	switch n := r.Wrong(); {
	case r.Measured < r.Total:
		notice = fmt.Sprintf(say("Not finished: %d of %d measurements. The same command goes on.", "Nicht fertig: %d von %d Messungen. Derselbe Befehl macht weiter."), r.Measured, r.Total)
	case n > 0:
		notice = fmt.Sprintf(say("A number that was not hidden there was read %d times.", "%d-mal wurde eine Nummer gelesen, die dort nicht versteckt war."), n)
	default:
		notice = say("A number that was not hidden there was read nowhere in ordinary use.", "Eine Nummer, die dort nicht versteckt war, wurde im gewöhnlichen Gebrauch nirgends gelesen.")
	}
	return lead, notice
}

// Wrong counts other numbers than the hidden one, and numbers in unmarked crops. Forgeries are told of apart.
func (r Report) Wrong() int {
	n := 0
	if len(r.Schemes) > 0 {
		for _, a := range ofKind(r.Schemes[0].All, Use) {
			n += a.Wrong
		}
	}
	for _, f := range r.Unmarked {
		n += f.Found
	}
	return n
}

// kinds are what each attack is, by its identity.
func kinds() map[string]Attack {
	all := map[string]Attack{}
	for _, a := range Attacks() {
		all[a.ID] = a
	}
	return all
}

// ofKind keeps the rates of attacks of one kind.
func ofKind(all []AttackRate, kind Kind) []AttackRate {
	known := kinds()
	var some []AttackRate
	for _, a := range all {
		if known[a.Name].Kind == kind {
			some = append(some, a)
		}
	}
	return some
}

func ratesTable(title, count string, rates []AttackRate, lang art.Language, say func(en, de string) string) sheet.Table {
	t := sheet.Table{Title: title, Heads: []string{say("what was done", "was geschah"), count, say("share", "Anteil")}}
	known := kinds()
	for _, a := range rates {
		a.Name = known[a.Name].Name.In(lang)
		t.Rates = append(t.Rates, sheet.BarOf(a.Rate))
	}
	return t
}

func adversaryTables(own SchemeReport, lang art.Language, say func(en, de string) string) []sheet.Table {
	var all []sheet.Table
	if rates := ofKind(own.All, Adversary); len(rates) > 0 {
		t := ratesTable(say("An adversary without the key, all pictures", "Ein Gegner ohne Schlüssel, alle Bilder"), say("still found", "noch gefunden"), rates, lang, say)
		t.Note = say("Who knows how the mark works can be rid of it without knowing its key.", "Wer weiß, wie das Zeichen gemacht ist, wird es auch ohne Schlüssel los.")
		all = append(all, t)
	}
	if rates := ofKind(own.All, Forgery); len(rates) > 0 {
		t := ratesTable(say("Forgeries without the key, all pictures", "Fälschungen ohne Schlüssel, alle Bilder"), say("believed", "geglaubt"), rates, lang, say)
		t.Note = say("Here it is bad when the number is found: it shows that a mark alone proves nothing about a picture.", "Hier ist es schlecht, wenn die Nummer gefunden wird: Es zeigt, dass ein Zeichen allein nichts über ein Bild beweist.")
		all = append(all, t)
	}
	return all
}

func (r Report) falseTable(say func(en, de string) string) sheet.Table {
	t := sheet.Table{
		Title: say("Unmarked crops", "Ausschnitte ohne Zeichen"),
		Note: say("The upper bound is Clopper and Pearson's at 95 %, one-sided. Crops of one picture resemble each other: the bound is of crops like these.",
			"Die obere Grenze ist die nach Clopper und Pearson zu 95 %, einseitig. Ausschnitte eines Bildes ähneln sich: Die Grenze gilt für solche Ausschnitte."),
		Heads: []string{say("looked at", "angesehen"), say("crops", "Ausschnitte"), say("a mark found", "Zeichen gefunden"), say("at most", "höchstens"), say("largest peak (6.5 is believed)", "größte Spitze (ab 6,5 geglaubt)"), say("looks", "Blicke")},
	}
	for _, f := range r.Unmarked {
		how := say("as they are, and mirrored", "wie sie sind und gespiegelt")
		if f.Searched {
			how = say("at every scale, mirrored, turned", "in jeder Größe, gespiegelt, gedreht")
		}
		t.Rows = append(t.Rows, []string{how, fmt.Sprint(f.Crops), fmt.Sprint(f.Found), fmt.Sprintf("%.2f %%", 100*f.Upper), fmt.Sprintf("%.2f", f.Peak.Most), fmt.Sprint(f.Looks)})
	}
	return t
}

func (r Report) looksTable(say func(en, de string) string) sheet.Table {
	t := sheet.Table{
		Title: say("What marks cost", "Was Zeichen kosten"), Note: say("Medians; of PSNR and SSIM the least in brackets. SSIM is of luma: a method that marks colours looks better in it than it is.", "Mediane; bei PSNR und SSIM das Kleinste in Klammern. SSIM ist die der Helligkeit: Ein Verfahren, das Farben markiert, sieht darin besser aus, als es ist."),
		Heads: []string{"", say("pictures", "Bilder"), "PSNR, dB", "SSIM", say("embedding, ms", "Einbetten, ms"), say("detecting, ms", "Finden, ms")},
	}
	for _, s := range r.Schemes {
		t.Rows = append(t.Rows, []string{
			s.Scheme, fmt.Sprint(s.Pictures), fmt.Sprintf("%.1f (%.1f)", s.PSNR.Median, s.PSNR.Least), fmt.Sprintf("%.4f (%.4f)", s.SSIM.Median, s.SSIM.Least),
			fmt.Sprintf("%.0f", s.EmbedMS.Median), fmt.Sprintf("%.0f", s.DetectMS.Median),
		})
	}
	return t
}

func besideTable(b Beside, own string, lang art.Language, say func(en, de string) string) sheet.Table {
	t := sheet.Table{
		Title: fmt.Sprintf(say("Beside %s", "Neben %s"), b.Scheme),
		Note: fmt.Sprintf(say("The same %d pictures, brought to the same size and treated in the same way. %s has no check: it counts as found where all bits are right.",
			"Dieselben %d Bilder, auf dieselbe Größe gebracht und gleich behandelt. %s hat keine Prüfsumme: Als gefunden zählt, wo alle Bits stimmen."), b.Pictures, b.Scheme),
		Heads: []string{say("what was done", "was geschah"), own, b.Scheme, say("bits right", "Bits richtig")},
	}
	known := kinds()
	for i, a := range b.Theirs { // both lists have the same attacks
		t.Rows = append(t.Rows, []string{
			known[a.Name].Name.In(lang), fmt.Sprintf("%d / %d", b.Own[i].Count, b.Own[i].Tried), fmt.Sprintf("%d / %d", a.Count, a.Tried), fmt.Sprintf("%.0f %%", 100*a.BitsRight),
		})
	}
	return t
}
