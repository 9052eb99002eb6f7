package main

// pressSentences are the sentences about print.
func pressSentences() map[string]sentence {
	return map[string]sentence{
		"proof":            {"Show how a picture will print and make its PDF/X page: inks, proof, ink and gamut as pictures, checks.", "Zeigen, wie ein Bild gedruckt aussieht, und seine PDF/X-Seite machen: Farben, Proof, Farbauftrag und Farbumfang als Bilder, Prüfungen."},
		"flag_page_size":   {"Trimmed page in millimetres, width x height.", "Endformat in Millimetern, Breite x Höhe."},
		"flag_bleed":       {"Bleed on every side in millimetres.", "Beschnitt an jeder Seite in Millimetern."},
		"flag_marks":       {"Draw crop marks.", "Schnittmarken zeichnen."},
		"flag_press":       {"Printing condition: fogra39, or the ICC profile of another one.", "Druckbedingung: fogra39 oder das ICC-Profil einer anderen."},
		"flag_intent":      {"Rendering intent: perceptual, relative, saturation or absolute.", "Rendering Intent: perceptual, relative, saturation oder absolute."},
		"flag_black_point": {"Compensate the black point.", "Tiefenkompensierung."},
		"flag_tac":         {"Total area coverage that no place may exceed, in percent.", "Gesamtfarbauftrag, den keine Stelle überschreiten darf, in Prozent."},
		"flag_min_ppi":     {"Pixels an inch that the picture must have on paper.", "Pixel je Zoll, die das Bild auf dem Papier haben muss."},
		"flag_standard":    {"PDF/X: x-4 or x-3.", "PDF/X: x-4 oder x-3."},
		"proof_condition":  {"Printing condition: %s", "Druckbedingung: %s"},
		"proof_fine":       {"Resolution: %.0f ppi, at least %g are needed.", "Auflösung: %.0f ppi, mindestens %g sind nötig."},
		"proof_coarse":     {"Resolution: %.0f ppi instead of %g. The sheet needs %d×%d pixels: enlarge the picture %.2f times, or print it no larger than %.0f×%.0f mm.", "Auflösung: %.0f ppi statt %g. Der Bogen braucht %d×%d Pixel: das Bild %.2f-fach vergrößern oder höchstens %.0f×%.0f mm groß drucken."},
		"proof_ink":        {"Ink: at most %.1f %%, on the average %.1f %% (limit %g %%)", "Farbauftrag: höchstens %.1f %%, im Mittel %.1f %% (Grenze %g %%)"},
		"proof_limited":    {"Ink was up to %.1f %% before; limited on %.2f %% of the pixels, where colours moved by ΔE2000 %.2f on the average and %.2f at the most.", "Der Farbauftrag war vorher bis %.1f %%; begrenzt auf %.2f %% der Pixel, deren Farben sich um ΔE2000 %.2f im Mittel und höchstens %.2f bewegten."},
		"proof_shift":      {"Colours move by ΔE2000 %.2f on the average, 95 %% by less than %.2f, at the most %.2f; visibly on %.1f %% of the pixels, to other colours on %.1f %%.", "Farben bewegen sich um ΔE2000 %.2f im Mittel, 95 %% um weniger als %.2f, höchstens %.2f; sichtbar auf %.1f %% der Pixel, zu anderen Farben auf %.1f %%."},
		"check_passed":     {"ok", "gut"},
		"check_failed":     {"FAILS", "FEHLER"},
	}
}
