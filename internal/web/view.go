package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// frame is what every page has.
type frame struct {
	words
	Page      string // which entry of the menu is this one
	Title     string
	Workspace string
	Version   string
	Path      string // of this page, to come back to
	SignedIn  bool
}

func (s *Studio) frame(r *http.Request, page string) frame {
	w := words{languageOf(r)}
	return frame{
		words: w, Page: page, Title: w.say(page), Workspace: s.Name, Version: s.Version,
		Path: r.URL.RequestURI(), SignedIn: keyOf(r.Context()).SHA256 != "",
	}
}

// Other is the language to switch to.
func (f frame) Other() art.Language {
	if f.lang == art.German {
		return art.English
	}
	return art.German
}

// Groups of tiles that the filter of a run shows.
const (
	groupWaiting  = "waiting"
	groupApproved = "approved"
	groupOut      = "out"
	groupBusy     = "busy"
)

// standing is what a candidate's state looks like: a word of the catalogue and the group that it belongs to.
type standing struct{ Word, Group string }

// standings is the table of states; the first row that fits counts.
func standings() []struct {
	fits func(v art.CandidateView) bool
	standing
} {
	decided := func(a art.Action) func(art.CandidateView) bool {
		return func(v art.CandidateView) bool { return v.Decision != nil && v.Decision.Action == a }
	}
	return []struct {
		fits func(v art.CandidateView) bool
		standing
	}{
		{func(v art.CandidateView) bool { return v.Failure != "" }, standing{"not_rendered", groupOut}},
		{func(v art.CandidateView) bool { return v.AssetID != "" && decided(art.Approve)(v) }, standing{"finished", groupApproved}},
		{decided(art.Approve), standing{"approved_state", groupApproved}},
		{decided(art.Reject), standing{"rejected", groupOut}},
		{decided(art.Fix), standing{"sent_back", groupOut}},
		{decided(art.Escalate), standing{"escalated", groupWaiting}},
		{func(v art.CandidateView) bool { return v.Image == "" }, standing{"planned", groupBusy}},
		{func(v art.CandidateView) bool { return v.Verdict == nil }, standing{"judging", groupBusy}},
		{func(v art.CandidateView) bool { return !v.Verdict.Pass }, standing{"unfit", groupOut}},
		{func(v art.CandidateView) bool { return v.Selection == nil }, standing{"passed", groupWaiting}},
		{func(v art.CandidateView) bool { return v.Selection.Selected }, standing{"waiting", groupWaiting}},
		{func(art.CandidateView) bool { return true }, standing{"left_out", groupOut}},
	}
}

// tile is a candidate on the contact sheet.
type tile struct {
	art.CandidateView
	standing
	words
	making
	MayApprove bool
	Production bool
	Heirs      []string // candidates that were made from it
}

// making is a rendering in progress.
type making struct {
	Step, Steps int
	preview     []byte // a small PNG; nil where the engine shows none
}

// Preview is the address of what is coming, or "".
func (m making) Preview() string {
	if len(m.preview) == 0 {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(m.preview)
}

func newTile(v art.CandidateView, kind art.RunKind, w words, step making) tile {
	t := tile{CandidateView: v, words: w, Production: kind == art.Production}
	for _, row := range standings() {
		if row.fits(v) {
			t.standing = row.standing
			break
		}
	}
	if t.Word == "planned" && step.Steps > 0 {
		t.Word, t.making = "rendering", step
	}
	t.MayApprove = t.Production && v.Verdict != nil && v.Verdict.Pass && (v.Decision == nil || v.Decision.Action != art.Approve)
	return t
}

// DOM is the tile's identity in the page.
func (t tile) DOM() string { return fmt.Sprintf("tile-%d", t.Index) }

// Name says what the picture shows.
func (t tile) Name() string {
	if name := prompt.Title(t.Planned.Source, []art.Language{t.lang}).In(t.lang); name != "" {
		return name
	}
	return prompt.Title(t.Planned.Source, nil).In(art.English)
}

// Place counts from one, as people do.
func (t tile) Place() string { return fmt.Sprintf("%02d", t.Index+1) }

// Judged tells whether a person may say a word.
func (t tile) Judged() bool { return t.Verdict != nil }

// MayReject tells whether a rejection says something new.
func (t tile) MayReject() bool {
	return t.Judged() && (t.Decision == nil || t.Decision.Action != art.Reject)
}

// MaySendBack tells whether sending back says something new.
func (t tile) MaySendBack() bool {
	return t.Judged() && (t.Decision == nil || t.Decision.Action != art.Fix)
}

// Overall is the verdict in per cent, or "".
func (t tile) Overall() string {
	if t.Verdict == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", t.Verdict.Overall*100)
}

// Why says in a sentence why the candidate stands where it stands. Other pictures of the run go by their number there.
func (t tile) Why() string { return strings.ReplaceAll(t.why(), t.Run+"-", "№ ") }

func (t tile) why() string {
	switch {
	case t.Failure != "":
		return t.Failure
	case t.Decision != nil && t.Decision.Reason != "" && t.Decision.By != art.PolicyAuto:
		return t.Decision.By + ": " + t.Decision.Reason
	case t.Verdict != nil && !t.Verdict.Pass && len(t.Verdict.Failures) > 0:
		return t.Verdict.Failures[0].Reason.In(t.lang)
	case t.Selection != nil:
		return t.Selection.Reason.In(t.lang)
	}
	return ""
}

// fact is one line of a list of facts.
type fact struct{ Label, Value string }

// facts is a recipe as people read it.
func facts(w words, r art.Recipe) []fact {
	all := []fact{
		{w.say("prompt"), r.Prompt},
		{w.say("negative"), r.NegativePrompt},
		{w.say("model"), strings.Trim(r.Model.Name+" "+r.Model.Version+" · "+short(r.Model.SHA256), " ·")},
		{w.say("engine"), strings.TrimSpace(r.Engine + " " + r.EngineVersion)},
		{w.say("sampler"), strings.TrimSpace(r.Sampler + " " + r.Scheduler)},
		{w.say("steps"), fmt.Sprint(r.Steps)},
		{w.say("guidance"), fmt.Sprint(r.GuidanceScale)},
		{w.say("seed"), fmt.Sprint(r.Seed)},
		{w.say("size"), fmt.Sprintf("%d × %d", r.Width, r.Height)},
	}
	if r.Clip != nil { // models that make clips know no sampler
		all = slices.Delete(all, 4, 7)
		all = append(all, fact{w.say("length"), fmt.Sprintf("%d s", r.Clip.Seconds)}, fact{w.say("first_frame"), short(strings.TrimPrefix(r.Clip.First, "sha256:"))},
			fact{w.say("last_frame"), short(strings.TrimPrefix(r.Clip.Last, "sha256:"))})
	}
	return said(all)
}

// licenseFacts is what the licence of a picture that was not made here says.
func licenseFacts(w words, l art.PictureLicense) []fact {
	all := []fact{
		{w.say("licensor"), strings.Trim(l.Source+" · "+l.Content, " ·")},
		{w.say("license_kind"), strings.Trim(l.Kind+" · "+l.Reference, " ·")},
		{w.say("creator"), l.Creator},
		{w.say("channels"), strings.Join(l.Channels, ", ")},
		{w.say("territories"), strings.Join(l.Territories, ", ")},
		{w.say("license_from"), l.From},
		{w.say("license_until"), l.Until},
		{w.say("license_by"), l.By},
		{w.say("source_type"), l.SourceType[strings.LastIndex(l.SourceType, "/")+1:]},
	}
	if l.Comp {
		all = append(all, fact{w.say("license"), w.say("license_comp")})
	}
	if l.Document != nil {
		all = append(all, fact{w.say("license_file"), l.Document.Name + " · " + short(l.Document.SHA256)})
	}
	return said(all)
}

// clipFacts is what was found in a clip.
func clipFacts(w words, c art.ClipFile) []fact {
	sound := w.say("no_sound")
	if c.Sound {
		sound = w.say("has_sound")
	}
	return []fact{
		{w.say("length"), fmt.Sprintf("%.3g s", c.Seconds)},
		{w.say("frames"), fmt.Sprintf("%d · %.4g/s", c.Frames, c.FPS)},
		{w.say("size"), fmt.Sprintf("%d × %d", c.Width, c.Height)},
		{w.say("codec"), c.Codec + " · " + weight(c.Bytes)},
		{w.say("sound"), sound},
	}
}

func short(sum string) string { return sum[:min(12, len(sum))] }

// document writes a value as indented JSON.
func document(v any) string {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// when writes a time as people of the language do.
func when(w words, t time.Time) string {
	if w.lang == art.German {
		return t.Format("02.01.2006, 15:04")
	}
	return t.Format("2 Jan 2006, 15:04")
}

// weight writes a number of bytes as people read it.
func weight(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}

// scoreRow is a score with the gate that it has to pass.
type scoreRow struct {
	art.Score
	Gate   string // "passed", "failed" or "no_gate": a word of the catalogue
	Shown  string
	Reason string
}

func scoreRows(w words, v *art.Verdict, gates []art.Gate) []scoreRow {
	if v == nil {
		return nil
	}
	failed := map[string]string{}
	for _, f := range v.Failures {
		failed[f.Scorer] = f.Reason.In(w.lang)
	}
	rows := make([]scoreRow, len(v.Scores))
	for i, s := range v.Scores {
		row := scoreRow{Score: s, Gate: "no_gate", Shown: strings.TrimSpace(fmt.Sprintf("%.4g %s", s.Value, s.Unit))}
		if slices.ContainsFunc(gates, func(g art.Gate) bool { return g.Scorer == s.Scorer }) {
			row.Gate = "gate_pass"
		}
		if !s.Available {
			row.Shown, row.Reason, row.Gate = w.say("not_available"), s.Reason, "no_gate"
		}
		if reason, bad := failed[s.Scorer]; bad {
			row.Gate, row.Reason = "gate_fail", reason
		}
		rows[i] = row
	}
	return rows
}

// largest is the rendition of the asset that a page of the studio shows: the widest JPEG or WebP up to 1600 pixels.
func shown(a art.Asset) art.Rendition {
	best := a.Master
	for _, r := range a.Renditions {
		if r.Format != "webp" && r.Format != "jpeg" || r.Width > 1600 {
			continue
		}
		if best.SHA256 == a.Master.SHA256 || r.Width > best.Width {
			best = r
		}
	}
	return best
}

// thumb is the smallest rendition that still looks good on a tile.
func thumb(a art.Asset) art.Rendition {
	best := shown(a)
	for _, r := range a.Renditions {
		if (r.Format == "webp" || r.Format == "jpeg") && r.Width >= 400 && r.Width < best.Width {
			best = r
		}
	}
	return best
}

// unmet counts the checks that a page for print does not pass.
func unmet(all []art.Check) int {
	n := 0
	for _, c := range all {
		if !c.Passed {
			n++
		}
	}
	return n
}

// said leaves out facts without a value.
func said(all []fact) []fact {
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// last is the last part of an address, such as of a term of a vocabulary.
func last(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

func number(n int) string { return strconv.Itoa(n) }

// spent adds up what a run's calls cost, and what of it waits for an answer: "0.42 USD + 0.10 EUR". "" where there is none.
func spent(all []art.Spending) (paid, open string) {
	sums, promised := map[string]art.Amount{}, map[string]art.Amount{}
	for _, s := range all {
		sums[s.Currency] += s.Amount
		promised[s.Currency] += s.Open
	}
	return sumText(sums), sumText(promised)
}

func sumText(sums map[string]art.Amount) string {
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		if sums[currency] != 0 {
			parts = append(parts, sums[currency].String()+" "+currency)
		}
	}
	return strings.Join(parts, " + ")
}

// query writes one parameter of an address, or nothing.
func query(name, value string) string {
	if value == "" {
		return ""
	}
	return "?" + url.Values{name: {value}}.Encode()
}

// actionWord is the word of the catalogue for what was decided.
func actionWord(a art.Action) string {
	switch a {
	case art.Approve:
		return "approved_state"
	case art.Reject:
		return "rejected"
	case art.Fix:
		return "sent_back"
	default:
		return "escalated"
	}
}

// strip is one colour of a drawn palette, in hundredths of its width.
type strip struct{ X, Width, Hex string }

func strips(colours []art.ColourShare) []strip {
	var all []strip
	x := 0.0
	for _, c := range colours {
		all = append(all, strip{fmt.Sprintf("%.2f", x), fmt.Sprintf("%.2f", c.Share*100), c.Hex})
		x += c.Share * 100
	}
	return all
}

// folder is where the pages in the reader's language are, in a folder of pages whose English ones stand at the top.
func (f frame) folder() string {
	if f.lang == art.German {
		return art.German + "/"
	}
	return ""
}
