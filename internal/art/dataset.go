package art

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Dataset is dataset.yaml beside pictures that a model is to learn from: what they show, whose they are, and who agreed.
// What stands at the top counts for every picture that says nothing of its own.
type Dataset struct {
	Title    Text             `json:"title" yaml:"title"`                           // what the set is
	Purpose  Text             `json:"purpose,omitempty" yaml:"purpose,omitempty"`   // what is to be made with what is learnt
	Trigger  string           `json:"trigger,omitempty" yaml:"trigger,omitempty"`   // the words that will call the style or subject; added to captions that lack them
	Class    string           `json:"class,omitempty" yaml:"class,omitempty"`       // of a subject: what it is one of, such as "a dog"
	License  string           `json:"license,omitempty" yaml:"license,omitempty"`   // SPDX identifier, or own, commissioned or public-domain
	Creator  string           `json:"creator,omitempty" yaml:"creator,omitempty"`   // who made the pictures
	Source   string           `json:"source,omitempty" yaml:"source,omitempty"`     // where they come from
	Consent  string           `json:"consent,omitempty" yaml:"consent,omitempty"`   // how the creator agreed to training, such as a contract's number
	People   string           `json:"people,omitempty" yaml:"people,omitempty"`     // none, or depicted: then each such picture needs a release
	Pictures []DatasetPicture `json:"pictures,omitempty" yaml:"pictures,omitempty"` // left out, every picture in the folder belongs to the set
}

// DatasetPicture is one picture of a dataset.
type DatasetPicture struct {
	File    string `json:"file" yaml:"file"`                           // below the folder of dataset.yaml, with slashes
	Caption string `json:"caption,omitempty" yaml:"caption,omitempty"` // what it shows, without the style; else FILE.txt says so, else the file's name
	License string `json:"license,omitempty" yaml:"license,omitempty"` // where it differs from the set's
	Creator string `json:"creator,omitempty" yaml:"creator,omitempty"` // where it differs from the set's
	Source  string `json:"source,omitempty" yaml:"source,omitempty"`   // where it differs from the set's
	Consent string `json:"consent,omitempty" yaml:"consent,omitempty"` // where it differs from the set's
	People  string `json:"people,omitempty" yaml:"people,omitempty"`   // none or depicted, where it differs from the set's
	Release string `json:"release,omitempty" yaml:"release,omitempty"` // of the people in it: where their consent is kept
}

// Words of a dataset.
const (
	PeopleNone     = "none"
	PeopleDepicted = "depicted"
	DatasetFile    = "dataset.yaml"
)

// Over fills in what a picture doesn't say itself.
func (p DatasetPicture) Over(d Dataset) DatasetPicture {
	for _, f := range []struct {
		own *string
		all string
	}{{&p.License, d.License}, {&p.Creator, d.Creator}, {&p.Source, d.Source}, {&p.Consent, d.Consent}, {&p.People, d.People}} {
		if *f.own == "" {
			*f.own = f.all
		}
	}
	return p
}

// Check finds what can be wrong with the file itself, in the order of its fields. Whether rights suffice is told picture by
// picture, see LicenseOf and package dataset.
func (d Dataset) Check() []*FieldError {
	var all []*FieldError
	add := func(wrong bool, field, reason, remedy string) {
		if wrong {
			all = append(all, &FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: ErrInvalid})
		}
	}
	people := func(field, word string) {
		add(!slices.Contains([]string{"", PeopleNone, PeopleDepicted}, word), field, fmt.Sprintf("%q is no answer", word), "write none or depicted")
	}
	add(d.Title.In(English) == "", "title", "is missing", "say what the pictures are")
	people("people", d.People)
	seen := map[string]bool{}
	for i, p := range d.Pictures {
		at := fmt.Sprintf("pictures[%d]", i)
		local := p.File != "" && !strings.HasPrefix(p.File, "/") && path.Clean(p.File) == p.File && !strings.HasPrefix(p.File, "..") && !strings.ContainsAny(p.File, "\\\x00")
		add(!local, at+".file", fmt.Sprintf("%q is no file below this folder", p.File), "write its path with slashes, from the folder of "+DatasetFile)
		add(seen[p.File], at+".file", p.File+" stands here a second time", "keep one of them")
		people(at+".people", p.People)
		seen[p.File] = true
	}
	return all
}

// TrainingLicense says what a licence lets its pictures' learner do.
type TrainingLicense struct {
	ID         string
	Known      bool   // what follows is known; else a person has to look
	Refused    bool   // it allows no adaptations, or none at all
	Commercial string // TermYes, TermNo or TermUnknown
	Credit     bool   // the creator has to be named
	ShareAlike bool   // what is made from it is to be given under the same licence
	Ask        bool   // consent has to be written down: no public licence gives it
}

// LicenseOf reads a licence's identifier. What nobody here knows is neither refused nor taken for free.
func LicenseOf(id string) TrainingLicense {
	l := TrainingLicense{ID: id, Commercial: TermUnknown, Credit: true}
	word := strings.ToUpper(strings.TrimSpace(id))
	switch {
	case word == "" || word == "UNKNOWN" || word == "NONE" || strings.Contains(word, "ALL RIGHTS RESERVED") || word == "PROPRIETARY":
		l.Known, l.Refused = true, true
	case slices.Contains([]string{"CC0-1.0", "PDDL-1.0", "PUBLIC-DOMAIN", "UNLICENSE", "0BSD", "MIT-0"}, word):
		l.Known, l.Commercial, l.Credit = true, TermYes, false
	case slices.Contains([]string{"OWN", "COMMISSIONED"}, word):
		l.Known, l.Commercial, l.Credit, l.Ask = true, TermYes, false, true
	case strings.HasPrefix(word, "CC-BY"):
		l.Known, l.Commercial = true, TermYes
		if strings.Contains(word, "-NC") {
			l.Commercial = TermNo
		}
		l.ShareAlike, l.Refused = strings.Contains(word, "-SA"), strings.Contains(word, "-ND")
	case word == "MIT" || word == "ISC" || strings.HasPrefix(word, "APACHE-") || strings.HasPrefix(word, "BSD-") || strings.HasPrefix(word, "OFL-"):
		l.Known, l.Commercial = true, TermYes
	}
	return l
}
