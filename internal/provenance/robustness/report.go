package robustness

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"

	"presswerk/internal/sheet"
)

// Settings are what decides a run's figures. Records of other settings don't belong to it.
type Settings struct {
	Version string  `json:"version"` // of the program
	Side    int     `json:"side"`    // pixels of each picture's longer side
	PSNR    float64 `json:"psnr"`    // decibels that were asked of the house's own marks
}

// Report is what a run tells.
type Report struct {
	Settings
	Made     time.Time      `json:"made"`
	Measured int            `json:"measured"` // records
	Total    int            `json:"total"`    // records of a whole run; more than measured where it was interrupted
	Pictures []GroupCount   `json:"pictures"`
	Schemes  []SchemeReport `json:"schemes"`
	Beside   []Beside       `json:"beside"` // other schemes and the house's own on the same pictures
	Unmarked []False        `json:"unmarked"`
}

// GroupCount is how many pictures of a group were marked by the first scheme.
type GroupCount struct {
	Group Group `json:"group"`
	Count int   `json:"count"`
}

// SchemeReport is what one scheme's marks look like and survive.
type SchemeReport struct {
	Scheme   string        `json:"scheme"`
	Pictures int           `json:"pictures"`
	PSNR     Spread        `json:"psnr"`
	SSIM     Spread        `json:"ssim"`
	EmbedMS  Spread        `json:"embed_ms"`
	DetectMS Spread        `json:"detect_ms"` // in marked pictures that nothing was done to
	Groups   []GroupReport `json:"groups"`
	All      []AttackRate  `json:"all"`
}

// Spread is how a figure is spread over pictures.
type Spread struct {
	Least  float64 `json:"least"`
	Median float64 `json:"median"`
	Most   float64 `json:"most"`
}

// GroupReport is a group of pictures.
type GroupReport struct {
	Group   Group        `json:"group"`
	Attacks []AttackRate `json:"attacks"`
}

// AttackRate is how often the number was found after an attack.
type AttackRate struct {
	sheet.Rate         // named by the attack's identity
	Wrong      int     `json:"wrong"`                // how often another number was found
	BitsRight  float64 `json:"bits_right,omitempty"` // mean share, of schemes without a check
	MS         float64 `json:"ms"`                   // median of looking
}

// Beside compares a scheme with the house's own on the pictures that both were measured with.
type Beside struct {
	Scheme   string       `json:"scheme"`
	Pictures int          `json:"pictures"`
	Theirs   []AttackRate `json:"theirs"`
	Own      []AttackRate `json:"own"`
}

// False is how often a mark was found in crops that have none.
type False struct {
	Searched bool    `json:"searched"` // they were looked at in every way, and not just as they are and mirrored
	Crops    int     `json:"crops"`
	Found    int     `json:"found"`
	Upper    float64 `json:"upper"` // of the share, with a confidence of 95 %
	Looks    int     `json:"looks"` // at all of them
	Peak     Spread  `json:"peak"`
	MS       Spread  `json:"ms"`
}

// UpperBound is what a share is below with a confidence, such as 0.95, when k of n were counted; 1 where nothing was.
//
// Source: Clopper, Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26; one-sided.
func UpperBound(k, n int, confidence float64) float64 {
	if k >= n {
		return 1
	}
	return mathext.InvRegIncBeta(float64(k+1), float64(n-k), confidence)
}

// NewReport counts records of Attacks; the scheme that comes first is the house's own, beside which others stand.
func NewReport(s Settings, records []Record, total int) Report {
	r := Report{Settings: s, Measured: len(records), Total: total, Pictures: []GroupCount{}, Schemes: []SchemeReport{}, Beside: []Beside{}, Unmarked: []False{}}
	for _, scheme := range names(records, func(r Record) string { return r.Scheme }) {
		r.Schemes = append(r.Schemes, schemeReport(scheme, only(records, func(r Record) bool { return r.Scheme == scheme })))
	}
	if len(r.Schemes) > 0 {
		first := r.Schemes[0].Scheme
		for _, g := range Groups() {
			if n := len(only(records, func(r Record) bool { return r.Kind == OfMark && r.Scheme == first && r.Group == g })); n > 0 {
				r.Pictures = append(r.Pictures, GroupCount{g, n})
			}
		}
		for _, other := range r.Schemes[1:] {
			r.Beside = append(r.Beside, beside(first, other.Scheme, records))
		}
	}
	for _, kind := range []string{OfCrop, OfSearch} {
		if crops := only(records, func(r Record) bool { return r.Kind == kind }); len(crops) > 0 {
			r.Unmarked = append(r.Unmarked, falseFinds(kind == OfSearch, crops))
		}
	}
	return r
}

func only(all []Record, which func(Record) bool) []Record {
	var some []Record
	for _, r := range all {
		if which(r) {
			some = append(some, r)
		}
	}
	return some
}

// names are the names that occur, once each.
func names(all []Record, of func(Record) string) []string {
	var list []string
	for _, r := range all {
		if name := of(r); name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func schemeReport(scheme string, records []Record) SchemeReport {
	marks := only(records, func(r Record) bool { return r.Kind == OfMark })
	untouched := only(records, func(r Record) bool { return r.Attack == "nothing" })
	s := SchemeReport{Scheme: scheme, Pictures: len(marks), All: attackRates(records), Groups: []GroupReport{}}
	s.PSNR, s.SSIM = spread(marks, func(r Record) float64 { return r.PSNR }), spread(marks, func(r Record) float64 { return r.SSIM })
	s.EmbedMS, s.DetectMS = spread(marks, took), spread(untouched, took)
	for _, g := range Groups() {
		if some := only(records, func(r Record) bool { return r.Group == g }); len(some) > 0 {
			s.Groups = append(s.Groups, GroupReport{g, attackRates(some)})
		}
	}
	return s
}

func took(r Record) float64 { return r.Milliseconds }

func attackRates(records []Record) []AttackRate {
	rates := []AttackRate{}
	for _, a := range Attacks() {
		some := only(records, func(r Record) bool { return r.Attack == a.ID })
		if len(some) == 0 {
			continue
		}
		rate, found, bits := AttackRate{MS: spread(some, took).Median}, 0, 0.0
		for _, r := range some {
			if r.Found {
				found++
			}
			if r.Wrong {
				rate.Wrong++
			}
			bits += r.BitsRight
		}
		rate.Rate, rate.BitsRight = sheet.NewRate(a.ID, found, len(some)), bits/float64(len(some))
		rates = append(rates, rate)
	}
	return rates
}

// beside keeps what both schemes were measured with: the same pictures and the same attacks.
func beside(own, other string, records []Record) Beside {
	key := func(r Record) string { return r.Picture + "/" + r.Attack }
	seen := map[string]map[string]bool{own: {}, other: {}}
	for _, r := range records {
		if r.Kind == OfAttack && seen[r.Scheme] != nil {
			seen[r.Scheme][key(r)] = true
		}
	}
	both := func(scheme, than string) []Record {
		return only(records, func(r Record) bool { return r.Kind == OfAttack && r.Scheme == scheme && seen[than][key(r)] })
	}
	theirs := both(other, own)
	return Beside{
		Scheme: other, Pictures: len(names(theirs, func(r Record) string { return r.Picture })),
		Theirs: attackRates(theirs), Own: attackRates(both(own, other)),
	}
}

func falseFinds(searched bool, crops []Record) False {
	f := False{Searched: searched, Crops: len(crops), MS: spread(crops, took), Peak: spread(crops, func(r Record) float64 { return r.Peak })}
	for _, c := range crops {
		f.Looks += c.Looks
		if c.Found {
			f.Found++
		}
	}
	f.Upper = UpperBound(f.Found, f.Crops, 0.95)
	return f
}

func spread(all []Record, of func(Record) float64) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	values := make([]float64, len(all))
	for i, r := range all {
		values[i] = of(r)
	}
	slices.Sort(values)
	return Spread{values[0], values[len(values)/2], values[len(values)-1]}
}
