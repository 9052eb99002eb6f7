package publish

import (
	"maps"

	"presswerk/internal/art"
)

// words are the fixed sentences of the pages in one language.
type words map[string]string

// catalogue holds every sentence by language. Both languages have every key; a test compares them.
func catalogue() map[art.Language]words {
	all := siteWords()
	for _, room := range []map[art.Language]words{compareWords(), reviewWords()} {
		for lang, more := range room {
			maps.Copy(all[lang], more)
		}
	}
	return all
}

// siteWords holds the sentences of sites and of guards' sheets.
func siteWords() map[art.Language]words {
	return map[art.Language]words{
		art.English: {
			"skip": "Skip to content", "ai": "AI-generated", "ai_long": "This picture was generated with artificial intelligence.",
			"licensed": "This picture is licensed from %s.", "licensor": "Licensed from", "creator": "Made by", "kind": "Kind of licence",
			"goal": "Goal", "audience": "Audience", "pictures": "pictures", "picture": "picture", "made": "made on", "by": "by",
			"other": "Deutsch", "other_lang": "de", "home": "All campaigns", "back": "Back to the gallery",
			"downloads": "Files", "download": "Download", "format": "Format", "size": "Size", "channel": "Channel", "bytes": "Weight", "origin": "Origin",
			"how": "How it was made", "model": "Model", "engine": "Engine", "sampler": "Sampler", "steps": "Steps", "guidance": "Guidance",
			"seed": "Seed", "native": "Rendered at", "prompt": "Prompt", "prompt_hash": "Prompt (SHA-256)", "recipe": "Recipe", "recipe_file": "Recipe as JSON",
			"finishing": "Finishing", "approved": "Approved", "policy": "by policy, after every gate was passed", "approved_by": "by %s",
			"scores": "What the judge measured", "rights": "Rights", "credit": "Credit", "copyright": "Copyright", "license": "Licence", "acquire": "Get a licence",
			"mining": "Data mining", "prev": "Previous", "next": "Next", "sheet": "Contact sheet", "sheet_text": "Every candidate of this run, with the selected ones marked.",
			"figures": "%d rendered · %d passed · %d published", "signed": "signed (C2PA)", "commit": "Workspace commit", "dirty": "with uncommitted changes",
			"sources": "Made from", "stands_in": "Stood in", "stands_in_for": "%s for %s, agreed by %s on %s", "footer": "Every file on this page carries its origin: a signed C2PA manifest and IPTC metadata.", "campaigns": "Campaigns",
			"campaigns_text": "Each of them was planned, rendered, judged, finished and signed on this machine.", "master": "Master", "lossless": "lossless",
			"run": "Run", "lang": "en",
			"clip": "Clip", "ai_clip": "This clip was generated with artificial intelligence.", "length": "Length", "fps": "Frames a second", "first": "First frame", "last": "Last frame",
			"track_captions": "Captions", "track_descriptions": "Description", "language_en": "English", "language_de": "German", "clip_fallback": "Download the clip",
			"footer_clips":  "Every picture and every MP4 file on this page carries its origin: a signed C2PA manifest and IPTC metadata. WebM files can't.",
			"guard_heading": "%s: %s and %s compared", "guard_old": "old", "guard_new": "new", "guard_better": "better", "guard_equal": "equal", "guard_worse": "worse", "guard_unsure": "unsure",
			"guard_lead_better": "Nothing got worse, and something got better. The brand's production may follow.", "guard_lead_equal": "No difference that matters to the brand. Its production may follow.",
			"guard_lead_worse": "Something got worse. The brand's production stays with the old one, unless a person answers for it.", "guard_lead_unsure": "The pictures do not say. More prompts make surer; until then the brand's production stays with the old one.",
			"guard_scores": "What the judge measured", "guard_pairs": "Side by side", "guard_score": "score", "guard_failed": "fails the rubric", "guard_passed": "Old: %d of %[3]d pictures pass the brand's rubric. New: %[2]d.",
			"guard_method": "Old and new have the same prompts and seeds. A line is the mean difference with its interval (%.4g %%, Student's t over prompts); the grey band is the margin below which the brand does not care. Right is better.",
			"guard_gain":   "%s (%s to %s)", "guard_worse_side": "worse", "guard_better_side": "better", "guard_band": "does not matter", "guard_footer": "These pictures were made to compare models. They are not for publication and are not signed.",
		},
		art.German: {
			"skip": "Zum Inhalt springen", "ai": "KI-generiert", "ai_long": "Dieses Bild wurde mit künstlicher Intelligenz erzeugt.",
			"licensed": "Dieses Bild ist lizenziert von %s.", "licensor": "Lizenziert von", "creator": "Gemacht von", "kind": "Art der Lizenz",
			"goal": "Ziel", "audience": "Zielgruppe", "pictures": "Bilder", "picture": "Bild", "made": "hergestellt am", "by": "von",
			"other": "English", "other_lang": "en", "home": "Alle Kampagnen", "back": "Zurück zur Galerie",
			"downloads": "Dateien", "download": "Herunterladen", "format": "Format", "size": "Maße", "channel": "Kanal", "bytes": "Größe", "origin": "Herkunft",
			"how": "So ist es entstanden", "model": "Modell", "engine": "Maschine", "sampler": "Sampler", "steps": "Schritte", "guidance": "Führung",
			"seed": "Startwert", "native": "Gerendert mit", "prompt": "Prompt", "prompt_hash": "Prompt (SHA-256)", "recipe": "Rezept", "recipe_file": "Rezept als JSON",
			"finishing": "Fertigstellung", "approved": "Freigegeben", "policy": "nach Regel, nachdem alle Prüfungen bestanden waren", "approved_by": "von %s",
			"scores": "Was die Jury gemessen hat", "rights": "Rechte", "credit": "Bildnachweis", "copyright": "Urheberrecht", "license": "Lizenz", "acquire": "Lizenz erwerben",
			"mining": "Data-Mining", "prev": "Zurück", "next": "Weiter", "sheet": "Kontaktbogen", "sheet_text": "Alle Kandidaten dieses Laufs, die ausgewählten markiert.",
			"figures": "%d gerendert · %d bestanden · %d veröffentlicht", "signed": "signiert (C2PA)", "commit": "Commit des Arbeitsbereichs", "dirty": "mit offenen Änderungen",
			"sources": "Hergestellt aus", "stands_in": "Eingesprungen", "stands_in_for": "%s für %s, Zustimmung von %s am %s", "footer": "Jede Datei auf dieser Seite trägt ihre Herkunft in sich: ein signiertes C2PA-Manifest und IPTC-Metadaten.", "campaigns": "Kampagnen",
			"campaigns_text": "Jede wurde auf dieser Maschine geplant, gerendert, beurteilt, fertiggestellt und signiert.", "master": "Master", "lossless": "verlustfrei",
			"run": "Lauf", "lang": "de",
			"clip": "Clip", "ai_clip": "Dieser Clip wurde mit künstlicher Intelligenz erzeugt.", "length": "Länge", "fps": "Bilder je Sekunde", "first": "Erstes Bild", "last": "Letztes Bild",
			"track_captions": "Untertitel", "track_descriptions": "Beschreibung", "language_en": "Englisch", "language_de": "Deutsch", "clip_fallback": "Clip herunterladen",
			"footer_clips":  "Jedes Bild und jede MP4-Datei auf dieser Seite trägt ihre Herkunft in sich: ein signiertes C2PA-Manifest und IPTC-Metadaten. WebM-Dateien können es nicht.",
			"guard_heading": "%s: %s und %s im Vergleich", "guard_old": "alt", "guard_new": "neu", "guard_better": "besser", "guard_equal": "gleich", "guard_worse": "schlechter", "guard_unsure": "unklar",
			"guard_lead_better": "Nichts ist schlechter geworden, und etwas ist besser. Die Produktion der Marke darf folgen.", "guard_lead_equal": "Kein Unterschied, der für die Marke zählt. Ihre Produktion darf folgen.",
			"guard_lead_worse": "Etwas ist schlechter geworden. Die Produktion der Marke bleibt beim alten Stand, außer jemand steht dafür ein.", "guard_lead_unsure": "Die Bilder sagen es nicht. Mehr Prompts schaffen Klarheit; bis dahin bleibt die Produktion der Marke beim alten Stand.",
			"guard_scores": "Was die Jury gemessen hat", "guard_pairs": "Seite an Seite", "guard_score": "Wert", "guard_failed": "besteht die Rubrik nicht", "guard_passed": "Alt: %d von %[3]d Bildern bestehen die Rubrik der Marke. Neu: %[2]d.",
			"guard_method": "Alt und neu haben dieselben Prompts und Startwerte. Ein Strich ist der mittlere Unterschied mit seinem Intervall (%.4g %%, Student-t über die Prompts); das graue Band ist die Spanne, unter der es der Marke gleich ist. Rechts ist besser.",
			"guard_gain":   "%s (%s bis %s)", "guard_worse_side": "schlechter", "guard_better_side": "besser", "guard_band": "zählt nicht", "guard_footer": "Diese Bilder sind zum Vergleichen von Modellen gemacht. Sie sind nicht zur Veröffentlichung bestimmt und nicht signiert.",
		},
	}
}
