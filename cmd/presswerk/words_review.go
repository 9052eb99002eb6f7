package main

// reviewSentences are the sentences about what people's decisions tell.
func reviewSentences() map[string]sentence {
	return map[string]sentence{
		"review_report":      {"Say what people's decisions tell about the judge: how sure it foretells them, where to draw the line, which scores help, what has moved.", "Sagen, was Entscheidungen von Menschen über die Jury verraten: wie sicher sie das Wort der Menschen voraussagt, wo die Grenze liegt, welche Werte helfen, was abgerückt ist."},
		"arg_report_brand":   {"The brand; may be left out where there is one.", "Die Marke; kann fehlen, wo es nur eine gibt."},
		"flag_look":          {"What a person's look at a picture costs, in any unit.", "Was der Blick eines Menschen auf ein Bild kostet, in irgendeiner Einheit."},
		"flag_miss":          {"What it costs when a good picture isn't shown, in the same unit.", "Was es kostet, wenn ein gutes Bild nicht gezeigt wird, in derselben Einheit."},
		"flag_report_out":    {"Folder for the page; it is replaced. Default: below .presswerk/reviews.", "Ordner für die Seite; er wird ersetzt. Sonst unter .presswerk/reviews."},
		"report_decided":     {"%d of %d judged pictures are decided, %d approved, by %d people in %d runs", "%d von %d bewerteten Bildern sind entschieden, %d freigegeben, von %d Menschen in %d Läufen"},
		"report_calibration": {"calibration: %s, Brier %.3f (%.3f without the judge), error %.3f, order %.2f", "Kalibrierung: %s, Brier %.3f (%.3f ohne Jury), Fehler %.3f, Reihenfolge %.2f"},
		"report_threshold":   {"worth a look from %.0f %% on, an overall figure of %s: %.0f %% of pictures are shown, with %.0f %% of those that people approved", "einen Blick wert ab %.0f %%, einem Gesamtwert von %s: %.0f %% der Bilder werden gezeigt, mit %.0f %% der freigegebenen"},
		"report_alpha":       {"people agree to α = %.2f over %d pictures", "Menschen sind sich zu α = %.2f einig, über %d Bilder"},
		"report_moved":       {"MOVED: %s from %.3g to %.3g of late (PSI %.2f)", "ABGERÜCKT: %s von %.3g auf zuletzt %.3g (PSI %.2f)"},
		"report_page":        {"Page: %s", "Seite: %s"},
	}
}
