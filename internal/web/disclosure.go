package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
)

// labelState is what is said and wanted about a candidate's label.
type labelState struct {
	Want   art.Labelling
	Counts *art.Disclosure  // a person's word, or the brief's or the kit's; nil where there is none
	Said   []art.Disclosure // by people, the oldest first
}

// Open tells whether a person's word is missing.
func (l labelState) Open() bool { return len(l.Want.Decide) > 0 && l.Counts == nil }

// Asked tells whether the page has to speak of it at all.
func (l labelState) Asked() bool { return len(l.Want.Rules) > 0 || len(l.Said) > 0 }

// Shows tells whether the word that counts says that something is resembled.
func (l labelState) Shows(what string) bool {
	return l.Counts != nil && slices.Contains(l.Counts.Shows, what)
}

// disclose takes a person's word on whether a candidate could mislead.
func (s *Studio) disclose(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	d := art.Disclosure{Candidate: chi.URLParam(r, "candidate"), By: s.User}
	if answer := r.FormValue("could_mislead"); answer != "" { // reads the form
		yes := answer == "yes"
		d.CouldMislead = &yes
	}
	d.Shows, d.Artistic, d.StandardEdit = r.Form["shows[]"], r.FormValue("artistic") != "", r.FormValue("standard_edit") != ""
	d.Reason = strings.TrimSpace(r.FormValue("reason"))
	if note := strings.TrimSpace(r.FormValue("note")); note != "" {
		d.Note = art.Text{languageOf(r): note}
	}
	if err := s.Line.Disclose(r.Context(), d); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/candidates/"+d.Candidate+"#misleading", http.StatusSeeOther)
}

// labels reads what is said and wanted about a candidate's label.
func (s *Studio) labels(r *http.Request, c art.CandidateView, run art.Run) (l labelState, err error) {
	if l.Want, l.Counts, err = s.Line.Labelling(c, run); err != nil {
		return l, err
	}
	l.Said, err = s.Line.Disclosures(r.Context(), c.ID)
	return l, err
}

func stanceWord(d art.Disclosure) string {
	switch {
	case d.Misleads() && d.Artistic:
		return "mislead_is_artistic"
	case d.Misleads():
		return "mislead_is_yes"
	}
	return "mislead_is_no"
}

// labelFacts is what the rules want, as people read it.
func labelFacts(w words, l art.Labelling) []fact {
	visible := w.say("label_none")
	switch v := l.Label; {
	case v == nil:
	case v.Beside:
		visible = w.say("label_beside")
	default:
		visible = fmt.Sprintf("%s · ≥ %g %%", v.Words.In(w.lang), 100*v.Share)
	}
	marks := strings.Join(l.Marks, " + ")
	if len(l.AnyMark) > 0 {
		marks = strings.Trim(marks+" + "+strings.Join(l.AnyMark, " / "), " +")
	}
	return said([]fact{{w.say("label_rules"), strings.Join(l.Rules, ", ") + " (" + l.Dated + ")"}, {w.say("label_visible"), visible}, {w.say("label_marks"), marks}, {w.say("label_page"), l.Page.In(w.lang)}})
}

// labelWords are about labels, and about whether pictures could mislead.
func labelWords() map[string]sentence {
	return map[string]sentence{
		"mislead":             {"Could it mislead?", "Könnte es täuschen?"},
		"mislead_text":        {"Does it resemble persons, objects, places, entities or events that exist, and would it falsely appear authentic? Your word is kept with the picture; the newest counts.", "Ähnelt es Personen, Gegenständen, Orten, Einrichtungen oder Ereignissen, die es gibt, und wirkt es fälschlich echt? Ihr Wort bleibt beim Bild; das neueste zählt."},
		"mislead_open":        {"Nobody has said so yet, and %s asks. It can't be approved before.", "Noch hat es niemand gesagt, und %s verlangt es. Vorher lässt es sich nicht freigeben."},
		"mislead_say":         {"Say a word", "Ein Wort dazu sagen"},
		"mislead_no":          {"No", "Nein"},
		"mislead_yes":         {"Yes: label it", "Ja: kennzeichnen"},
		"mislead_artistic":    {"evidently art, satire or fiction", "offensichtlich Kunst, Satire oder Fiktion"},
		"mislead_edit":        {"only standard editing", "nur übliche Bearbeitung"},
		"mislead_shows":       {"It resembles:", "Es ähnelt:"},
		"shows_person":        {"a person", "einer Person"},
		"shows_object":        {"an object", "einem Gegenstand"},
		"shows_place":         {"a place", "einem Ort"},
		"shows_entity":        {"an entity", "einer Einrichtung"},
		"shows_event":         {"an event", "einem Ereignis"},
		"mislead_reason":      {"Why?", "Warum?"},
		"mislead_note":        {"Editorial note beside the picture", "Redaktioneller Hinweis neben dem Bild"},
		"mislead_save":        {"Write down", "Festhalten"},
		"mislead_is_no":       {"Misleads nobody", "Täuscht niemanden"},
		"mislead_is_yes":      {"Could mislead: labelled", "Könnte täuschen: gekennzeichnet"},
		"mislead_is_artistic": {"Could mislead, and is art or satire: labelled beside it", "Könnte täuschen und ist Kunst oder Satire: daneben gekennzeichnet"},
		"label_rules":         {"Rules", "Regeln"},
		"label_visible":       {"Visible label", "Sichtbares Kennzeichen"},
		"label_none":          {"none on the picture; pages say AI-generated below it", "keines auf dem Bild; Seiten sagen darunter KI-generiert"},
		"label_beside":        {"beside the picture", "neben dem Bild"},
		"label_marks":         {"Marks in each file", "Marken in jeder Datei"},
		"label_page":          {"Beside it", "Daneben"},
		"label_heading":       {"Label", "Kennzeichnung"},
	}
}
