package publish

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// How wide pictures are shown, for the sizes attribute.
const (
	heroSizes = "(min-width: 80rem) 43rem, (min-width: 56rem) 50vw, 94vw"
	cardSizes = "(min-width: 80rem) 20rem, (min-width: 40rem) 44vw, 94vw"
	pageSizes = "(min-width: 80rem) 45rem, (min-width: 56rem) 53vw, 94vw"
)

// source is one format of a picture element.
type source struct{ MIME, Srcset string }

// picture is a picture element.
type picture struct {
	Sources       []source // all but the fall-back, best first
	Src, Srcset   string
	Sizes         string
	Width, Height int
	Alt           string
	First         bool // the largest picture of the page: loaded first, never lazily
	Style         template.CSS
}

// Attribute is the source's srcset for a preload link. The template package would write imagesrcset as one address.
func (s source) Attribute() template.HTMLAttr {
	return template.HTMLAttr(`imagesrcset="` + template.HTMLEscapeString(s.Srcset) + `"`) //nolint:gosec // escaped here
}

// Preload is the source that a browser of today will choose.
func (p picture) Preload() source {
	if len(p.Sources) > 0 {
		return p.Sources[0]
	}
	return source{"", p.Srcset}
}

// formatOrder: browsers take the first source that they know. What not every browser shows is only for downloads, −1.
func formatOrder(format string) int {
	return slices.Index([]string{"avif", "webp", "jpeg", "png"}, format)
}

// mainSet is the renditions for screens of one aspect: that of the master where there are some, else that of the first.
func mainSet(a art.Asset) []art.Rendition {
	var set []art.Rendition
	pick := func(like art.Rendition) {
		for _, r := range a.Renditions {
			if r.Role != "" || formatOrder(r.Format) < 0 {
				continue
			}
			if r.Width*like.Height-r.Height*like.Width <= r.Width+like.Width && r.Height*like.Width-r.Width*like.Height <= r.Width+like.Width {
				set = append(set, r)
			}
		}
	}
	pick(a.Master)
	if at := slices.IndexFunc(a.Renditions, func(r art.Rendition) bool { return r.Role == "" }); len(set) == 0 && at >= 0 {
		pick(a.Renditions[at])
	}
	if len(set) == 0 { // all of them are for paper
		set = append(set, a.Master)
	}
	slices.SortStableFunc(set, func(x, y art.Rendition) int {
		return cmp.Or(cmp.Compare(formatOrder(x.Format), formatOrder(y.Format)), cmp.Compare(x.Width, y.Width))
	})
	return set
}

// newPicture makes a picture element; root leads from the page to the site's folder.
func newPicture(a art.Asset, root, sizes string, lang art.Language, first bool) picture {
	set := mainSet(a)
	p := picture{Sizes: sizes, Alt: a.Alt.In(lang), First: first}
	for i := 0; i < len(set); {
		j := i
		var candidates []string
		for ; j < len(set) && set[j].Format == set[i].Format; j++ {
			candidates = append(candidates, fmt.Sprintf("%simages/%s %dw", root, set[j].Name, set[j].Width))
		}
		s := source{MIME: set[i].MIME, Srcset: strings.Join(candidates, ", ")}
		if last := set[j-1]; j == len(set) {
			p.Srcset, p.Src, p.Width, p.Height = s.Srcset, root+"images/"+last.Name, last.Width, last.Height
		} else {
			p.Sources = append(p.Sources, s)
		}
		i = j
	}
	if uri := a.Placeholder; strings.HasPrefix(uri, "data:image/png;base64,") && !strings.ContainsAny(uri, `"'()\<>`) {
		p.Style = template.CSS("background-image:url(" + uri + ")") //nolint:gosec // base64 of a PNG, checked above
	}
	return p
}

// row is a line of a table.
type row struct{ Label, Value string }

// file is one download.
type file struct {
	Name, Href, Format, Size, Channel, Bytes, Origin string
}

func files(a art.Asset, root string, w words) []file {
	all := []file{newFile(a.Master, root, w["master"], w)}
	all[0].Format += " · " + w["lossless"]
	for _, r := range a.Renditions {
		all = append(all, newFile(r, root, r.Channel, w))
	}
	return slices.Concat(clipFiles(a, root, w), all)
}

func newFile(r art.Rendition, root, channel string, w words) file {
	origin := r.C2PA
	if origin == "signed" {
		origin = w["signed"]
	}
	return file{
		Name: r.Name, Href: root + "images/" + r.Name, Format: strings.ToUpper(r.Format), Channel: channel,
		Size: fmt.Sprintf("%d × %d", r.Width, r.Height), Bytes: weight(r.Bytes), Origin: origin,
	}
}

// weight writes a number of bytes as people read it.
func weight(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	if n < 999_500 { // from there on it would read 1000 kB
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// making is the table of how an asset was made.
func making(c Campaign, a art.Asset, w words) []row {
	if a.License != nil {
		return slices.DeleteFunc(licensing(a, w), func(r row) bool { return r.Value == "" })
	}
	r := a.Planned.Recipe
	model := strings.TrimSpace(r.Model.Name + " " + r.Model.Version)
	rows := []row{
		{w["engine"], strings.TrimSpace(r.Engine + " " + r.EngineVersion)},
		{w["model"], model},
		{w["model"] + " (SHA-256)", r.Model.SHA256},
		{w["sampler"], strings.TrimSpace(r.Sampler + " / " + r.Scheduler)},
		{w["steps"], strconv.Itoa(r.Steps)},
		{w["guidance"], strconv.FormatFloat(r.GuidanceScale, 'g', -1, 64)},
		{w["seed"], strconv.FormatInt(int64(r.Seed), 10)},
		{w["native"], fmt.Sprintf("%d × %d", r.Width, r.Height)},
	}
	if r.Clip != nil {
		rows = slices.DeleteFunc(rows, func(x row) bool { return slices.Contains([]string{w["sampler"], w["steps"], w["guidance"]}, x.Label) })
		rows = append(rows, clipMaking(a, w)...)
	}
	if c.ShowPrompt {
		rows = append(rows, row{w["prompt"], r.Prompt})
	} else {
		rows = append(rows, row{w["prompt_hash"], art.Digest([]byte(r.Prompt))})
	}
	rows = append(rows, row{w["recipe"], a.Planned.ID}, row{w["finishing"], finishing(a)}, row{w["approved"], approval(a, w)})
	if c.Run.Commit.Hash != "" {
		commit := c.Run.Commit.Hash
		if c.Run.Commit.Dirty {
			commit += " " + w["dirty"]
		}
		rows = append(rows, row{w["commit"], commit})
	}
	if o := a.Planned.FailedOver; o != nil {
		rows = append(rows, row{w["stands_in"], fmt.Sprintf(w["stands_in_for"], o.To, o.From, o.By, o.Date)})
	}
	for _, s := range a.Sources {
		rows = append(rows, row{w["sources"], strings.Trim(strings.Join([]string{s.Name, s.Version, s.License}, " · "), " ·")})
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.Value == "" })
}

func finishing(a art.Asset) string {
	var names []string
	for _, s := range a.Steps {
		names = append(names, s.Name)
	}
	return strings.Join(names, " → ")
}

func approval(a art.Asset, w words) string {
	if a.Approval.By == art.PolicyAuto {
		return w["policy"]
	}
	return fmt.Sprintf(w["approved_by"], a.Approval.By)
}

// score is one measured number.
type score struct {
	Name, Value, Meaning string
}

func scores(c Campaign, a art.Asset, lang art.Language) []score {
	for _, v := range c.Candidates {
		if v.ID != a.Candidate || v.Verdict == nil {
			continue
		}
		var all []score
		for _, s := range v.Verdict.Scores {
			if s.Available {
				all = append(all, score{s.Scorer, strings.TrimSpace(fmt.Sprintf("%.3g %s", s.Value, s.Unit)), s.Meaning.In(lang)})
			}
		}
		return all
	}
	return nil
}

// figures sums the run up.
func figures(c Campaign, w words) string {
	rendered, passed := 0, 0
	for _, v := range c.Candidates {
		if v.Image != "" {
			rendered++
		}
		if v.Verdict != nil && v.Verdict.Pass {
			passed++
		}
	}
	return fmt.Sprintf(w["figures"], rendered, passed, len(c.Assets))
}
