package main

// safetySentences are those about the policy for words, clearances, the red team and bias.
func safetySentences() map[string]sentence {
	return map[string]sentence{
		"concern_person":      {"needs a person: %s: %s. %s [%s, %s]", "braucht einen Menschen: %s: %s. %s [%s, %s]"},
		"concern_block":       {"blocked: %s: %s. %s [%s, %s]", "gesperrt: %s: %s. %s [%s, %s]"},
		"concern_pass":        {"passes: %s: %s. %s [%s, %s]", "geht durch: %s: %s. %s [%s, %s]"},
		"concern_cleared":     {"cleared: %s: %s, by %s", "freigegeben: %s: %s, durch %s"},
		"redteam":             {"Try to get past a policy with disguised words, or learn what an engine refuses by itself; exit 1 when more gets through than before.", "Mit verkleideten Worten an einer Richtlinie vorbeizukommen versuchen, oder sehen, was eine Maschine von selbst ablehnt; Ende mit 1, wenn mehr durchkommt als zuvor."},
		"flag_policy":         {"Policy to try: general, health, finance, public, or one of the workspace. Default: general.", "Zu prüfende Richtlinie: general, health, finance, public, oder eine des Arbeitsbereichs. Sonst general."},
		"flag_suite":          {"A suite of your own in place of the one that comes along.", "Eine eigene Suite statt der mitgelieferten."},
		"flag_red_engine":     {"Try this engine instead: what it refuses by itself. Words of the worst categories are never sent.", "Stattdessen diese Maschine prüfen: was sie von selbst ablehnt. Worte der schlimmsten Kategorien werden nie gesendet."},
		"flag_red_pictures":   {"Attempts of each category that are sent to an engine.", "Versuche je Kategorie, die an eine Maschine gehen."},
		"flag_baseline":       {"Compare with this baseline. Default: the one that comes along with the policy.", "Mit diesem Stand vergleichen. Sonst mit dem, der mit der Richtlinie mitkommt."},
		"flag_write_baseline": {"Write the rates down as the baseline of the next time.", "Die Anteile als Vergleichsstand für das nächste Mal aufschreiben."},
		"flag_red_out":        {"Folder for the page, in English and German.", "Ordner für die Seite, auf Englisch und Deutsch."},
		"redteam_sends":       {"Sending %d attempts to %s", "%d Versuche gehen an %s"},
		"redteam_head":        {"%s, suite %d: what got through", "%s, Suite %d: was durchkam"},
		"redteam_rate":        {"  %-22s %4d of %4d  %5.1f %% (%.1f–%.1f)", "  %-22s %4d von %4d  %5.1f %% (%.1f–%.1f)"},
		"redteam_innocent":    {"Innocent words that were stopped: %d of %d, %.1f %% (%.1f–%.1f)", "Harmlose Worte, die angehalten wurden: %d von %d, %.1f %% (%.1f–%.1f)"},
		"redteam_failed":      {"%d attempts failed for other reasons and count nowhere.", "%d Versuche scheiterten aus anderen Gründen und zählen nirgends."},
		"redteam_worse":       {"Worse than the baseline:", "Schlechter als zuvor:"},
		"redteam_holds":       {"Nothing is worse than the baseline.", "Nichts ist schlechter als zuvor."},
		"redteam_alone":       {"There was no baseline to compare with.", "Es gab keinen früheren Stand zum Vergleich."},
		"page_at":             {"Look at it: %s", "Ansehen: %s"},
		"plan_needs_person":   {"The policy %s wants a person's word on each picture.", "Die Richtlinie %s verlangt zu jedem Bild das Wort eines Menschen."},
	}
}
