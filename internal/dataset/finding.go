package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// How bad a finding is.
const (
	Error   = "error"   // the set can't be trained on
	Warning = "warning" // the result will suffer
)

// Finding is something to fix.
type Finding struct {
	File     string   `json:"file,omitempty"` // "" is the whole set
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Reason   art.Text `json:"reason"`
	Remedy   art.Text `json:"remedy"`
}

// words are a finding's kind, reason and remedy in English and German.
type words struct{ kind, en, de, fixEN, fixDE string }

func (r *Report) add(file, severity string, w *words) {
	r.Findings = append(r.Findings, Finding{file, w.kind, severity, art.Text{"en": w.en, "de": w.de}, art.Text{"en": w.fixEN, "de": w.fixDE}})
}

func absent() *words {
	return &words{"missing", "the file isn't there", "die Datei fehlt", "put it there, or take its line out of dataset.yaml", "hinlegen oder ihre Zeile aus dataset.yaml nehmen"}
}

func unreadable(err error) *words {
	return &words{"broken", fmt.Sprintf("it can't be read: %v", err), fmt.Sprintf("nicht lesbar: %v", err), "save it again as PNG or JPEG, or take it out", "neu als PNG oder JPEG speichern oder herausnehmen"}
}

func unlisted() *words {
	return &words{"unlisted", "it lies in the folder, and dataset.yaml doesn't list it, so it isn't used", "liegt im Ordner, steht aber nicht in dataset.yaml und wird nicht verwendet", "list it with its rights, or take it away", "mit seinen Rechten aufführen oder wegnehmen"}
}

// What counts as too alike, too small, blurred, or of another kind.
const (
	alike        = 31   // bits of 256 by which the PDQ hashes of near-duplicates differ, as its makers advise
	hashable     = 50   // PDQ quality from which hashes are compared
	leastSide    = 64   // pixels that a picture needs at all
	soft         = 0.22 // sharpness below which a picture looks blurred at its own size
	otherGround  = 12   // CIEDE2000 from the usual background
	otherLight   = 22   // lightness from the usual one
	cutAway      = 0.25 // share of a picture that its shape costs
	consistentOf = 0.6  // share of pictures that must agree before the others stand out
)

// judge compares the pictures with what is needed and with each other.
func (r *Report) judge(o Options) {
	for i := range r.Pictures {
		if p := &r.Pictures[i]; p.Usable {
			r.size(p, o)
			r.shape(p, o)
			r.sharp(p)
			r.captioned(p)
			r.twin(i)
		}
	}
	r.grounds()
	r.lights()
}

func (r *Report) size(p *Picture, o Options) {
	side := min(p.Width, p.Height)
	w := &words{
		"small", fmt.Sprintf("%d × %d pixels; training uses %d", p.Width, p.Height, o.Side), fmt.Sprintf("%d × %d Pixel; trainiert wird mit %d", p.Width, p.Height, o.Side),
		"use a larger original; enlarging it here would teach the blur", "ein größeres Original nehmen; Vergrößern würde die Unschärfe mitlehren",
	}
	switch {
	case side < leastSide:
		p.Usable = false
		r.add(p.File, Error, w)
	case side < o.Side:
		r.add(p.File, Warning, w)
	}
}

func (r *Report) shape(p *Picture, o Options) {
	if o.Width < 1 || o.Height < 1 {
		return
	}
	own, want := float64(p.Width)/float64(p.Height), float64(o.Width)/float64(o.Height)
	lost := 1 - math.Min(own, want)/math.Max(own, want)
	if lost > cutAway {
		r.add(p.File, Warning, &words{
			"aspect", fmt.Sprintf("its shape costs %.0f %%: training sees only the middle", lost*100), fmt.Sprintf("die Form kostet %.0f %%: das Training sieht nur die Mitte", lost*100),
			"crop it yourself so that the subject is whole", "selbst so zuschneiden, dass das Motiv ganz ist",
		})
	}
}

func (r *Report) sharp(p *Picture) {
	if p.Sharpness > 0 && p.Sharpness < soft {
		r.add(p.File, Warning, &words{
			"blur", fmt.Sprintf("edges are %.1f pixels wide", 1/p.Sharpness), fmt.Sprintf("Kanten sind %.1f Pixel breit", 1/p.Sharpness),
			"use a sharper picture, unless softness belongs to the style", "ein schärferes Bild nehmen, außer Weichheit gehört zum Stil",
		})
	}
}

func (r *Report) captioned(p *Picture) {
	switch {
	case p.Caption == "":
		p.Usable = false
		r.add(p.File, Error, &words{
			"caption", "nothing says what it shows", "nirgends steht, was es zeigt", "write a caption into dataset.yaml, or into a .txt of the same name", "eine Bildunterschrift in dataset.yaml oder in eine gleichnamige .txt schreiben",
		})
	case p.Said == fromName:
		r.add(p.File, Warning, &words{
			"caption", fmt.Sprintf("the caption %q is only a draft from the file's name", p.Caption), fmt.Sprintf("die Bildunterschrift „%s“ ist nur ein Entwurf aus dem Dateinamen", p.Caption),
			"read it and write it into dataset.yaml", "prüfen und in dataset.yaml schreiben",
		})
	}
}

// twin looks for an earlier picture that is the same or nearly so; the later one isn't used when it is the same.
func (r *Report) twin(i int) {
	p := &r.Pictures[i]
	for _, o := range r.Pictures[:i] {
		switch {
		case !o.Usable:
		case o.SHA256 == p.SHA256:
			p.Usable = false
			r.add(p.File, Warning, &words{
				"duplicate", "it is the same file as " + o.File + " and isn't used twice", "ist dieselbe Datei wie " + o.File + " und wird nicht zweimal verwendet", "take one of them out", "eines herausnehmen",
			})
			return
		case p.quality >= hashable && o.quality >= hashable && p.hash.Distance(o.hash) <= alike:
			r.add(p.File, Warning, &words{
				"near-duplicate", fmt.Sprintf("it looks like %s (%d of 256 bits differ), so it counts twice", o.File, p.hash.Distance(o.hash)), fmt.Sprintf("sieht aus wie %s (%d von 256 Bit verschieden) und zählt so doppelt", o.File, p.hash.Distance(o.hash)),
				"keep the better one", "das bessere behalten",
			})
			return
		}
	}
}

// grounds compares the backgrounds, where most of the set has one.
func (r *Report) grounds() {
	all := r.Usable()
	plain := slices.DeleteFunc(slices.Clone(all), func(p Picture) bool { return !p.Plain })
	if len(all) < 4 || float64(len(plain)) < consistentOf*float64(len(all)) {
		return
	}
	usual, agree := plain[0], 0
	for _, p := range plain { // the colour that most others are near to
		n := 0
		for _, o := range plain {
			if imaging.DeltaE(p.lab, o.lab) < otherGround {
				n++
			}
		}
		if n > agree {
			usual, agree = p, n
		}
	}
	for _, p := range all {
		if !p.Plain {
			r.add(p.File, Warning, background("has no plain background, and most of the set has", "hat keinen ruhigen Hintergrund, die meisten anderen schon"))
		} else if float64(agree) >= consistentOf*float64(len(all)) && imaging.DeltaE(p.lab, usual.lab) >= otherGround {
			r.add(p.File, Warning, background(fmt.Sprintf("stands on %s, and most of the set on %s", p.Background, usual.Background), fmt.Sprintf("steht auf %s, die meisten anderen auf %s", p.Background, usual.Background)))
		}
	}
}

func background(en, de string) *words {
	return &words{"background", en, de, "give it the others' background, or say the colour in its caption", "den Hintergrund der anderen geben oder die Farbe in die Bildunterschrift schreiben"}
}

// lights compares the lightness.
func (r *Report) lights() {
	all := r.Usable()
	if len(all) < 4 {
		return
	}
	values := make([]float64, len(all))
	for i, p := range all {
		values[i] = p.Light
	}
	slices.Sort(values)
	usual := values[len(values)/2]
	if values[len(values)*3/4]-values[len(values)/4] > otherLight/2 {
		return // the set isn't of one lightness, and so nothing stands out
	}
	for _, p := range all {
		if math.Abs(p.Light-usual) > otherLight {
			r.add(p.File, Warning, &words{
				"light", fmt.Sprintf("its lightness is %.0f, the set's usual one %.0f", p.Light, usual), fmt.Sprintf("Helligkeit %.0f, in der Menge üblich ist %.0f", p.Light, usual),
				"adjust it, or leave it out", "anpassen oder weglassen",
			})
		}
	}
}

// enough says whether there is anything to learn from.
func (r *Report) enough(set art.Dataset) {
	n := len(r.Usable())
	switch {
	case n < 2:
		r.add("", Error, &words{
			"count", fmt.Sprintf("there are %d usable pictures, and nothing can be learnt from fewer than 2", n), fmt.Sprintf("es gibt %d brauchbare Bilder, und aus weniger als 2 lässt sich nichts lernen", n),
			"add pictures: a dozen for a subject, two dozen for a style", "Bilder ergänzen: ein Dutzend für ein Motiv, zwei Dutzend für einen Stil",
		})
	case n < 8:
		r.add("", Warning, &words{
			"count", fmt.Sprintf("there are only %d usable pictures", n), fmt.Sprintf("es gibt nur %d brauchbare Bilder", n), "a dozen for a subject, two dozen for a style do better", "ein Dutzend für ein Motiv, zwei Dutzend für einen Stil sind besser",
		})
	}
	if strings.TrimSpace(set.Trigger) == "" {
		r.add("", Warning, &words{
			"trigger", "no trigger words are named", "es sind keine Auslöser-Wörter genannt", "write trigger: into dataset.yaml, words that nobody uses by chance", "trigger: in dataset.yaml schreiben, Wörter, die niemand zufällig benutzt",
		})
	}
}

// sort puts errors first, then what concerns the whole set, then files by name.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.File, b.File), cmp.Compare(a.Kind, b.Kind))
	})
}
