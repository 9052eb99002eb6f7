package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/alecthomas/kong"
)

// words are the command line's sentences in one language.
type words struct{ lang string }

// wordsFor picks the language as programs do: LC_ALL before LC_MESSAGES before LANG.
func wordsFor(getenv func(string) string) words {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "de") {
				return words{"de"}
			}
			break
		}
	}
	return words{"en"}
}

// say gives a sentence with its gaps filled. A key that the catalogue lacks is given back, so that nothing is lost.
func (w words) say(key string, args ...any) string {
	s, ok := sentences()[key]
	if !ok {
		return key
	}
	text := s.in(w.lang)
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// helps gives every sentence to kong, which puts them into its help.
func (w words) helps() kong.Vars {
	vars := kong.Vars{}
	for key, sentence := range sentences() {
		vars[key] = sentence.in(w.lang)
	}
	return vars
}

type sentence struct{ en, de string }

func (s sentence) in(lang string) string {
	if lang == "de" {
		return s.de
	}
	return s.en
}

// sentences are all of the command line.
func sentences() map[string]sentence {
	all := catalogue()
	maps.Copy(all, modelSentences())
	maps.Copy(all, guardSentences())
	maps.Copy(all, importSentences())
	maps.Copy(all, stockSentences())
	maps.Copy(all, signSentences())
	maps.Copy(all, trainSentences())
	maps.Copy(all, costSentences())
	maps.Copy(all, compareSentences())
	maps.Copy(all, reviewSentences())
	maps.Copy(all, fixSentences())
	maps.Copy(all, engineSentences())
	maps.Copy(all, safetySentences())
	maps.Copy(all, gazeSentences())
	maps.Copy(all, duplicateSentences())
	maps.Copy(all, pressSentences())
	maps.Copy(all, labelSentences())
	maps.Copy(all, doorSentences())
	maps.Copy(all, markingSentences())
	return all
}

// catalogue holds the sentences of the command line but those about models.
func catalogue() map[string]sentence {
	return map[string]sentence{
		"about":          {"From a brief to approved, labelled and published pictures, each one reproducible.", "Vom Briefing zu freigegebenen, gekennzeichneten und veröffentlichten Bildern, jedes wiederholbar."},
		"flag_json":      {"One JSON document on standard output; messages go to standard error.", "Ein JSON-Dokument auf der Standardausgabe; Meldungen gehen auf die Fehlerausgabe."},
		"flag_provider":  {"ONNX Runtime's execution providers, best first: cuda,cpu. The default is cpu.", "Ausführungsanbieter von ONNX Runtime, der beste zuerst: cuda,cpu. Sonst cpu."},
		"flag_workspace": {"The workspace; by default the one around the current folder or the named file.", "Der Arbeitsbereich; sonst der um den aktuellen Ordner oder die genannte Datei."},
		"flag_version":   {"Print the version.", "Die Version ausgeben."},

		"init":             {"Make a workspace with an example brand, briefs, style tokens and pictures to train on.", "Einen Arbeitsbereich mit Beispielmarke, Briefings, Stilbausteinen und Bildern zum Trainieren anlegen."},
		"make":             {"Take a brief down the whole line: render, judge, select, finish, publish.", "Ein Briefing durch die ganze Linie führen: rendern, beurteilen, auswählen, fertigstellen, veröffentlichen."},
		"plan":             {"Show the recipes and the cost of a brief; nothing is rendered.", "Rezepte und Aufwand eines Briefings zeigen; nichts wird gerendert."},
		"render":           {"Render one recipe, exactly.", "Genau ein Rezept rendern."},
		"control":          {"Make the control picture of a picture: edges, lines, depth, poses.", "Das Steuerbild eines Bildes machen: Kanten, Linien, Tiefe, Posen."},
		"judge":            {"Score pictures, with evidence.", "Bilder bewerten, mit Belegen."},
		"review":           {"List candidates and decide about them.", "Kandidaten auflisten und über sie entscheiden."},
		"finish":           {"Make a master and renditions of a picture, labelled and signed.", "Aus einem Bild Master und Ausgaben machen, gekennzeichnet und signiert."},
		"verify":           {"Say what a file tells about its origin: C2PA, metadata, watermark, fingerprint.", "Sagen, was eine Datei über ihre Herkunft verrät: C2PA, Metadaten, Wasserzeichen, Fingerabdruck."},
		"again":            {"Make an asset again from its record and compare.", "Ein Asset aus seinem Protokoll noch einmal herstellen und vergleichen."},
		"search":           {"Find assets by words.", "Assets nach Wörtern finden."},
		"publish":          {"Write a run's site again.", "Die Website eines Laufs noch einmal schreiben."},
		"engines":          {"List the engines: how they are, what they can do, and which briefs depend on models that go away; say which may stand in for another.", "Die Maschinen auflisten: wie es ihnen geht, was sie können, und welche Briefings an Modellen hängen, die wegfallen; sagen, welche für eine andere einspringen darf."},
		"keys":             {"Make and list API keys.", "API-Schlüssel machen und auflisten."},
		"keys_new":         {"Make a key; it is shown this one time.", "Einen Schlüssel machen; er wird nur dieses eine Mal gezeigt."},
		"keys_list":        {"List keys by name and scopes.", "Schlüssel mit Namen und Rechten auflisten."},
		"flag_scopes":      {"What the key may do: all, or some of read, make, decide, separated by commas.", "Was der Schlüssel darf: all, oder einige von read, make, decide, mit Kommas getrennt."},
		"flag_key_name":    {"Name of the key.", "Name des Schlüssels."},
		"serve_key":        {"Your first key, shown this one time. Sign in here:\n  %s", "Ihr erster Schlüssel, nur dieses eine Mal gezeigt. Hier anmelden:\n  %s"},
		"serve_elsewhere":  {"Another process is working on this workspace; this one serves pages and takes over when that one ends.", "Ein anderer Prozess arbeitet an diesem Arbeitsbereich; dieser liefert Seiten aus und übernimmt, wenn jener endet."},
		"serve_open":       {"Listening on %s, which other machines may reach. Presswerk speaks plain HTTP: put a TLS proxy before it.", "Lauscht auf %s, was andere Rechner erreichen können. Presswerk spricht einfaches HTTP: bitte einen TLS-Proxy davorstellen."},
		"bench":            {"Measure this program on this machine.", "Dieses Programm auf dieser Maschine messen."},
		"bench_render":     {"Render pictures of a recipe and say what they took.", "Bilder eines Rezepts rendern und sagen, was sie gebraucht haben."},
		"flag_pictures":    {"How many pictures.", "Wie viele Bilder."},
		"flag_prompts":     {"Prompt instead of the recipe's; several are taken in turn.", "Prompt anstelle des Rezepts; mehrere reihum."},
		"flag_together":    {"All pictures in one call.", "Alle Bilder in einem Aufruf."},
		"bench_upscale":    {"Enlarge a picture and say what that took.", "Ein Bild vergrößern und sagen, was das gebraucht hat."},
		"bench_upscaled":   {"%d×%d pixels, %.1f s, at most %.0f MiB", "%d×%d Pixel, %.1f s, höchstens %.0f MiB"},
		"bench_finish":     {"Make the web set of a picture and say what each step took.", "Die Web-Dateien eines Bildes machen und sagen, was jeder Schritt gebraucht hat."},
		"bench_score":      {"Score copies of a picture by SSIMULACRA 2.", "Kopien eines Bildes nach SSIMULACRA 2 bewerten."},
		"flag_bench_out":   {"Folder for the files.", "Ordner für die Dateien."},
		"flag_bench_score": {"Score that lossy files reach.", "Wert, den verlustbehaftete Dateien erreichen."},
		"flag_bench_sign":  {"Hide a number and sign, too.", "Auch eine Nummer verstecken und signieren."},
		"arg_copies":       {"Copies of the picture.", "Kopien des Bildes."},
		"flag_upscaler":    {"Name of the upscaler.", "Name des Upscalers."},
		"bench_done":       {"%d pictures, %.3f s each (median), at most %.0f MiB", "%d Bilder, je %.3f s (Median), höchstens %.0f MiB"},
		"serve":            {"Open the studio in the browser, with the API.", "Das Studio im Browser öffnen, mit der API."},
		"doctor":           {"Say what is missing and how to get it.", "Sagen, was fehlt und woher es kommt."},
		"backup":           {"Write database, pictures and keys into one encrypted file.", "Datenbank, Bilder und Schlüssel in eine verschlüsselte Datei schreiben."},
		"restore":          {"Bring a backup back into an empty workspace.", "Eine Sicherung in einen leeren Arbeitsbereich zurückholen."},

		"arg_brief":        {"The brief, a YAML file.", "Das Briefing, eine YAML-Datei."},
		"arg_asset":        {"An asset's identity, or the beginning of it.", "Die Kennung eines Assets oder ihr Anfang."},
		"arg_run":          {"A run's identity.", "Die Kennung eines Laufs."},
		"arg_candidate":    {"A candidate's identity.", "Die Kennung eines Kandidaten."},
		"arg_files":        {"Picture files.", "Bilddateien."},
		"arg_dir":          {"The folder.", "Der Ordner."},
		"arg_recipe":       {"The recipe, a JSON file.", "Das Rezept, eine JSON-Datei."},
		"arg_words":        {"Words that must all occur.", "Wörter, die alle vorkommen müssen."},
		"flag_approve_as":  {"Approve the selection in this person's name.", "Die Auswahl im Namen dieser Person freigeben."},
		"flag_out":         {"The folder to write to.", "Der Zielordner."},
		"flag_by":          {"Who decides.", "Wer entscheidet."},
		"flag_reason":      {"Why.", "Warum."},
		"flag_listen":      {"Address and port to answer on.", "Adresse und Port."},
		"flag_ready":       {"Write the address into this file once it answers.", "Die Adresse in diese Datei schreiben, sobald geantwortet wird."},
		"flag_stamp_every": {"How often the time stamps that files are owed are asked for.", "Wie oft nach fehlenden Zeitstempeln gefragt wird."},
		"flag_no_work":     {"Serve pages only; other processes do the work.", "Nur Seiten ausliefern; andere Prozesse arbeiten."},
		"flag_latents":     {"Starting noise, .npy [batch,channels,h,w], unit variance.", "Anfangsrauschen, .npy [batch,channels,h,w], Varianz eins."},
		"flag_noise":       {"Noise of each stochastic step, .npy [steps,batch,…].", "Rauschen jedes stochastischen Schritts, .npy [steps,batch,…]."},
		"flag_posterior":   {"Noise of the VAE's posterior, .npy [draws,batch,…].", "Rauschen des VAE-Posteriors, .npy [draws,batch,…]."},
		"flag_mask":        {"Mask: white is made new.", "Maske: Weiß wird neu gemacht."},
		"flag_control":     {"Control picture.", "Steuerbild."},
		"flag_reference":   {"Reference picture (IP-Adapter).", "Referenzbild (IP-Adapter)."},
		"arg_kind":         {"Kind of control; without one, all kinds are listed with what they lack.", "Art des Steuerbilds; ohne eine werden alle Arten aufgezählt, mit dem, was ihnen fehlt."},
		"arg_picture":      {"The picture, a file.", "Das Bild, eine Datei."},
		"flag_pin_servers": {"Take the servers of this engine as they are now for what is right.", "Die Server dieser Maschine so, wie sie jetzt sind, für richtig nehmen."},
		"flag_png":         {"The file to write.", "Die Zieldatei."},
		"flag_low":         {"Gradient from which an edge goes on (canny, 100).", "Gradient, ab dem eine Kante weitergeht (canny, 100)."},
		"flag_high":        {"Gradient that begins an edge (canny, 200).", "Gradient, der eine Kante beginnt (canny, 200)."},
		"flag_threshold":   {"How clear a stroke or segment must be (scribble, 32; mlsd, 0.1).", "Wie deutlich ein Strich oder Segment sein muss (scribble, 32; mlsd, 0.1)."},
		"flag_init":        {"Picture to begin with.", "Bild, mit dem begonnen wird."},
		"flag_savelat":     {"Write the final latents, .npy.", "Die letzten Latents schreiben, .npy."},
		"flag_saveimg":     {"Write the picture as float32 0..1, .npy [batch,h,w,3].", "Das Bild als float32 0..1 schreiben, .npy [batch,h,w,3]."},
		"flag_savesteps":   {"Write the latents after each step into this folder.", "Die Latents nach jedem Schritt in diesen Ordner schreiben."},
		"arg_backup":       {"The backup, a file.", "Die Sicherung, eine Datei."},
		"flag_passphrase":  {"File with the passphrase; else PRESSWERK_PASSPHRASE.", "Datei mit dem Kennwort; sonst PRESSWERK_PASSPHRASE."},

		"flag_judge_prompt": {"What was asked for; the score 'clip' says how well the picture fits.", "Was verlangt war; der Wert 'clip' sagt, wie gut das Bild dazu passt."},
		"flag_text":         {"Words that shall stand in the picture; may be said again for each text.", "Wörter, die im Bild stehen sollen; für jeden Text noch einmal."},
		"flag_brand":        {"The brand kit whose rules count.", "Das Markenpaket, dessen Regeln gelten."},
		"flag_channel":      {"Only these channels, by comma.", "Nur diese Kanäle, durch Komma getrennt."},
		"flag_alt":          {"What the picture shows, for people who do not see it.", "Was das Bild zeigt, für Menschen, die es nicht sehen."},
		"arg_model":         {"A model's name.", "Der Name eines Modells."},
		"review_approve":    {"Approve a candidate.", "Einen Kandidaten freigeben."},
		"review_reject":     {"Reject a candidate.", "Einen Kandidaten ablehnen."},
		"review_back":       {"Send a candidate back, with the reason.", "Einen Kandidaten zurückgeben, mit Grund."},
		"review_list":       {"List runs, or the candidates of one.", "Läufe auflisten, oder die Kandidaten eines Laufs."},

		"interrupted": {"Interrupted. The same command goes on where it stopped.", "Abgebrochen. Derselbe Befehl macht dort weiter."},
		"exit_1":      {"no", "nein"},
		"exit_2":      {"cannot be done as asked", "so nicht möglich"},
		"exit_3":      {"something outside failed", "etwas außerhalb schlug fehl"},

		"plan_head":           {"%s: %d pictures, %s", "%s: %d Bilder, %s"},
		"time_about":          {"about %s", "etwa %s"},
		"time_unknown":        {"time unknown", "Dauer unbekannt"},
		"time_partly":         {"about %s and the unknown time of %d", "etwa %s und die unbekannte Dauer von %d"},
		"plan_dropped":        {"%d duplicates dropped", "%d Doppelte weggelassen"},
		"plan_refused":        {"refused: %s: %s", "abgelehnt: %s: %s"},
		"plan_warning":        {"note: %s: %s", "Hinweis: %s: %s"},
		"make_begin":          {"Run %s: %d pictures planned, %s.", "Lauf %s: %d Bilder geplant, %s."},
		"make_resumed":        {"Going on with run %s: %d of %d rendered.", "Weiter mit Lauf %s: %d von %d gerendert."},
		"make_elsewhere":      {"Another Presswerk works in this workspace; it does the work, this one waits.", "Ein anderes Presswerk arbeitet in diesem Bereich; es erledigt die Arbeit, dieses wartet."},
		"control_missing":     {"lacks %s: %s", "es fehlt %s: %s"},
		"draws_canny":         {"edges, pixel for pixel those of OpenCV", "Kanten, Pixel für Pixel die von OpenCV"},
		"draws_depth":         {"nearness", "Nähe"},
		"draws_hed":           {"soft edges", "weiche Kanten"},
		"draws_layout":        {"boxes out of a JSON file, in ADE20K's colours", "Kästen aus einer JSON-Datei, in den Farben von ADE20K"},
		"draws_segmentation":  {"what each place belongs to, in ADE20K's colours", "wozu jede Stelle gehört, in den Farben von ADE20K"},
		"get_segmentation":    {"no package ships one: put a SegFormer or UPerNet network for ADE20K, as ONNX, there yourself", "kein Paket liefert eines: selbst ein SegFormer- oder UPerNet-Netz für ADE20K als ONNX dorthin legen"},
		"draws_lineart-dog":   {"lines in shades", "Linien in Abstufungen"},
		"draws_mlsd":          {"straight segments", "gerade Strecken"},
		"draws_openpose":      {"skeletons of people", "Skelette von Menschen"},
		"draws_openpose-face": {"skeletons and faces of people", "Skelette und Gesichter von Menschen"},
		"draws_openpose-full": {"skeletons, hands and faces of people", "Skelette, Hände und Gesichter von Menschen"},
		"draws_openpose-hand": {"skeletons and hands of people", "Skelette und Hände von Menschen"},
		"draws_scribble":      {"felt-pen strokes of one width", "Filzstiftstriche von einer Breite"},
		"draws_scribble-xdog": {"strokes", "Striche"},
		"get_tools":           {"run 'make tools', which fetches it", "„make tools“ holt es"},
		"get_depth":           {"no package ships one: put a MiDaS, DPT or Depth Anything network, as ONNX, there yourself", "kein Paket liefert eines: selbst ein MiDaS-, DPT- oder Depth-Anything-Netz als ONNX dorthin legen"},

		"make_done":     {"%d rendered, %d passed, %d selected, %d published.", "%d gerendert, %d bestanden, %d ausgewählt, %d veröffentlicht."},
		"make_look":     {"Look here: %s", "Hier ansehen: %s"},
		"make_review":   {"The selection waits for a person: %d pictures. Decide with 'presswerk serve' or 'presswerk review list %s'.", "Die Auswahl wartet auf einen Menschen: %d Bilder. Entscheiden mit „presswerk serve“ oder „presswerk review list %s“."},
		"make_explored": {"An exploration is never published. Look at it with 'presswerk serve', then make it again as production.", "Eine Erkundung wird nie veröffentlicht. Mit „presswerk serve“ ansehen, dann als Produktion neu herstellen."},
		"make_empty":    {"No picture passed the brand's gates. See why with 'presswerk review list %s'.", "Kein Bild hat die Prüfungen der Marke bestanden. Gründe mit „presswerk review list %s“."},
		"make_failed":   {"The run stopped: %s", "Der Lauf blieb stehen: %s"},
		"stage_render":  {"render", "rendern"},
		"stage_judge":   {"judge", "beurteilen"},
		"stage_finish":  {"finish", "fertigstellen"},
		"unsigned":      {"NOT SIGNED: %v", "NICHT SIGNIERT: %v"},
		"no_backup":     {"The signing key in %s exists only here. Without 'presswerk backup' its loss cannot be repaired.", "Den Signaturschlüssel in %s gibt es nur hier. Ohne „presswerk backup“ ist sein Verlust nicht zu beheben."},
		"init_done":     {"Workspace ready: %s", "Arbeitsbereich fertig: %s"},
		"init_there":    {"%s is a workspace already; nothing was changed.", "%s ist schon ein Arbeitsbereich; nichts wurde geändert."},
		"init_next":     {"Next: presswerk make %s", "Weiter: presswerk make %s"},
		"again_same":    {"identical: %s", "identisch: %s"},
		"again_differs": {"different: at most %d of 255, on average %.3f", "verschieden: höchstens %d von 255, im Mittel %.3f"},
		"again_missing": {"cannot be made again, missing: %s", "nicht wiederholbar, es fehlt: %s"},
		"serve_at":      {"The studio: %s", "Das Studio: %s"},
		"doctor_ok":     {"ok", "gut"},
		"doctor_bad":    {"missing", "fehlt"},
		"backup_done":   {"Backup written: %s (%d files, %d bytes)", "Sicherung geschrieben: %s (%d Dateien, %d Bytes)"},
		"restore_done":  {"Restored into %s: %d files", "Zurückgeholt nach %s: %d Dateien"},
		"none_found":    {"Nothing found.", "Nichts gefunden."},
		"decided":       {"%s: %s by %s", "%s: %s durch %s"},
		"published_at":  {"Published: %s", "Veröffentlicht: %s"},
	}
}
