package main

// markingSentences are the sentences about what the invisible watermark survives.
func markingSentences() map[string]sentence {
	return map[string]sentence{
		"marking_report":        {"Measure what the invisible watermark survives, how often it is found where none is, and what it costs.", "Messen, was das unsichtbare Wasserzeichen übersteht, wie oft es gefunden wird, wo keines ist, und was es kostet."},
		"flag_marking_pictures": {"A folder with pictures of your own; drawings that come along and generated scenes are added up to the limit.", "Ein Ordner mit eigenen Bildern; mitgebrachte Zeichnungen und erzeugte Szenen kommen bis zur Grenze dazu."},
		"flag_marking_limit":    {"How many pictures.", "Wie viele Bilder."},
		"flag_marking_attacks":  {"Only these, such as jpeg-75,crop-25; all by default.", "Nur diese, etwa jpeg-75,crop-25; sonst alle."},
		"flag_marking_crops":    {"How many unmarked crops a mark is looked for in.", "In wie vielen Ausschnitten ohne Zeichen gesucht wird."},
		"flag_marking_searched": {"How many of these are looked at in every way, which takes seconds each.", "Wie viele davon auf jede Weise angesehen werden, was je Sekunden dauert."},
		"flag_marking_side":     {"Pixels to which each picture's longer side is brought.", "So viele Pixel bekommt die längere Seite jedes Bildes."},
		"flag_marking_psnr":     {"Strength of the mark in decibels, 38 to 50.", "Stärke des Zeichens in Dezibel, 38 bis 50."},
		"flag_marking_beside":   {"Other methods, with how many pictures: dwtDctSvd:20,rivaGan:3. They need Python and bench/marking/requirements.txt.", "Andere Verfahren und mit wie vielen Bildern: dwtDctSvd:20,rivaGan:3. Sie brauchen Python und bench/marking/requirements.txt."},
		"flag_marking_peer":     {"The script that runs them.", "Das Skript, das sie ausführt."},
		"flag_marking_python":   {"The Python that runs the script.", "Welches Python dieses Skript ausführt."},
		"flag_marking_out":      {"Folder for the page and for what was measured; a run that was interrupted goes on with it.", "Ordner für die Seite und das Gemessene; ein abgebrochener Lauf macht damit weiter."},
		"marking_progress":      {"%d of %d measured, about %s left", "%d von %d gemessen, noch etwa %s"},
		"marking_left_out":      {"left out: %s: %v", "ausgelassen: %s: %v"},
		"marking_group":         {"%d %s", "%d %s"},
		"marking_photo":         {"photographs", "Fotografien"},
		"marking_flat":          {"flat pictures", "flache Bilder"},
		"marking_scenes":        {"generated scenes", "erzeugte Szenen"},
		"marking_scheme":        {"%s: %d pictures, %.1f dB, SSIM %.4f, embedding %.0f ms, detecting %.0f ms", "%s: %d Bilder, %.1f dB, SSIM %.4f, Einbetten %.0f ms, Finden %.0f ms"},
		"marking_crops":         {"%d unmarked crops: %d found, with 95 %% confidence below %.2f %%; largest peak %.2f of 6.5", "%d Ausschnitte ohne Zeichen: %d gefunden, zu 95 %% sicher unter %.2f %%; größte Spitze %.2f von 6,5"},
		"marking_searched":      {"%d unmarked crops, searched in every way: %d found, with 95 %% confidence below %.2f %%; largest peak %.2f of 6.5", "%d Ausschnitte ohne Zeichen, auf jede Weise durchsucht: %d gefunden, zu 95 %% sicher unter %.2f %%; größte Spitze %.2f von 6,5"},
	}
}
