package web

import (
	"fmt"
	"maps"

	"presswerk/internal/art"
)

// words are the studio's sentences in one language.
type words struct{ lang art.Language }

// say gives a sentence with its gaps filled. A key that the catalogue lacks is given back, so that nothing is lost.
func (w words) say(key string, args ...any) string {
	s, ok := catalogue()[key]
	if !ok {
		return key
	}
	text := s.en
	if w.lang == art.German {
		text = s.de
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Say gives a sentence of the studio to others who say the same, such as 'presswerk verify'.
func Say(lang art.Language, key string, args ...any) string { return words{lang}.say(key, args...) }

// sentence is the same in both languages.
type sentence struct{ en, de string }

// catalogue is every sentence of the studio by its key.
func catalogue() map[string]sentence {
	all := pageWords()
	maps.Copy(all, evidenceWords())
	maps.Copy(all, labelWords())
	maps.Copy(all, doorWords())
	maps.Copy(all, fixWords())
	maps.Copy(all, printWords())
	return all
}

// evidenceWords are about what a candidate's page shows beside the picture.
func evidenceWords() map[string]sentence {
	return map[string]sentence{
		"stood_in":       {"%s stood in for %s, which was down (%s). %s had consented on %s.", "%s sprang für %s ein (%s). %s hatte am %s zugestimmt."},
		"checklist":      {"Look at this before you approve:", "Vor der Freigabe ansehen:"},
		"needs_person":   {"look closely", "genau ansehen"},
		"policy_asks":    {"The policy asks for your word", "Die Richtlinie fragt nach Ihrem Urteil"},
		"policy_rule":    {"%s, by %s, found in %s", "%s, nach %s, gefunden in %s"},
		"policy_cleared": {"cleared: %s", "geklärt: %s"},
		"canary":         {"canary", "Probeversion"},
		"canary_text":    {"Made by the model version that is on trial for this brand.", "Von der Modellversion gemacht, die diese Marke erprobt."},
		"paused":         {"Paused", "Angehalten"},
		"paused_text":    {"A probe noticed that these engines make other pictures than before. What depends on them waits until a person looks: 'presswerk models resume'.", "Eine Probe hat bemerkt, dass diese Maschinen andere Bilder machen als zuvor. Was davon abhängt, wartet, bis ein Mensch hinsieht: „presswerk models resume“."},
		"paused_since":   {"Since", "Seit"},
		"paused_why":     {"Why", "Warum"},
		"paused_briefs":  {"Briefs", "Aufträge"},
		"evidence_show":  {"Show where", "Zeigen, wo"},
		"evidence_of":    {"Marked: %s", "Markiert: %s"},
		"evidence_hide":  {"Show the picture alone", "Nur das Bild zeigen"},
	}
}

func pageWords() map[string]sentence {
	return map[string]sentence{
		"studio": {"Studio", "Studio"}, "skip": {"Skip to content", "Zum Inhalt springen"}, "nav": {"Main", "Hauptmenü"},
		"runs": {"Runs", "Läufe"}, "library": {"Library", "Bibliothek"}, "verify": {"Verify", "Prüfen"}, "login": {"Sign in", "Anmelden"}, "logout": {"Sign out", "Abmelden"},
		"language": {"Deutsch", "English"}, "foot": {"Presswerk %s · workspace %s", "Presswerk %s · Arbeitsbereich %s"},

		"login_text":  {"Paste the key that 'presswerk serve' printed when it first ran. Lost it? 'presswerk keys new' makes another.", "Den Schlüssel einfügen, den „presswerk serve“ beim ersten Start gezeigt hat. Verloren? „presswerk keys new“ macht einen neuen."},
		"login_key":   {"Key", "Schlüssel"},
		"login_wrong": {"This key opens nothing here. Check that you copied all of it.", "Dieser Schlüssel passt hier nicht. Bitte prüfen, ob er ganz kopiert ist."},

		"comparisons": {"Engines compared", "Maschinen im Vergleich"}, "engines_n": {"%d engines", "%d Maschinen"},
		"briefs": {"Briefs", "Briefings"}, "briefs_text": {"What somebody wants, as YAML in the workspace. A run takes one down the whole line; the same brief twice makes nothing twice.", "Was jemand haben möchte, als YAML im Arbeitsbereich. Ein Lauf führt eines durch die ganze Linie; dasselbe Briefing macht nichts doppelt."},
		"brief_none": {"There is no brief in this workspace yet: write one into briefs/.", "In diesem Arbeitsbereich gibt es noch kein Briefing: bitte eines in briefs/ schreiben."},
		"make":       {"Make", "Herstellen"}, "make_brief": {"Make %s", "%s herstellen"},
		"runs_none": {"Nothing has been made yet. Start a brief below.", "Noch wurde nichts hergestellt. Unten ein Briefing starten."},
		"pictures":  {"%d pictures", "%d Bilder"}, "published_n": {"%d published", "%d veröffentlicht"}, "waiting_n": {"%d waiting for a word", "%d warten auf ein Wort"},

		"run_working": {"Working", "In Arbeit"}, "run_review": {"Waiting for review", "Wartet auf Freigabe"}, "run_published": {"Published", "Veröffentlicht"},
		"run_empty": {"Nothing passed", "Nichts bestanden"}, "run_failed": {"Failed", "Fehlgeschlagen"}, "run_explored": {"Explored", "Erkundet"},
		"run_failed_text":   {"The run stopped: %s. Mend it and make the brief again; nothing is lost.", "Der Lauf hielt an: %s. Bitte beheben und das Briefing erneut herstellen; nichts ist verloren."},
		"run_explored_text": {"An exploration can never be published. Make it again as production to publish.", "Eine Erkundung kann nie veröffentlicht werden. Zum Veröffentlichen als Produktion neu herstellen."},
		"run_empty_text":    {"No candidate passed every gate. The reasons stand under each picture.", "Kein Kandidat hat alle Prüfungen bestanden. Die Gründe stehen unter jedem Bild."},

		"spent": {"Spent: %s.", "Ausgegeben: %s."}, "spent_open": {"Of it not answered yet, or unknown: %s.", "Davon noch ohne Antwort oder ungeklärt: %s."},
		"goal": {"Goal", "Ziel"}, "audience": {"Audience", "Zielgruppe"}, "rendered": {"rendered", "gerendert"}, "judged": {"judged", "beurteilt"}, "selected": {"selected", "ausgewählt"},
		"approved": {"approved", "freigegeben"}, "published": {"published", "veröffentlicht"}, "see_site": {"See the site", "Seite ansehen"}, "progress": {"Progress", "Fortschritt"},
		"clip": {"Clip", "Clip"}, "length": {"Length", "Länge"}, "frames": {"Frames", "Bilder"}, "codec": {"Codec", "Codec"}, "sound": {"Sound", "Ton"}, "has_sound": {"yes", "ja"}, "no_sound": {"none", "keiner"},
		"first_frame": {"First frame", "Erstes Bild"}, "last_frame": {"Last frame", "Letztes Bild"}, "track_captions": {"Captions", "Untertitel"}, "track_descriptions": {"Description", "Beschreibung"},
		"show_all": {"All", "Alle"}, "show_waiting": {"Waiting", "Wartend"}, "show_approved": {"Approved", "Freigegeben"}, "show_out": {"Left out", "Ausgelassen"}, "filter": {"Show", "Zeigen"},
		"sheet": {"Contact sheet", "Kontaktbogen"}, "nothing_shown": {"Nothing to show here.", "Hier ist nichts zu zeigen."},

		"planned": {"Planned", "Geplant"}, "rendering": {"Rendering", "Wird gerendert"}, "judging": {"Being judged", "Wird beurteilt"}, "passed": {"Passed", "Bestanden"}, "waiting": {"Selected", "Ausgewählt"},
		"left_out": {"Left out", "Ausgelassen"}, "unfit": {"Failed a gate", "Nicht bestanden"}, "approved_state": {"Approved", "Freigegeben"}, "finished": {"Finished", "Fertig"}, "rejected": {"Rejected", "Abgelehnt"},
		"sent_back": {"Sent back", "Zurückgeschickt"}, "escalated": {"Escalated", "Weitergegeben"}, "not_rendered": {"Could not be rendered", "Konnte nicht gerendert werden"},

		"approve": {"Approve", "Freigeben"}, "reject": {"Reject", "Ablehnen"}, "send_back": {"Send back", "Zurückschicken"}, "actions": {"Decide about %s", "Entscheiden über %s"},
		"reason": {"What is wrong with it?", "Was stimmt daran nicht?"}, "reason_text": {"The picture is made again from a fresh seed; your words stay with it.", "Das Bild wird mit neuem Startwert noch einmal gemacht; Ihre Worte bleiben dabei."},
		"reason_reject": {"It is published. Taking it off the site needs a reason.", "Es ist veröffentlicht. Es von der Seite zu nehmen braucht einen Grund."}, "cancel": {"Cancel", "Abbrechen"},
		"keys_title": {"Keyboard", "Tastatur"}, "keys_move": {"move between pictures", "zwischen Bildern wechseln"}, "keys_open": {"open", "öffnen"}, "keys_help": {"this help", "diese Hilfe"}, "keys_close": {"Close", "Schließen"},
		"keys_hint": {"Keys: A approve, R reject, S send back, ? help", "Tasten: A freigeben, R ablehnen, S zurückschicken, ? Hilfe"},

		"scores": {"What the judge measured", "Was die Jury gemessen hat"}, "overall": {"Overall", "Gesamt"}, "score": {"Score", "Maß"}, "value": {"Value", "Wert"}, "gate": {"Gate", "Prüfung"}, "meaning": {"Meaning", "Bedeutung"}, "evidence": {"Evidence", "Beleg"},
		"gate_pass": {"passed", "bestanden"}, "gate_fail": {"failed", "gescheitert"}, "no_gate": {"not a gate", "keine Prüfung"}, "like": {"most like %s", "am ähnlichsten: %s"},
		"selection": {"Selection", "Auswahl"}, "rank": {"Rank %d", "Rang %d"}, "decisions": {"Decisions", "Entscheidungen"}, "no_decisions": {"Nobody has said a word yet.", "Noch hat niemand entschieden."}, "policy": {"policy: the brief says approval: auto", "Regel: das Briefing sagt approval: auto"},
		"recipe": {"Recipe", "Rezept"}, "recipe_json": {"Whole recipe as JSON", "Ganzes Rezept als JSON"}, "lineage": {"Lineage", "Herkunft"}, "made_from": {"made again from %s", "neu gemacht aus %s"}, "asset": {"Asset", "Asset"}, "candidate": {"Candidate", "Kandidat"}, "run": {"Run", "Lauf"}, "brief": {"Brief", "Briefing"},
		"prompt": {"Prompt", "Prompt"}, "negative": {"Negative prompt", "Negativ-Prompt"}, "model": {"Model", "Modell"}, "sampler": {"Sampler", "Sampler"}, "steps": {"Steps", "Schritte"}, "guidance": {"Guidance", "Führung"}, "seed": {"Seed", "Startwert"}, "size": {"Size", "Maße"}, "engine": {"Engine", "Maschine"}, "identity": {"Identity", "Identität"},
		"reused": {"taken from an equal recipe", "aus gleichem Rezept übernommen"}, "notes": {"Notes", "Hinweise"}, "back_run": {"Back to the run", "Zurück zum Lauf"}, "open_asset": {"Open the asset", "Asset öffnen"}, "open_candidate": {"Open the candidate", "Kandidat öffnen"},

		"search": {"Search", "Suchen"}, "search_label": {"Words in title, prompt or brand", "Wörter in Titel, Prompt oder Marke"}, "library_none": {"No asset has these words.", "Kein Asset hat diese Wörter."}, "library_empty": {"No picture has been approved yet.", "Noch wurde kein Bild freigegeben."}, "assets_n": {"%d assets", "%d Assets"},
		"alt": {"Alternative text", "Alternativtext"}, "rights": {"Rights", "Rechte"}, "credit": {"Credit", "Bildnachweis"}, "copyright": {"Copyright", "Urheberrecht"}, "license": {"Licence", "Lizenz"}, "mining": {"Data mining", "Data-Mining"}, "ai": {"AI-generated", "KI-generiert"},
		"licensor": {"From", "Von"}, "channels": {"Channels", "Kanäle"}, "license_kind": {"Kind of licence", "Art der Lizenz"}, "creator": {"Made by", "Gemacht von"}, "territories": {"Territories", "Gebiete"}, "license_from": {"From day", "Ab"}, "license_until": {"Until", "Bis"},
		"license_by": {"Written down by", "Eingetragen von"}, "source_type": {"Digital source type", "Digitale Herkunftsart"}, "license_comp": {"none: a watermarked preview", "keine: eine Vorschau mit Wasserzeichen"}, "license_file": {"Licence file", "Lizenzdatei"},
		"renditions": {"Files", "Dateien"}, "format": {"Format", "Format"}, "channel": {"Channel", "Kanal"}, "weight": {"Weight", "Größe"}, "origin": {"Origin", "Herkunft"}, "signed": {"signed (C2PA)", "signiert (C2PA)"}, "master": {"Master", "Master"}, "file": {"File", "Datei"},
		"snippet": {"Snippet", "Schnipsel"}, "snippet_text": {"The picture element and its JSON-LD, as the published site uses them.", "Das Bild-Element und sein JSON-LD, wie die veröffentlichte Seite sie verwendet."}, "copy": {"Copy", "Kopieren"}, "copied": {"Copied", "Kopiert"},
		"again": {"Make again", "Noch einmal machen"}, "again_text": {"Renders the picture from its record and compares pixel by pixel.", "Rendert das Bild aus seinen Aufzeichnungen und vergleicht Pixel für Pixel."}, "again_same": {"Identical: every pixel is the same.", "Identisch: jedes Pixel ist gleich."},
		"again_off": {"Not identical: at most %d of 255 off, %.3f on average.", "Nicht identisch: höchstens %d von 255 daneben, im Mittel %.3f."}, "again_missing": {"It can't be made again here: %s", "Es kann hier nicht noch einmal gemacht werden: %s"},
		"finishing": {"Finishing", "Fertigstellung"}, "sources": {"Made from", "Hergestellt aus"}, "approved_by": {"Approved by", "Freigegeben von"},

		"verify_text":   {"Drop any picture here. You hear what each layer says about its origin: the signed manifest, the metadata, the invisible mark and the fingerprint.", "Ein beliebiges Bild hier ablegen. Jede Schicht sagt, was sie über seine Herkunft weiß: das signierte Manifest, die Metadaten, die unsichtbare Marke und der Fingerabdruck."},
		"verify_choose": {"Choose a picture", "Bild auswählen"}, "verify_drop": {"or drop it here", "oder hierher ziehen"}, "verify_go": {"Verify", "Prüfen"}, "verify_busy": {"Looking …", "Wird geprüft …"},
		"verdict_ai-generated": {"AI-generated", "KI-generiert"}, "verdict_ai-edited": {"Edited with AI", "Mit KI bearbeitet"}, "verdict_unknown": {"Unknown origin", "Herkunft unbekannt"}, "verdict_tampered": {"Tampered", "Verändert"},
		"verdict_ai-generated_text": {"The file says that a model made this picture.", "Die Datei sagt, dass ein Modell dieses Bild gemacht hat."}, "verdict_ai-edited_text": {"The file says that a model changed parts of this picture.", "Die Datei sagt, dass ein Modell Teile dieses Bildes verändert hat."},
		"verdict_unknown_text": {"No layer knows where this picture comes from. That is neither a yes nor a no.", "Keine Schicht weiß, woher dieses Bild stammt. Das ist weder ein Ja noch ein Nein."}, "verdict_tampered_text": {"The signed manifest does not fit the file: it was changed after signing.", "Das signierte Manifest passt nicht zur Datei: Sie wurde nach dem Signieren verändert."},
		"layer_c2pa": {"Signed manifest (C2PA)", "Signiertes Manifest (C2PA)"}, "layer_metadata": {"Metadata (XMP, IPTC)", "Metadaten (XMP, IPTC)"}, "layer_watermark": {"Invisible mark", "Unsichtbare Marke"}, "layer_fingerprint": {"Fingerprint", "Fingerabdruck"},
		"c2pa_trusted": {"valid, signed by this workspace", "gültig, von diesem Arbeitsbereich signiert"}, "c2pa_valid": {"valid, signed by somebody else", "gültig, von jemand anderem signiert"}, "c2pa_invalid": {"broken", "gebrochen"}, "c2pa_absent": {"none", "keines"},
		"aigc_1": {"AI-generated", "KI-erzeugt"}, "aigc_2": {"perhaps AI-generated", "vielleicht KI-erzeugt"}, "aigc_3": {"suspected to be AI-generated", "vermutlich KI-erzeugt"}, "none_found": {"none found", "keine gefunden"}, "made_here": {"made here: %s (%d of 256 bits apart)", "hier gemacht: %s (%d von 256 Bit Abstand)"}, "not_made_here": {"looks like nothing made here", "ähnelt nichts hier Gemachtem"}, "not_available": {"not available", "nicht verfügbar"}, "system": {"AI system", "KI-System"},

		"error": {"Something is wrong", "Da stimmt etwas nicht"}, "error_404": {"There is nothing here.", "Hier ist nichts."}, "error_home": {"Back to the runs", "Zurück zu den Läufen"}, "too_big": {"The file is larger than %d MB.", "Die Datei ist größer als %d MB."}, "no_file": {"Choose a file first.", "Bitte zuerst eine Datei auswählen."},
		"engines": {"Engines", "Maschinen"}, "engines_text": {"What makes pictures here, how it is just now, and which of its models go away.", "Was hier Bilder macht, wie es gerade geht, und welche Modelle wegfallen."},
		"engine_version": {"Version", "Version"}, "engine_state": {"State", "Zustand"}, "engine_models": {"Models", "Modelle"},
		"engine_requests": {"Requests", "Anfragen"}, "engine_seen": {"%d, %d failed", "%d, %d fehlgeschlagen"}, "model_until": {"until %s", "bis %s"},
		"health_ready": {"ready", "bereit"}, "health_reachable": {"answers", "antwortet"}, "health_busy": {"busy", "überlastet"}, "health_refused": {"lets nobody in", "lässt niemanden ein"},
		"health_unreachable": {"not there", "nicht da"}, "health_not-set-up": {"not set up", "nicht eingerichtet"}, "health_unasked": {"not asked", "nicht gefragt"},
		"ending": {"What goes away and is used here", "Was wegfällt und hier benutzt wird"}, "ending_model": {"Model", "Modell"}, "ending_day": {"Last day", "Letzter Tag"}, "ending_hits": {"Used by", "Benutzt von"},
		"ending_instead": {"Instead", "Ersatz"}, "ending_gone": {"gone", "weggefallen"}, "ending_days": {"in %d days", "in %d Tagen"}, "ended": {"Names that have ended", "Namen, die es nicht mehr gibt"},
		"hit_brief": {"brief %s", "Briefing %s"}, "hit_kit": {"defaults of %s", "Vorgaben von %s"}, "hit_set": {"prompt set of %s", "Prompt-Satz von %s"}, "hit_pin": {"pin of %s", "Festlegung von %s"}, "hit_canary": {"canary of %s", "Kanarienvogel von %s"},
		"also_ends": {"%s ends as well, on %s", "auch %s endet, am %s"}, "lasting": {"%s has no known end", "%s hat kein bekanntes Ende"}, "no_successor": {"nobody has named one", "niemand hat einen genannt"},
		"unread": {"%s can't be read, so nobody knows what it depends on: %s", "%s lässt sich nicht lesen, also weiß niemand, wovon es abhängt: %s"},

		"decided_approve": {"Approved. It is being finished and published.", "Freigegeben. Es wird fertiggestellt und veröffentlicht."}, "decided_reject": {"Rejected.", "Abgelehnt."}, "decided_fix": {"Sent back. It is being made again.", "Zurückgeschickt. Es wird neu gemacht."}, "decided_escalate": {"Passed on.", "Weitergegeben."},
	}
}
