package web

// doorWords are about where a picture comes from, and how far that can be known.
func doorWords() map[string]sentence {
	return map[string]sentence{
		"too_many":        {"Too many questions from this address. Try again in %s seconds.", "Zu viele Fragen von dieser Adresse. In %s Sekunden noch einmal versuchen."},
		"verify_private":  {"The file is looked at and forgotten: nothing of it is kept, and nobody else is asked.", "Die Datei wird angesehen und vergessen: Nichts davon wird aufbewahrt, und niemand sonst wird gefragt."},
		"layers":          {"What each layer says", "Was jede Schicht sagt"},
		"layer_recovered": {"Kept manifest", "Aufbewahrtes Manifest"},
		"sure_proven":     {"proven", "bewiesen"}, "sure_strong": {"strong", "stark"}, "sure_claimed": {"only claimed", "nur behauptet"},
		"sure_broken": {"broken", "gebrochen"}, "sure_none": {"nothing", "nichts"}, "sure_not-asked": {"not looked at", "nicht angesehen"},
		"sure_of":                         {"%.1f %%", "%.1f %%"},
		"verdict_ai-generated_text_found": {"The file itself says nothing any more. What leads back from its pixels says that a model made this picture.", "Die Datei selbst sagt nichts mehr. Was aus ihren Pixeln zurückführt, sagt, dass ein Modell dieses Bild gemacht hat."},
		"verdict_ai-edited_text_found":    {"The file itself says nothing any more. What leads back from its pixels says that a model changed parts of this picture.", "Die Datei selbst sagt nichts mehr. Was aus ihren Pixeln zurückführt, sagt, dass ein Modell Teile dieses Bildes verändert hat."},

		"recovered":         {"Recovered", "Wiedergefunden"},
		"recovered_changed": {"Found by %s: this was signed as %s. The pixels were changed since.", "Gefunden über %s: Dies wurde als %s signiert. Die Pixel wurden seitdem verändert."},
		"recovered_same":    {"Found by %s: this was signed as %s. The pixels are the same; only what stood beside them is gone.", "Gefunden über %s: Dies wurde als %s signiert. Die Pixel sind dieselben; nur was dabeistand, fehlt."},
		"recovered_broken":  {"Found by %s: there is a manifest for %s, but it does not hold.", "Gefunden über %s: Es gibt ein Manifest für %s, aber es stimmt nicht."},
		"found_pixels":      {"its pixels", "seine Pixel"}, "found_watermark": {"its invisible mark", "seine unsichtbare Marke"},
		"found_fingerprint": {"its fingerprint", "seinen Fingerabdruck"}, "found_embedding": {"its likeness", "seine Ähnlichkeit"},
		"recovered_get": {"Get the signed manifest", "Das signierte Manifest holen"},

		"chain": {"How it came to be", "Wie es entstand"}, "chain_now": {"This file", "Diese Datei"}, "chain_now_changed": {"changed since it was signed", "verändert, seit es signiert wurde"},
		"chain_now_same": {"the same pixels, without what was signed", "dieselben Pixel, ohne was signiert war"}, "chain_signed": {"signed by %s", "signiert von %s"}, "chain_none": {"No manifest tells how this file came to be.", "Kein Manifest erzählt, wie diese Datei entstand."},
		"chain_parentOf": {"before that", "davor"}, "chain_inputTo": {"made with", "gemacht mit"}, "chain_componentOf": {"contains", "enthält"}, "chain_untitled": {"a picture", "ein Bild"},
		"step_c2pa.created": {"made", "gemacht"}, "step_c2pa.opened": {"opened", "geöffnet"}, "step_c2pa.edited": {"edited", "bearbeitet"}, "step_c2pa.placed": {"placed", "eingefügt"},
		"step_c2pa.cropped": {"cropped", "beschnitten"}, "step_c2pa.resized.proportional": {"resized", "skaliert"}, "step_c2pa.transcoded": {"encoded anew", "neu kodiert"},
		"step_c2pa.converted": {"converted", "umgewandelt"}, "step_c2pa.published": {"published", "veröffentlicht"}, "step_c2pa.enhanced": {"enhanced", "verbessert"},
		"step_c2pa.watermarked.bound": {"marked invisibly", "unsichtbar markiert"}, "step_c2pa.edited.metadata": {"metadata written", "Metadaten geschrieben"},
		"step_c2pa.color_adjustments": {"colours adjusted", "Farben angepasst"}, "step_c2pa.drawing": {"drawn on", "bemalt"}, "step_c2pa.filtered": {"filtered", "gefiltert"}, "step_c2pa.repackaged": {"repackaged", "umverpackt"},

		"unsure":                 {"What is not known", "Was nicht bekannt ist"},
		"doubt_nothing_found":    {"No layer knows this picture. That is neither a yes nor a no.", "Keine Schicht kennt dieses Bild. Das ist weder ein Ja noch ein Nein."},
		"doubt_signer_unknown":   {"The signature holds, but nobody here knows who signed.", "Die Signatur stimmt, aber niemand hier kennt, wer signiert hat."},
		"doubt_only_claimed":     {"Only the metadata say so, and anybody can write those.", "Nur die Metadaten sagen das, und die kann jeder schreiben."},
		"doubt_what_was_changed": {"Where the pixels were changed, and by whom, is not known.", "Wo die Pixel verändert wurden und von wem, ist nicht bekannt."},
		"doubt_who_stripped":     {"Who took off the manifest and the metadata is not known.", "Wer Manifest und Metadaten entfernt hat, ist nicht bekannt."},
		"doubt_only_alike":       {"Only likeness led here: it may be a copy or a draft of another picture.", "Nur Ähnlichkeit führt hierher: Es kann Kopie oder Entwurf eines anderen Bildes sein."},
		"doubt_mark_unknown":     {"It has a mark of this workspace, and no record of the asset is left.", "Es trägt eine Marke dieses Arbeitsbereichs, aber zum Asset gibt es keine Aufzeichnung mehr."},
		"doubt_why_broken":       {"Whether the file was changed by accident or on purpose is not known.", "Ob die Datei aus Versehen oder mit Absicht verändert wurde, ist nicht bekannt."},
		"doubt_not_all_asked":    {"Not every layer could be looked at here.", "Nicht jede Schicht konnte hier angesehen werden."},
	}
}
