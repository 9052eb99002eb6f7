package publish

import "presswerk/internal/art"

// compareWords holds the sentences of the page that compares engines.
func compareWords() map[art.Language]words {
	return map[art.Language]words{
		art.English: {
			"cmp_engines": "One brief on %d engines.", "cmp_engine": "One brief on one engine.",
			"cmp_lead_all": "All made the pictures.", "cmp_lead_some": "%d of %d made pictures; the others say below why not.", "cmp_lead_none": "None made a picture; below is why.",
			"cmp_twice": "each request sent twice", "cmp_once": "each request sent once", "cmp_spent": "estimated %s, paid %s", "cmp_free": "nothing was paid",
			"cmp_sheet": "Contact sheet", "cmp_sheet_text": "The same words for every engine. A tap on a picture opens it in full size.", "cmp_picture": "Picture %d", "cmp_none": "no picture",
			"cmp_table": "Side by side", "cmp_best": "best", "cmp_missing": "not available", "cmp_notes": "Not available, and why",
			"cmp_col_prompt_fit": "Prompt fit", "cmp_col_text_fidelity": "Text fidelity", "cmp_col_brand_fit": "Brand fit", "cmp_col_repeat": "Same again?", "cmp_col_seconds": "Seconds a picture", "cmp_col_estimate": "Price a picture, before", "cmp_col_paid": "Paid in all", "cmp_col_style_range": "Style range",
			"cmp_explain": "Brand fit: pictures that pass every gate of the brand's rubric. Same again: how far the second answer to an equal request is from the first, in levels of 255. Seconds: median, from request to picture; loading a model is left out. Style range: mean distance of pictures that differ in style alone, in bits of 256 (0 equal, about 128 unrelated).",
			"cmp_of":      "%d of %d", "cmp_identical": "identical", "cmp_levels": "%s levels", "cmp_some_identical": "%d of %d pairs identical, at most %d levels", "cmp_range": "%s to %s", "cmp_bits": "%s bits", "cmp_itself": "%s bits from itself", "cmp_each": "Each", "cmp_paid_from": "Paid, according to",
			"cmp_nothing": "free", "cmp_unknown": "nobody knows", "cmp_as_estimated": "as estimated", "cmp_off": "%s %% off the estimate", "cmp_untold": "the service doesn't say; by the estimate", "cmp_for": "for %d pictures", "cmp_spread": "%s to %s each",
			"cmp_scores": "What the judge measured", "cmp_scores_text": "Means over the pictures of the first request. The best is marked where more or less is better.", "cmp_higher": "more is better", "cmp_lower": "less is better", "cmp_band": "neither end is good",
			"cmp_behind": "Engine by engine", "cmp_made": "made", "cmp_partly": "in part", "cmp_refused": "refused", "cmp_failed": "failed", "cmp_absent": "not ready",
			"cmp_why_refused": "It refuses fields of the brief; they stand below.", "cmp_first": "First answer", "cmp_second": "Second answer", "cmp_diff": "Difference × %s", "cmp_same": "Both answers to each request have equal pixels.",
			"cmp_promised": "Equal pixels are promised.", "cmp_not_promised": "Equal pixels are not promised.", "cmp_settings": "Settings", "cmp_prompt": "Prompt as sent", "cmp_negative": "Negative prompt",
			"cmp_adapted": "Left out to get pictures", "cmp_adapted_to": "%s → %s", "cmp_dropped": "%s → none", "cmp_fields": "Fields it refuses", "cmp_no_fields": "none", "cmp_production": "A production would also be refused", "cmp_warnings": "Beware",
			"cmp_license": "Licence of the model", "cmp_pictures": "The pictures", "cmp_card": "Model card", "cmp_card_complete": "complete", "cmp_card_draft": "draft", "cmp_card_missing": "missing: nobody stands behind it", "cmp_commercial": "Commercial use", "cmp_yes": "yes", "cmp_no": "no", "cmp_unknown_term": "not said",
			"cmp_excluded": "Not in", "cmp_conditions": "Conditions", "cmp_forbids": "For this brief", "cmp_data": "Where data go", "cmp_own": "Machines of your own; nothing is sent to anybody else.", "cmp_operator": "Operator", "cmp_region": "Region", "cmp_use": "Kept, trained on", "cmp_safety": "Filter", "cmp_dated": "As of", "cmp_not_said": "not said", "cmp_region_unknown": "not said",
			"cmp_cost": "Money", "cmp_price_from": "Price from", "cmp_version": "Version", "cmp_requests": "Requests", "cmp_paid_by": "what the service says of %d of %d requests", "cmp_notes_said": "The engine says",
			"cmp_footer": "These pictures were made to compare engines. They are not for publication, and Presswerk has not signed them; what a service wrote into its file is still there.",
		},
		art.German: {
			"cmp_engines": "Ein Briefing auf %d Maschinen.", "cmp_engine": "Ein Briefing auf einer Maschine.",
			"cmp_lead_all": "Alle haben die Bilder gemacht.", "cmp_lead_some": "%d von %d haben Bilder gemacht; warum die anderen nicht, steht unten.", "cmp_lead_none": "Keine hat ein Bild gemacht; warum, steht unten.",
			"cmp_twice": "jede Anfrage zweimal gesendet", "cmp_once": "jede Anfrage einmal gesendet", "cmp_spent": "geschätzt %s, bezahlt %s", "cmp_free": "nichts wurde bezahlt",
			"cmp_sheet": "Kontaktbogen", "cmp_sheet_text": "Dieselben Worte für jede Maschine. Ein Tipp auf ein Bild öffnet es in voller Größe.", "cmp_picture": "Bild %d", "cmp_none": "kein Bild",
			"cmp_table": "Seite an Seite", "cmp_best": "am besten", "cmp_missing": "nicht verfügbar", "cmp_notes": "Nicht verfügbar, und warum",
			"cmp_col_prompt_fit": "Trifft den Prompt", "cmp_col_text_fidelity": "Text im Bild", "cmp_col_brand_fit": "Passt zur Marke", "cmp_col_repeat": "Noch einmal gleich?", "cmp_col_seconds": "Sekunden je Bild", "cmp_col_estimate": "Preis je Bild, vorher", "cmp_col_paid": "Insgesamt bezahlt", "cmp_col_style_range": "Stilumfang",
			"cmp_explain": "Passt zur Marke: Bilder, die jede Prüfung der Markenrubrik bestehen. Noch einmal gleich: wie weit die zweite Antwort auf die gleiche Anfrage von der ersten entfernt ist, in Stufen von 255. Sekunden: Median, von der Anfrage bis zum Bild; das Laden eines Modells zählt nicht. Stilumfang: mittlerer Abstand von Bildern, die sich nur im Stil unterscheiden, in Bits von 256 (0 gleich, etwa 128 ohne Bezug).",
			"cmp_of":      "%d von %d", "cmp_identical": "identisch", "cmp_levels": "%s Stufen", "cmp_some_identical": "%d von %d Paaren identisch, höchstens %d Stufen", "cmp_range": "%s bis %s", "cmp_bits": "%s Bits", "cmp_itself": "%s Bits von sich selbst", "cmp_each": "Je Bild", "cmp_paid_from": "Bezahlt laut",
			"cmp_nothing": "kostenlos", "cmp_unknown": "weiß niemand", "cmp_as_estimated": "wie geschätzt", "cmp_off": "%s %% neben der Schätzung", "cmp_untold": "der Dienst sagt nichts; nach der Schätzung", "cmp_for": "für %d Bilder", "cmp_spread": "%s bis %s je Bild",
			"cmp_scores": "Was die Jury gemessen hat", "cmp_scores_text": "Mittelwerte über die Bilder der ersten Anfrage. Das Beste ist markiert, wo mehr oder weniger besser ist.", "cmp_higher": "mehr ist besser", "cmp_lower": "weniger ist besser", "cmp_band": "kein Ende ist gut",
			"cmp_behind": "Maschine für Maschine", "cmp_made": "gemacht", "cmp_partly": "zum Teil", "cmp_refused": "abgelehnt", "cmp_failed": "gescheitert", "cmp_absent": "nicht bereit",
			"cmp_why_refused": "Sie lehnt Felder des Briefings ab; unten stehen sie.", "cmp_first": "Erste Antwort", "cmp_second": "Zweite Antwort", "cmp_diff": "Unterschied × %s", "cmp_same": "Beide Antworten auf jede Anfrage haben gleiche Pixel.",
			"cmp_promised": "Gleiche Pixel sind zugesagt.", "cmp_not_promised": "Gleiche Pixel sind nicht zugesagt.", "cmp_settings": "Einstellungen", "cmp_prompt": "Prompt, wie gesendet", "cmp_negative": "Negativer Prompt",
			"cmp_adapted": "Weggelassen, damit es Bilder gibt", "cmp_adapted_to": "%s → %s", "cmp_dropped": "%s → keine Angabe", "cmp_fields": "Felder, die sie ablehnt", "cmp_no_fields": "keine", "cmp_production": "Eine Produktion würde außerdem abgelehnt", "cmp_warnings": "Zu beachten",
			"cmp_license": "Lizenz des Modells", "cmp_pictures": "Die Bilder", "cmp_card": "Modellkarte", "cmp_card_complete": "vollständig", "cmp_card_draft": "Entwurf", "cmp_card_missing": "fehlt: niemand steht dafür ein", "cmp_commercial": "Gewerbliche Nutzung", "cmp_yes": "ja", "cmp_no": "nein", "cmp_unknown_term": "nicht gesagt",
			"cmp_excluded": "Nicht in", "cmp_conditions": "Bedingungen", "cmp_forbids": "Für dieses Briefing", "cmp_data": "Wohin Daten gehen", "cmp_own": "Eigene Rechner; niemandem sonst wird etwas gesendet.", "cmp_operator": "Betreiber", "cmp_region": "Region", "cmp_use": "Aufbewahren, Trainieren", "cmp_safety": "Filter", "cmp_dated": "Stand", "cmp_not_said": "nicht gesagt", "cmp_region_unknown": "nicht gesagt",
			"cmp_cost": "Geld", "cmp_price_from": "Preis laut", "cmp_version": "Version", "cmp_requests": "Anfragen", "cmp_paid_by": "was der Dienst zu %d von %d Anfragen sagt", "cmp_notes_said": "Die Maschine sagt",
			"cmp_footer": "Diese Bilder sind zum Vergleichen von Maschinen gemacht. Sie sind nicht zur Veröffentlichung bestimmt, und Presswerk hat sie nicht signiert; was ein Dienst in seine Datei geschrieben hat, steht noch darin.",
		},
	}
}
