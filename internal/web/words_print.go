package web

// printWords are about what a page for print was checked for.
func printWords() map[string]sentence {
	return map[string]sentence{
		"checks_passed":       {"%d checks passed", "%d Prüfungen bestanden"},
		"checks_failed":       {"%d of %d checks failed", "%d von %d Prüfungen nicht bestanden"},
		"check_wanted":        {"wanted: %s", "verlangt: %s"},
		"check_version":       {"Version", "Version"},
		"check_output-intent": {"Output intent", "Ausgabebedingung"},
		"check_boxes":         {"Boxes", "Seitenrahmen"},
		"check_fonts":         {"Fonts", "Schriften"},
		"check_colours":       {"Colours", "Farben"},
		"check_resolution":    {"Resolution", "Auflösung"},
		"check_ink":           {"Total area coverage", "Gesamtfarbauftrag"},
		"check_active":        {"Active content", "Aktive Inhalte"},
	}
}
