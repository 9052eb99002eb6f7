package main

// engineSentences holds the sentences about engines and what becomes of them.
func engineSentences() map[string]sentence {
	return map[string]sentence{
		"flag_ahead":         {"Warn of models that go away within so many days.", "Vor Modellen warnen, die innerhalb so vieler Tage wegfallen."},
		"flag_ask_timeout":   {"How long an engine may take to answer; all are asked at once. 0 asks nobody.", "Wie lange eine Maschine für ihre Antwort hat; alle werden zugleich gefragt. 0 fragt keine."},
		"health_ready":       {"ready", "bereit"},
		"health_reachable":   {"answers", "antwortet"},
		"health_busy":        {"busy", "überlastet"},
		"health_refused":     {"lets nobody in", "lässt niemanden ein"},
		"health_unreachable": {"NOT THERE", "NICHT DA"},
		"health_not-set-up":  {"not set up", "nicht eingerichtet"},
		"health_unasked":     {"not asked", "nicht gefragt"},
		"engine_shutdown":    {"shut down on %s", "Abschaltung am %s"},
		"radar_coming":       {"WARNING  %s/%s goes away on %s, in %d days", "WARNUNG  %s/%s fällt am %s weg, in %d Tagen"},
		"radar_over":         {"WARNING  %s/%s has gone since %s", "WARNUNG  %s/%s gibt es seit dem %s nicht mehr"},
		"radar_hits":         {"it is used by: %s", "benutzt von: %s"},
		"radar_unread":       {"WARNING  %s can't be read, so nobody knows what it depends on: %s", "WARNUNG  %s lässt sich nicht lesen, also weiß niemand, wovon es abhängt: %s"},
		"radar_gone":         {"Names that have ended", "Namen, die es nicht mehr gibt"},
		"radar_instead":      {"its provider names instead: %s", "der Anbieter nennt als Ersatz: %s"},
		"radar_no_successor": {"nobody has named a successor", "niemand hat einen Nachfolger genannt"},
		"radar_also":         {"%s goes away as well, on %s", "auch %s fällt weg, am %s"},
		"radar_lasting":      {"%s has no known end", "%s hat kein bekanntes Ende"},
		"hit_brief":          {"brief %s", "Briefing %s"},
		"hit_kit":            {"defaults of the brand %s", "Vorgaben der Marke %s"},
		"hit_set":            {"prompt set of the brand %s", "Prompt-Satz der Marke %s"},
		"hit_pin":            {"pin of the brand %s", "Festlegung der Marke %s"},
		"hit_canary":         {"canary of the brand %s", "Kanarienvogel der Marke %s"},
	}
}
