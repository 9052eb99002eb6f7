package main

// safetySentences are those about the policy for words, clearances, the red team and bias.
func safetySentences() map[string]sentence {
	return map[string]sentence{
		"concern_person":    {"needs a person: %s: %s. %s [%s, %s]", "braucht einen Menschen: %s: %s. %s [%s, %s]"},
		"concern_block":     {"blocked: %s: %s. %s [%s, %s]", "gesperrt: %s: %s. %s [%s, %s]"},
		"concern_pass":      {"passes: %s: %s. %s [%s, %s]", "geht durch: %s: %s. %s [%s, %s]"},
		"concern_cleared":   {"cleared: %s: %s, by %s", "freigegeben: %s: %s, durch %s"},
		"plan_needs_person": {"The policy %s wants a person's word on each picture.", "Die Richtlinie %s verlangt zu jedem Bild das Wort eines Menschen."},
	}
}
