package main

// importSentences holds the sentences about the texts of other tools.
func importSentences() map[string]sentence {
	return map[string]sentence{
		"import":           {"Read how pictures of other tools were made: A1111, ComfyUI, SwarmUI, InvokeAI, Midjourney.", "Lesen, wie Bilder anderer Werkzeuge gemacht wurden: A1111, ComfyUI, SwarmUI, InvokeAI, Midjourney."},
		"export":           {"Write a recipe, or how a picture was made, as another tool's text.", "Ein Rezept, oder wie ein Bild gemacht wurde, als Text eines anderen Werkzeugs schreiben."},
		"arg_import":       {"Pictures, archives (.zip) of pictures, or files with such a text alone.", "Bilder, Archive (.zip) mit Bildern, oder Dateien mit einem solchen Text allein."},
		"arg_export":       {"The recipe, a JSON file; a picture of another tool; or a brief.", "Das Rezept, eine JSON-Datei; ein Bild eines anderen Werkzeugs; oder ein Briefing."},
		"flag_recipes_out": {"Write a recipe for each file into this folder.", "Zu jeder Datei ein Rezept in diesen Ordner schreiben."},
		"flag_export_as":   {"Whose text: a1111, comfyui, swarmui, invokeai or midjourney.", "Wessen Text: a1111, comfyui, swarmui, invokeai oder midjourney."},
		"export_lost":      {"The text of %s does not carry: %s", "Der Text von %s enthält nicht: %s"},
		"import_broken":    {"%d of %d files could not be read", "%d von %d Dateien ließen sich nicht lesen"},

		"flag_watch":       {"Take the pictures that are put into this folder, each for the picture of a run that waits for it, until stopped.", "Bilder aus diesem Ordner übernehmen, jedes für das Bild eines Laufs, das darauf wartet, bis zum Anhalten."},
		"flag_watch_every": {"How often to look; a file is taken when it hasn't changed since the last time.", "Wie oft nachgesehen wird; eine Datei wird übernommen, wenn sie sich seit dem letzten Mal nicht geändert hat."},
		"flag_watch_once":  {"Stop when everything in the folder has been looked at.", "Aufhören, sobald alles im Ordner angesehen ist."},
		"watch_taken":      {"%s: taken for %s", "%s: übernommen für %s"},
		"watch_unmatched":  {"%s: NOT TAKEN: %s. It lies in %s", "%s: NICHT ÜBERNOMMEN: %s. Sie liegt in %s"},
		"flag_export_page": {"Of a brief: write a page from which each prompt can be copied; it works without a network.", "Zu einem Briefing: eine Seite schreiben, von der sich jeder Prompt kopieren lässt; sie braucht kein Netz."},
		"export_paged":     {"%d prompts to copy: %s", "%d Prompts zum Kopieren: %s"},
		"page_lead":        {"%d prompts for %s. Copy one, paste it there by hand, and put the pictures into the watched folder.", "%d Prompts für %s. Einen kopieren, dort von Hand einfügen, und die Bilder in den beobachteten Ordner legen."},
		"page_copy":        {"Copy", "Kopieren"},
		"page_copied":      {"Copied", "Kopiert"},

		"import_silent": {"no text in it says how it was made", "kein Text darin sagt, wie es gemacht wurde"},

		"import_mode": {"mode", "Modus"}, "import_prompt": {"prompt", "Prompt"}, "import_negative": {"negative", "negativ"},
		"import_model": {"model", "Modell"}, "import_size": {"size", "Größe"}, "import_sampler": {"sampler", "Sampler"},
		"import_steps": {"%d steps", "%d Schritte"}, "import_seed": {"seed", "Seed"}, "import_loras": {"LoRA", "LoRA"},
		"import_controls": {"controls", "Steuerung"}, "import_hires": {"hires", "Hires"}, "import_missing": {"missing", "es fehlt"},
		"import_kept": {"kept", "behalten"}, "import_note": {"note", "Hinweis"}, "import_written": {"recipe", "Rezept"},

		"lack_prompt": {"the prompt", "der Prompt"}, "lack_model_name": {"the model's name", "der Name des Modells"},
		"lack_model_sha256": {"the model's SHA-256", "die SHA-256 des Modells"}, "lack_refiner_sha256": {"the refiner's SHA-256", "die SHA-256 des Refiners"},
		"lack_size": {"the size", "die Größe"}, "lack_steps": {"the number of steps", "die Zahl der Schritte"},
		"lack_guidance_scale": {"the guidance scale", "die Guidance Scale"}, "lack_sampler": {"the sampler", "der Sampler"},
		"lack_scheduler": {"the curve of noise levels", "die Kurve der Rauschstufen"}, "lack_seed": {"the seed", "der Seed"},
		"lack_init_picture": {"the picture to begin with", "das Ausgangsbild"}, "lack_mask_picture": {"the mask", "die Maske"},
		"lack_lora_sha256": {"SHA-256 of LoRA", "SHA-256 von LoRA"}, "lack_embedding_sha256": {"SHA-256 of embedding", "SHA-256 von Embedding"},
		"lack_control_picture": {"control picture", "Steuerbild"}, "lack_control_sha256": {"SHA-256 of control network", "SHA-256 des Kontrollnetzes"},
		"lack_reference_picture": {"reference picture", "Referenzbild"}, "lack_upscaler_sha256": {"SHA-256 of upscaler", "SHA-256 des Upscalers"},
		"lack_hires_strength": {"the strength of the second pass", "die Stärke des zweiten Durchgangs"}, "lack_sampler_node": {"a node that samples", "ein Knoten, der sampelt"},
		"lack_noise_source":       {"where the noise came from", "woher das Rauschen kam"},
		"lack_noise_sampler_seed": {"a seed that the noise of this sampler can take (it is too large)", "ein Seed, den das Rauschen dieses Samplers fassen kann (er ist zu groß)"},

		"import_note_weights":    {"There words are weighed without restoring the mean; here as A1111 does.", "Dort werden Wörter gewichtet, ohne das Mittel wiederherzustellen; hier wie bei A1111."},
		"import_note_compel":     {"The weights in the prompt are in InvokeAI's syntax, which is not read here.", "Die Gewichte im Prompt stehen in der Schreibweise von InvokeAI, die hier nicht gelesen wird."},
		"import_note_caption":    {"The text is of an unknown tool and may be a caption.", "Der Text stammt von einem unbekannten Werkzeug und kann eine Bildunterschrift sein."},
		"import_note_file-name":  {"The prompt comes from the file's name, which is cut.", "Der Prompt stammt aus dem Dateinamen, der gekürzt ist."},
		"import_note_steps":      {"ComfyUI counts the steps that are walked; the recipe counts those of the whole curve.", "ComfyUI zählt die gegangenen Schritte; das Rezept zählt die der ganzen Kurve."},
		"import_note_hires-size": {"The second pass had another aspect than the first.", "Der zweite Durchgang hatte ein anderes Seitenverhältnis als der erste."},
		"import_note_also":       {"The file has texts of other tools, too.", "Die Datei hat auch Texte anderer Werkzeuge."},
		"import_note_workflow":   {"Only the editor's workflow is there, not the graph that ran.", "Nur der Workflow des Editors ist da, nicht der Graph, der lief."},
		"import_note_sigmas":     {"There this sampler leaves out the last but one noise level.", "Dort lässt dieser Sampler die vorletzte Rauschstufe aus."},
		"import_note_unipc":      {"A1111's UniPC is by default of variant bh1 and order 3; here it is bh2 and 2.", "UniPC ist bei A1111 voreingestellt in Variante bh1 und Ordnung 3; hier bh2 und 2."},
		"import_note_damaged":    {"The file is damaged behind its texts.", "Die Datei ist hinter ihren Texten beschädigt."},
	}
}
