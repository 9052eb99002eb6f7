package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Rights is what the pictures' licences and consents mean for whatever is learnt from them.
type Rights struct {
	Commercial string         `json:"commercial"`  // art.TermYes, TermNo or TermUnknown: the strictest picture decides
	Credit     []string       `json:"credit"`      // who has to be named
	ShareAlike []string       `json:"share_alike"` // licences that ask for the same licence
	Licenses   map[string]int `json:"licenses"`    // how many pictures each has
	People     bool           `json:"people"`      // persons are depicted
}

// rights looks at every picture's licence, creator and consent. A picture without them is an error: nothing is trained on
// it by mistake.
func (r *Report) rights() {
	r.Rights = Rights{Commercial: art.TermYes, Licenses: map[string]int{}}
	for i := range r.Pictures {
		p := &r.Pictures[i]
		if p.SHA256 == "" {
			continue
		}
		l := art.LicenseOf(p.License)
		for _, w := range r.lacking(*p, l) {
			p.Usable = false
			r.add(p.File, Error, w)
		}
		if !l.Known {
			r.add(p.File, Warning, &words{
				"licence", fmt.Sprintf("nobody here knows the licence %q, so commercial use stays open", p.License), fmt.Sprintf("die Lizenz „%s“ ist hier nicht bekannt, die kommerzielle Nutzung bleibt offen", p.License),
				"write its SPDX identifier, or own or commissioned", "die SPDX-Kennung schreiben, oder own bzw. commissioned",
			})
		}
		if p.Usable {
			r.Rights.count(*p, l)
		}
	}
	slices.Sort(r.Rights.Credit)
}

// lacking says what rights a picture lacks.
func (r *Report) lacking(p Picture, l art.TrainingLicense) []*words {
	var all []*words
	lacks := func(wrong bool, en, de, fixEN, fixDE string) {
		if wrong {
			all = append(all, &words{"rights", en, de, fixEN, fixDE})
		}
	}
	lacks(p.License == "", "nobody says under which licence it is", "die Lizenz ist nicht angegeben", "write license: for the picture or for the set", "license: beim Bild oder für die ganze Menge schreiben")
	lacks(p.License != "" && l.Refused, fmt.Sprintf("%s allows no training on it", p.License), fmt.Sprintf("%s erlaubt kein Training damit", p.License), "take it out, or get its creator's permission and write license: commissioned", "herausnehmen oder die Erlaubnis einholen und license: commissioned schreiben")
	lacks(p.Creator == "", "nobody says who made it", "der Urheber ist nicht angegeben", "write creator: for the picture or for the set", "creator: beim Bild oder für die ganze Menge schreiben")
	lacks(l.Ask && p.Consent == "", fmt.Sprintf("%s needs the creator's consent to training", p.License), fmt.Sprintf("%s braucht die Einwilligung des Urhebers ins Training", p.License), "write consent: and where it is kept", "consent: schreiben und wo sie liegt")
	lacks(p.People == "", "nobody says whether people are depicted", "es ist nicht angegeben, ob Menschen zu sehen sind", "write people: none, or people: depicted", "people: none oder people: depicted schreiben")
	lacks(p.People == art.PeopleDepicted && p.Release == "", "people are depicted, and no release is named", "Menschen sind zu sehen, und keine Freigabe ist genannt", "write release: and where their consent is kept, or take it out", "release: schreiben und wo ihre Einwilligung liegt, oder herausnehmen")
	return all
}

func (r *Rights) count(p Picture, l art.TrainingLicense) {
	r.Licenses[p.License]++
	r.People = r.People || p.People == art.PeopleDepicted
	if l.Commercial == art.TermNo || l.Commercial == art.TermUnknown && r.Commercial == art.TermYes {
		r.Commercial = l.Commercial
	}
	if l.Credit && !slices.Contains(r.Credit, p.Creator) {
		r.Credit = append(r.Credit, p.Creator)
	}
	if l.ShareAlike && !slices.Contains(r.ShareAlike, p.License) {
		r.ShareAlike = append(r.ShareAlike, p.License)
	}
}

// License is how the result's own licence is called: the pictures' where they have one, else all of them.
func (r Rights) License() string {
	return strings.Join(slices.Sorted(maps.Keys(r.Licenses)), " AND ")
}

// Clear tells whether nothing about the rights is open.
func (r Rights) Clear() bool { return r.Commercial != art.TermUnknown }

// Conditions says in both languages what follows.
func (r Rights) Conditions() art.Text {
	var en, de []string
	if len(r.Credit) > 0 {
		en = append(en, "Name "+strings.Join(r.Credit, "; ")+".")
		de = append(de, strings.Join(r.Credit, "; ")+" nennen.")
	}
	if len(r.ShareAlike) > 0 {
		en = append(en, "Give adaptations under "+strings.Join(r.ShareAlike, ", ")+".")
		de = append(de, "Bearbeitungen unter "+strings.Join(r.ShareAlike, ", ")+" weitergeben.")
	}
	switch r.Commercial {
	case art.TermNo:
		en, de = append(en, "A licence of the training pictures forbids commercial use."), append(de, "Eine Lizenz der Trainingsbilder verbietet kommerzielle Nutzung.")
	case art.TermUnknown:
		en, de = append(en, "Whether commercial use is allowed is open: a licence of the training pictures isn't known."), append(de, "Ob kommerzielle Nutzung erlaubt ist, ist offen: eine Lizenz der Trainingsbilder ist nicht bekannt.")
	}
	if r.People {
		en, de = append(en, "People are depicted in the training pictures; their releases count."), append(de, "Auf den Trainingsbildern sind Menschen zu sehen; ihre Freigaben gelten.")
	}
	return art.Text{"en": strings.Join(en, " "), "de": strings.Join(de, " ")}
}
