package main

// fixSentences are the sentences about parts that are made anew.
func fixSentences() map[string]sentence {
	return map[string]sentence{
		"fix":               {"Make a part of a candidate anew, as a new candidate of its run that is judged like any other.", "Einen Teil eines Kandidaten neu machen, als neuer Kandidat seines Laufs, der wie jeder andere beurteilt wird."},
		"flag_fix_mask":     {"A picture of the candidate's size, white where it is made anew.", "Ein Bild von der Größe des Kandidaten, weiß, wo neu gemacht wird."},
		"flag_fix_box":      {"A rectangle in pixels of the picture; may be said again for each.", "Ein Rechteck in Pixeln des Bilds; für jedes noch einmal."},
		"flag_fix_evidence": {"The places that this scorer has named, such as hands.", "Die Stellen, die dieser Prüfer genannt hat, etwa hands."},
		"flag_fix_words":    {"What is seen there: face, hand, person, text, subject, background, with left, right, upper, lower or largest before it, or words of the picture in quotation marks.", "Was dort zu sehen ist: Gesicht, Hand, Person, Text, Motiv, Hintergrund, davor linke, rechte, obere, untere oder größte, oder Wörter des Bilds in Anführungszeichen."},
		"flag_fix_prompt":   {"What shall be seen there, in English. Default: the candidate's prompt.", "Was dort zu sehen sein soll, auf Englisch. Sonst der Prompt des Kandidaten."},
		"flag_fix_engine":   {"Another engine that inpaints, with a model or without.", "Eine andere Maschine, die Teile neu macht, mit oder ohne Modell."},
		"flag_fix_strength": {"How far it may leave what was there, above 0 to 1. Default: 0.75.", "Wie weit es verlassen darf, was dort war, über 0 bis 1. Sonst 0,75."},
		"flag_fix_seed":     {"The seed. Default: the candidate's, counted on.", "Der Seed. Sonst der des Kandidaten, weitergezählt."},
		"flag_fix_grow":     {"Pixels by which the part is widened. Default: by the picture's size.", "Pixel, um die der Teil erweitert wird. Sonst nach der Größe des Bilds."},
		"flag_fix_feather":  {"Standard deviation in pixels of the soft edge. Default: by the picture's size.", "Standardabweichung des weichen Rands in Pixeln. Sonst nach der Größe des Bilds."},
		"fix_mask":          {"as drawn", "wie gezeichnet"},
		"fix_boxes":         {"boxes", "Rechtecke"},
		"fix_made":          {"%s: a part of %s is made anew (%s, %.1f %% of the picture) by %s with seed %d", "%s: ein Teil von %s ist neu gemacht (%s, %.1f %% des Bilds) von %s mit Seed %d"},
		"fix_failed":        {"  could not be made: %s", "  ließ sich nicht machen: %s"},
		"fix_passed":        {"  it passes every gate", "  es besteht jede Prüfung"},
		"fix_gate":          {"  still fails: %s", "  scheitert noch: %s"},
		"plan_repairs":      {"    at most %d more by the repair rule, about %s", "    höchstens %d mehr durch die Regel für Reparaturen, etwa %s"},
		"plan_repair_money": {"    these cost at most about %.2f %s", "    diese kosten höchstens etwa %.2f %s"},
	}
}
