package publish

import "presswerk/internal/art"

// reviewWords holds the sentences of the page on what people's decisions say of the judge.
func reviewWords() map[art.Language]words {
	return map[art.Language]words{
		art.English: {
			"rev_heading": "%s: the judge beside people", "rev_lead_good": "Where the judge foretells an approval, people mostly give it: its figure may choose what they see.",
			"rev_lead_weak": "The judge foretells people's word hardly better than chance. Look at everything, and at the rubric.", "rev_lead_none": "There is no calibration yet.",
			"rev_plot": "What was foretold, and what people said", "rev_plot_text": "Each dot is a tenth of the scale: left to right how likely an approval was foretold, upwards how often people approved. On the line both are the same. Lines show 95% intervals, dots grow with the number of pictures. Every picture was foretold from other runs than its own.",
			"rev_foretold": "foretold", "rev_approved": "approved by people", "rev_dot": "foretold %s, approved %s of %d",
			"rev_figures": "How sure that is", "rev_judged": "Judged pictures", "rev_decided": "Decided by people", "rev_share": "Approved", "rev_people": "People", "rev_runs": "Runs",
			"rev_alpha": "Agreement (Krippendorff's α)", "rev_alpha_none": "nobody spoke about the same picture", "rev_alpha_same": "can't be told: all said the same", "rev_alpha_of": "%s over %d pictures; above 0.8 good, below 0.67 people mean different things",
			"rev_method": "Method", "rev_folds": "%s, tested on %d parts by runs", "rev_brier": "Brier score", "rev_brier_of": "%s; saying the same of all gives %s", "rev_ece": "Calibration error (ECE)", "rev_auc": "Order (AUC)", "rev_auc_text": "%s; 0.5 is chance",
			"rev_threshold": "Where to draw the line", "rev_costs": "If a missed picture costs %s times a look, a picture is worth a look from %s on.", "rev_from": "Overall figure", "rev_from_none": "none reaches it", "rev_shown": "Pictures shown", "rev_found": "Approved ones among them", "rev_saved": "Saved against looking at all",
			"rev_scores": "What each score knows", "rev_scores_text": "Order: how often this score alone puts an approved picture above one that was turned down; 0.5 is chance, below it the score misleads. Drift: how far the newest quarter has moved from before (PSI; above 0.25 and beyond chance is an alarm).",
			"rev_order": "Order", "rev_cases": "Pictures", "rev_median": "Median before → of late", "rev_drift": "Drift", "rev_moved": "has moved", "rev_footer": "From decisions of people in this workspace; policies don't count.",
		},
		art.German: {
			"rev_heading": "%s: die Jury neben den Menschen", "rev_lead_good": "Wo die Jury eine Freigabe voraussagt, geben Menschen sie meist: ihre Zahl darf auswählen, was sie sehen.",
			"rev_lead_weak": "Die Jury sagt das Wort der Menschen kaum besser voraus als der Zufall. Alles ansehen, und die Rubrik prüfen.", "rev_lead_none": "Es gibt noch keine Kalibrierung.",
			"rev_plot": "Was vorausgesagt wurde, und was Menschen sagten", "rev_plot_text": "Jeder Punkt ist ein Zehntel der Skala: nach rechts, wie wahrscheinlich eine Freigabe vorausgesagt war, nach oben, wie oft Menschen freigaben. Auf der Linie ist beides gleich. Striche zeigen 95-%-Intervalle, Punkte wachsen mit der Zahl der Bilder. Jedes Bild wurde aus anderen Läufen als dem eigenen vorausgesagt.",
			"rev_foretold": "vorausgesagt", "rev_approved": "von Menschen freigegeben", "rev_dot": "vorausgesagt %s, freigegeben %s von %d",
			"rev_figures": "Wie sicher das ist", "rev_judged": "Bewertete Bilder", "rev_decided": "Von Menschen entschieden", "rev_share": "Freigegeben", "rev_people": "Menschen", "rev_runs": "Läufe",
			"rev_alpha": "Einigkeit (Krippendorffs α)", "rev_alpha_none": "niemand sprach über dasselbe Bild", "rev_alpha_same": "nicht zu sagen: alle sagten dasselbe", "rev_alpha_of": "%s über %d Bilder; über 0,8 gut, unter 0,67 meinen Menschen Verschiedenes",
			"rev_method": "Verfahren", "rev_folds": "%s, geprüft an %d Teilen nach Läufen", "rev_brier": "Brier-Wert", "rev_brier_of": "%s; von allen dasselbe zu sagen ergibt %s", "rev_ece": "Kalibrierfehler (ECE)", "rev_auc": "Reihenfolge (AUC)", "rev_auc_text": "%s; 0,5 ist Zufall",
			"rev_threshold": "Wo die Grenze liegt", "rev_costs": "Kostet ein verpasstes Bild das %s-Fache eines Blicks, lohnt ein Blick ab %s.", "rev_from": "Gesamtwert", "rev_from_none": "keiner erreicht das", "rev_shown": "Gezeigte Bilder", "rev_found": "Freigegebene darunter", "rev_saved": "Gespart gegenüber allem",
			"rev_scores": "Was jeder Wert weiß", "rev_scores_text": "Reihenfolge: wie oft dieser Wert allein ein freigegebenes Bild über ein abgelehntes stellt; 0,5 ist Zufall, darunter führt er in die Irre. Drift: wie weit das neueste Viertel von vorher abgerückt ist (PSI; über 0,25 und jenseits des Zufalls ein Alarm).",
			"rev_order": "Reihenfolge", "rev_cases": "Bilder", "rev_median": "Median vorher → zuletzt", "rev_drift": "Drift", "rev_moved": "abgerückt", "rev_footer": "Aus Entscheidungen von Menschen in diesem Arbeitsbereich; Richtlinien zählen nicht.",
		},
	}
}
