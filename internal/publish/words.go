package publish

import "presswerk/internal/art"

// words are the fixed sentences of the pages in one language.
type words map[string]string

// catalogue holds every sentence by language. Both languages have every key; a test compares them.
func catalogue() map[art.Language]words {
	return map[art.Language]words{
		art.English: {
			"skip": "Skip to content", "ai": "AI-generated", "ai_long": "This picture was generated with artificial intelligence.",
			"goal": "Goal", "audience": "Audience", "pictures": "pictures", "picture": "picture", "made": "made on", "by": "by",
			"other": "Deutsch", "other_lang": "de", "home": "All campaigns", "back": "Back to the gallery",
			"downloads": "Files", "download": "Download", "format": "Format", "size": "Size", "channel": "Channel", "bytes": "Weight", "origin": "Origin",
			"how": "How it was made", "model": "Model", "engine": "Engine", "sampler": "Sampler", "steps": "Steps", "guidance": "Guidance",
			"seed": "Seed", "native": "Rendered at", "prompt": "Prompt", "prompt_hash": "Prompt (SHA-256)", "recipe": "Recipe", "recipe_file": "Recipe as JSON",
			"finishing": "Finishing", "approved": "Approved", "policy": "by policy, after every gate was passed", "approved_by": "by %s",
			"scores": "What the judge measured", "rights": "Rights", "credit": "Credit", "copyright": "Copyright", "license": "Licence", "acquire": "Get a licence",
			"mining": "Data mining", "prev": "Previous", "next": "Next", "sheet": "Contact sheet", "sheet_text": "Every candidate of this run, with the selected ones marked.",
			"figures": "%d rendered · %d passed · %d published", "signed": "signed (C2PA)", "commit": "Workspace commit", "dirty": "with uncommitted changes",
			"sources": "Made from", "footer": "Every file on this page carries its origin: a signed C2PA manifest and IPTC metadata.", "campaigns": "Campaigns",
			"campaigns_text": "Each of them was planned, rendered, judged, finished and signed on this machine.", "master": "Master", "lossless": "lossless",
			"run": "Run",
		},
		art.German: {
			"skip": "Zum Inhalt springen", "ai": "KI-generiert", "ai_long": "Dieses Bild wurde mit künstlicher Intelligenz erzeugt.",
			"goal": "Ziel", "audience": "Zielgruppe", "pictures": "Bilder", "picture": "Bild", "made": "hergestellt am", "by": "von",
			"other": "English", "other_lang": "en", "home": "Alle Kampagnen", "back": "Zurück zur Galerie",
			"downloads": "Dateien", "download": "Herunterladen", "format": "Format", "size": "Maße", "channel": "Kanal", "bytes": "Größe", "origin": "Herkunft",
			"how": "So ist es entstanden", "model": "Modell", "engine": "Maschine", "sampler": "Sampler", "steps": "Schritte", "guidance": "Führung",
			"seed": "Startwert", "native": "Gerendert mit", "prompt": "Prompt", "prompt_hash": "Prompt (SHA-256)", "recipe": "Rezept", "recipe_file": "Rezept als JSON",
			"finishing": "Fertigstellung", "approved": "Freigegeben", "policy": "nach Regel, nachdem alle Prüfungen bestanden waren", "approved_by": "von %s",
			"scores": "Was die Jury gemessen hat", "rights": "Rechte", "credit": "Bildnachweis", "copyright": "Urheberrecht", "license": "Lizenz", "acquire": "Lizenz erwerben",
			"mining": "Data-Mining", "prev": "Zurück", "next": "Weiter", "sheet": "Kontaktbogen", "sheet_text": "Alle Kandidaten dieses Laufs, die ausgewählten markiert.",
			"figures": "%d gerendert · %d bestanden · %d veröffentlicht", "signed": "signiert (C2PA)", "commit": "Commit des Arbeitsbereichs", "dirty": "mit offenen Änderungen",
			"sources": "Hergestellt aus", "footer": "Jede Datei auf dieser Seite trägt ihre Herkunft in sich: ein signiertes C2PA-Manifest und IPTC-Metadaten.", "campaigns": "Kampagnen",
			"campaigns_text": "Jede wurde auf dieser Maschine geplant, gerendert, beurteilt, fertiggestellt und signiert.", "master": "Master", "lossless": "verlustfrei",
			"run": "Lauf",
		},
	}
}
