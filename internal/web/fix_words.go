package web

// fixWords are about parts that are made anew.
func fixWords() map[string]sentence {
	return map[string]sentence{
		"fixed_from": {"a part of %s, made anew", "ein Teil von %s, neu gemacht"}, "made_of_it": {"Made from it:", "Daraus gemacht:"}, "fix_title": {"Fix this region", "Diese Stelle reparieren"}, "fix_do": {"Make it anew", "Neu machen"},
		"fix_text":  {"The part is made anew in a new picture of this run, which is judged like any other. Nothing outside it changes; this picture stays and counts as sent back.", "Der Teil wird in einem neuen Bild dieses Laufs neu gemacht, das wie jedes andere beurteilt wird. Außerhalb ändert sich nichts; dieses Bild bleibt und gilt als zurückgeschickt."},
		"fix_where": {"Where", "Wo"}, "fix_evidence": {"where %s looks", "wo %s hinsieht"}, "fix_words": {"what is seen there", "was dort zu sehen ist"}, "fix_words_such": {"left hand, face, text, background …", "linke Hand, Gesicht, Text, Hintergrund …"},
		"fix_box": {"a rectangle", "ein Rechteck"}, "fix_box_size": {"Rectangle in pixels of %d×%d", "Rechteck in Pixeln von %d×%d"}, "fix_x": {"from the left", "von links"}, "fix_y": {"from the top", "von oben"}, "fix_width": {"width", "Breite"}, "fix_height": {"height", "Höhe"},
		"fix_prompt": {"What shall be seen there, in English; left empty, as before", "Was dort zu sehen sein soll, auf Englisch; leer wie bisher"}, "fix_strength": {"How far it may leave what was there, above 0 to 1; left empty, 0.75", "Wie weit es verlassen darf, was dort war, über 0 bis 1; leer 0,75"},
		"fix_strength_short": {"Strength", "Stärke"}, "fix_share": {"Part of the picture", "Anteil am Bild"}, "fix_edge": {"Edge", "Rand"}, "fix_by": {"Wanted by", "Gewollt von"}, "fix_policy": {"the repair rule, round %d", "die Regel für Reparaturen, Runde %d"}, "fix_by_mask": {"as drawn", "wie gezeichnet"}, "fix_by_boxes": {"rectangles", "Rechtecke"},
	}
}
