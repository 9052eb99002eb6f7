package main

// duplicateSentences are the sentences about pictures that are alike.
func duplicateSentences() map[string]sentence {
	return map[string]sentence{
		"duplicates":         {"Find pictures that are alike, and keep the sets that candidates are compared with.", "Bilder finden, die sich gleichen, und die Sammlungen pflegen, mit denen Kandidaten verglichen werden."},
		"duplicates_find":    {"Say what each file resembles most, turned and mirrored too.", "Sagen, welchem Bild jede Datei am meisten gleicht, auch gedreht und gespiegelt."},
		"duplicates_add":     {"Put pictures into a named set.", "Bilder in eine benannte Sammlung aufnehmen."},
		"duplicates_sets":    {"List the sets.", "Die Sammlungen auflisten."},
		"duplicates_drop":    {"Remove a set.", "Eine Sammlung entfernen."},
		"arg_set":            {"Name of the set.", "Name der Sammlung."},
		"flag_exclude":       {"Nothing may resemble these pictures.", "Diesen Bildern darf nichts gleichen."},
		"flag_look":          {"These pictures show what an engine makes of plain prompts; the score house_look warns of sameness with them.", "Diese Bilder zeigen, was eine Engine aus schlichten Prompts macht; der Wert house_look warnt vor Gleichheit damit."},
		"flag_cosine":        {"From which cosine on a picture counts as known by its vector; it differs by network.", "Ab welchem Kosinus ein Bild nach seinem Vektor als bekannt gilt; das hängt vom Netz ab."},
		"duplicates_alike":   {"  nearest by what it shows: %s, cosine %.3f (%s)", "  am nächsten nach dem, was es zeigt: %s, Kosinus %.3f (%s)"},
		"duplicates_added":   {"%d pictures are in the set %s.", "%d Bilder sind in der Sammlung %s."},
		"duplicates_set":     {"%s: %d references, %d excluded, %d of an engine's look", "%s: %d Vorlagen, %d ausgeschlossen, %d vom Aussehen einer Engine"},
		"duplicates_dropped": {"%d pictures were removed with the set %s.", "%d Bilder wurden mit der Sammlung %s entfernt."},
		"duplicates_same":    {"%s is known: %s %s, %d bits away (%s)", "%s ist bekannt: %s %s, %d Bit entfernt (%s)"},
		"duplicates_none":    {"%s is not known; nearest: %s %s, %d bits away (%s)", "%s ist nicht bekannt; am nächsten: %s %s, %d Bit entfernt (%s)"},
		"bench_duplicates":   {"Hide pictures among many hashes and measure how copies of them are found.", "Bilder unter vielen Hashes verstecken und messen, wie Kopien davon gefunden werden."},
		"bench_judge":        {"Measure what the judge takes for a picture.", "Messen, was der Prüfer für ein Bild braucht."},
		"flag_rounds":        {"How often every picture is looked at.", "Wie oft jedes Bild angesehen wird."},
		"flag_networks":      {"Only the scorers that look with networks.", "Nur die Prüfer, die mit Netzen sehen."},
		"bench_judged":       {"all for one picture: %.3f s; %d at once: %.3f s each (medians), %.3f s of processor; reading a file %.3f s", "alle für ein Bild: %.3f s; %d zugleich: je %.3f s (Mediane), %.3f s Prozessor; eine Datei lesen %.3f s"},
		"flag_set":           {"Compare the pictures of this folder as a set …", "Die Bilder dieses Ordners als Menge vergleichen …"},
		"flag_against":       {"… with those of this one.", "… mit denen von diesem."},
		"flag_features":      {"Network whose features are compared; default is the first that is there.", "Netz, dessen Merkmale verglichen werden; sonst das erste, das da ist."},
		"flag_resamples":     {"How many halves of the sets are drawn for the intervals.", "Wie viele Hälften der Mengen für die Intervalle gezogen werden."},
		"sets_features":      {"features of %s, %d pictures against %d; numbers of other features can't be compared with these", "Merkmale von %s, %d Bilder gegen %d; Zahlen anderer Merkmale sind mit diesen nicht vergleichbar"},
		"flag_assets":        {"How many hashes and vectors.", "Wie viele Hashes und Vektoren."},
		"bench_found":        {"%s: %.2f %% of %d found, of those with enough to see %.2f %% of %d; %.3f ms median, %.3f ms p95", "%s: %.2f %% von %d gefunden, von denen mit genug zu sehen %.2f %% von %d; %.3f ms Median, %.3f ms p95"},
		"bench_index":        {"%s: %d in %.2f s, %.0f MiB", "%s: %d in %.2f s, %.0f MiB"},
	}
}
