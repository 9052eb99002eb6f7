package main

// gazeSentences are the sentences about where people looked.
func gazeSentences() map[string]sentence {
	return map[string]sentence{
		"flag_fixations":      {"Compare the predicted saliency of the picture with where people looked, clicked or scrolled: a CSV file with x_px,y_px or x_norm,y_norm.", "Die vorhergesagte Salienz des Bildes damit vergleichen, wohin Menschen sahen, klickten oder scrollten: eine CSV-Datei mit x_px,y_px oder x_norm,y_norm."},
		"gaze_read_fixations": {"%d fixations on the picture, %d beside it", "%d Fixationen auf dem Bild, %d daneben"},
		"gaze_read_clicks":    {"clicks at %d places of the picture, %d beside it", "Klicks an %d Stellen des Bildes, %d daneben"},
		"gaze_read_scroll":    {"visitors at %d depths of the picture, %d beside it", "Besucher in %d Tiefen des Bildes, %d daneben"},
		"gaze_ignored":        {"ignored: %s", "nicht beachtet: %s"},
		"gaze_beside":         {"(a centre bias %.3f, other people %s)", "(Mittenneigung %.3f, andere Menschen %s)"},
	}
}
