package main

// labelSentences are the sentences about labels, and about whether pictures could mislead.
func labelSentences() map[string]sentence {
	return map[string]sentence{
		"labels":                  {"List what laws, codes and platforms want of generated pictures, with dates and sources; of a brief, what holds for it.", "Auflisten, was Gesetze, Leitfäden und Plattformen von erzeugten Bildern verlangen, mit Daten und Quellen; zu einem Briefing, was dafür gilt."},
		"arg_labels_brief":        {"The brief whose channels and territories count; without one, all rules are listed.", "Das Briefing, dessen Kanäle und Gebiete zählen; ohne eines werden alle Regeln aufgezählt."},
		"review_disclose":         {"Say whether somebody could take a candidate for real, or list what was said.", "Sagen, ob jemand einen Kandidaten für echt halten könnte, oder auflisten, was gesagt wurde."},
		"flag_could_mislead":      {"yes where it resembles persons, objects, places, entities or events that exist and would falsely appear authentic.", "yes, wenn es Personen, Gegenständen, Orten, Einrichtungen oder Ereignissen, die es gibt, ähnelt und fälschlich echt wirkt."},
		"flag_shows":              {"What exists and is resembled: person, object, place, entity, event.", "Was es gibt und dem es ähnelt: person, object, place, entity, event."},
		"flag_artistic":           {"It is part of an evidently artistic, creative, satirical or fictional work: said beside it, not on it.", "Es gehört zu einem offensichtlich künstlerischen, kreativen, satirischen oder fiktionalen Werk: gesagt wird es daneben, nicht darauf."},
		"flag_standard_edit":      {"Of a picture from elsewhere: a model only did standard editing, or didn't change much.", "Bei einem Bild von außen: Ein Modell hat nur üblich bearbeitet oder wenig verändert."},
		"flag_note":               {"Editorial note beside the picture, such as “Symbolic picture”.", "Redaktioneller Hinweis neben dem Bild auf Englisch, etwa „Symbolic picture“."},
		"flag_note_de":            {"The same in German.", "Dasselbe auf Deutsch, etwa „Symbolbild“."},
		"flag_disclose_reason":    {"Why, for the record.", "Warum, fürs Protokoll."},
		"disclose_missing":        {"Could it mislead? %s wants a person's word: presswerk review disclose", "Könnte es täuschen? %s verlangt das Wort eines Menschen: presswerk review disclose"},
		"disclosed_no":            {"%s misleads nobody, says %s (%s): %s", "%s täuscht niemanden, sagt %s (%s): %s"},
		"disclosed_yes":           {"%s could mislead and is labelled, says %s (%s): %s", "%s könnte täuschen und wird gekennzeichnet, sagt %s (%s): %s"},
		"disclosed_artistic":      {"%s could mislead, and is art or satire: labelled beside it, says %s (%s): %s", "%s könnte täuschen und ist Kunst oder Satire: daneben gekennzeichnet, sagt %s (%s): %s"},
		"labels_head":             {"Rules for generated pictures, as of %s. This is no legal advice.", "Regeln für erzeugte Bilder, Stand %s. Das ist keine Rechtsberatung."},
		"labels_where":            {"%s, from %s", "%s, ab %s"},
		"labels_decide":           {"A person decides whether it could mislead.", "Ein Mensch entscheidet, ob es täuschen könnte."},
		"labels_marks":            {"Every file carries: %s", "Jede Datei trägt: %s"},
		"labels_any":              {"Every file carries one of: %s", "Jede Datei trägt eines von: %s"},
		"labels_label_always":     {"Visible label on every picture: %s (German: %s), capitals of %g %% of the shorter side or more, %s", "Sichtbares Kennzeichen auf jedem Bild: %s (deutsch: %s), Großbuchstaben mindestens %g %% der kürzeren Seite, %s"},
		"labels_label_misleading": {"Visible label where it could mislead: %s (German: %s), capitals of %g %% of the shorter side or more, %s", "Sichtbares Kennzeichen, wo es täuschen könnte: %s (deutsch: %s), Großbuchstaben mindestens %g %% der kürzeren Seite, %s"},
		"labels_page":             {"Beside it: %s", "Daneben: %s"},
		"labels_sources":          {"Sources: %s", "Quellen: %s"},
		"labels_missing":          {"What this table does not know:", "Was diese Tabelle nicht weiß:"},
	}
}
