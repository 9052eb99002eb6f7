package main

// compareSentences are those about engines side by side, and about one that stands in for another.
func compareSentences() map[string]sentence {
	return map[string]sentence{
		"compare":           {"Make one brief on several engines and set pictures, figures, cost and terms side by side.", "Ein Briefing auf mehreren Maschinen machen und Bilder, Zahlen, Kosten und Bedingungen nebeneinanderstellen."},
		"flag_engines":      {"Engines to compare, by comma, each with a model or without. Default: all that there are.", "Zu vergleichende Maschinen, mit Komma, jede mit oder ohne Modell. Sonst alle, die es gibt."},
		"flag_cmp_pictures": {"Pictures of each engine.", "Bilder je Maschine."},
		"flag_twice":        {"Send each request twice and say how far the answers are from each other; what costs, costs twice.", "Jede Anfrage zweimal senden und sagen, wie weit die Antworten auseinanderliegen; was kostet, kostet zweimal."},
		"flag_strict":       {"An engine that lacks a setting of the brief makes no picture; else the setting is left out, which is said.", "Eine Maschine, der eine Einstellung des Briefings fehlt, macht kein Bild; sonst wird die Einstellung weggelassen, und das wird gesagt."},
		"flag_cmp_pay":      {"Buy what costs something. Without it nothing is sent, and the estimate is shown.", "Kaufen, was etwas kostet. Ohne das wird nichts gesendet und nur die Schätzung gezeigt."},
		"flag_cmp_out":      {"Folder for the page; it is replaced. Default: below .presswerk/comparisons.", "Ordner für die Seite; er wird ersetzt. Sonst unter .presswerk/comparisons."},

		"engines_list":    {"List the engines and what they can do.", "Die Maschinen und ihr Können auflisten."},
		"engines_consent": {"Agree that an engine stands in for one that is down, in a brand's pictures; without names, list what was agreed.", "Zustimmen, dass eine Maschine in den Bildern einer Marke für eine ausgefallene einspringt; ohne Namen auflisten, was gilt."},
		"arg_from":        {"The engine that may be down.", "Die Maschine, die ausfallen kann."},
		"arg_to":          {"The engine that stands in.", "Die Maschine, die einspringt."},
		"consented":       {"%s: %s may stand in for %s. %s has agreed on %s; take the line out of models/consents.yaml to withdraw it.", "%s: %s darf für %s einspringen. %s hat am %s zugestimmt; zum Widerrufen die Zeile aus models/consents.yaml nehmen."},
		"consent_none":    {"Nobody has agreed to anything.", "Niemand hat etwas zugestimmt."},
		"stands_in":       {"%s stands in for %s (agreed by %s, %s)", "%s springt für %s ein (Zustimmung: %s, %s)"},

		"cmp_begin":         {"%s: comparing %d engines on %d pictures", "%s: Vergleich von %d Maschinen an %d Bildern"},
		"cmp_row_absent":    {"  %-12s not ready: %s", "  %-12s nicht bereit: %s"},
		"cmp_row_refused":   {"  %-12s %s refuses: %s", "  %-12s %s lehnt ab: %s"},
		"cmp_row_unpriced":  {"  %-12s %s: %d requests, and nobody knows what they cost", "  %-12s %s: %d Anfragen, und niemand weiß, was sie kosten"},
		"cmp_row_priced":    {"  %-12s %s: %d requests at %s, about %s %s", "  %-12s %s: %d Anfragen zu %s, etwa %s %s"},
		"cmp_row_free":      {"  %-12s %s: %d requests, free", "  %-12s %s: %d Anfragen, kostenlos"},
		"cmp_row_without":   {"    left out: %s (%s → %s)", "    weggelassen: %s (%s → %s)"},
		"cmp_no_picture":    {"%s: no picture, %s: %s", "%s: kein Bild, %s: %s"},
		"cmp_state_refused": {"refused", "abgelehnt"},
		"cmp_state_failed":  {"failed", "gescheitert"},
		"cmp_state_absent":  {"not ready", "nicht bereit"},
		"cmp_line":          {"%-24s %d of %d pass the rubric, %s, %.2f s a picture, %s", "%-24s %d von %d bestehen die Rubrik, %s, %.2f s je Bild, %s"},
		"cmp_again_once":    {"sent once", "einmal gesendet"},
		"cmp_again_same":    {"identical when sent again", "beim zweiten Mal identisch"},
		"cmp_again_differs": {"%.3g levels off when sent again", "beim zweiten Mal %.3g Stufen entfernt"},
		"cmp_paid_nothing":  {"nothing paid", "nichts bezahlt"},
		"cmp_paid":          {"paid %s %s, estimated %s", "bezahlt %s %s, geschätzt %s"},
		"cmp_unavailable":   {"  %s: not available: %s", "  %s: nicht verfügbar: %s"},
		"cmp_prompt_fit":    {"prompt fit", "Prompt-Treue"},
		"cmp_text_fidelity": {"text fidelity", "Texttreue"},
		"cmp_brand_fit":     {"brand fit", "Markentreue"},
		"cmp_style_range":   {"style range", "Stilumfang"},
		"cmp_page":          {"Look at it: %s", "Ansehen: %s"},
	}
}
