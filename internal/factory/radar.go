package factory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/plan"
)

// RadarOrder is what of a workspace may depend on models.
type RadarOrder struct {
	Briefs []Order
	Brands []RadarBrand
	Models art.ModelPolicy
}

// RadarBrand is a brand's kit with its prompt set, if it has one.
type RadarBrand struct {
	Kit brand.Kit
	Set *brand.PromptSet
}

// Radar lists every model with a known last day, the soonest first, with what of the workspace depends on it.
func (f *Factory) Radar(o RadarOrder) (art.Radar, error) {
	table, err := engine.Shutdowns()
	if err != nil {
		return art.Radar{}, err
	}
	r := &radar{order: o, endings: []art.Ending{}}
	for _, e := range f.Engines.All() {
		r.infos = append(r.infos, e.Info())
	}
	now := f.Now().UTC()
	for _, s := range engine.Endings(o.Models.Shutdowns, r.infos, table) {
		day, err := time.Parse(time.DateOnly, s.Date)
		if err != nil {
			return art.Radar{}, art.Invalid("shutdowns", fmt.Sprintf("%s of %s: %q is no day", s.Model, s.Engine, s.Date), "write 2026-12-31")
		}
		today, _ := time.Parse(time.DateOnly, now.Format(time.DateOnly)) // what was just written can be read
		days := int(day.Sub(today).Hours() / 24)
		r.endings = append(r.endings, art.Ending{Shutdown: s, Days: days, Gone: days <= 0, Hits: []art.Hit{}})
	}
	r.successors()
	answer := art.Radar{}
	for _, b := range o.Briefs {
		if err := r.brief(b); err != nil {
			answer.Unread = append(answer.Unread, art.Refusal{Field: "briefs/" + b.Brief.ID + ".yaml", Reason: err.Error()})
		}
	}
	for _, b := range o.Brands {
		r.brand(b)
	}
	r.pins()
	slices.SortStableFunc(r.endings, func(a, b art.Ending) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), strings.Compare(a.Engine, b.Engine), strings.Compare(a.Model, b.Model))
	})
	answer.Endings = r.endings
	return answer, nil
}

// radar looks through a workspace.
type radar struct {
	order   RadarOrder
	infos   []engine.Info
	endings []art.Ending
}

// input is what a plan would be made of, with the models of services without a key behind all others: a brief that names
// one depends on it, whether or not it could be asked now.
func (r *radar) input(o Order) plan.Input {
	in := plan.Input{Brief: o.Brief, Kit: o.Kit, Styles: o.Styles, Models: r.order.Models}
	var later []art.Capabilities
	for _, info := range r.infos {
		for _, m := range info.Models {
			if m.Service != nil && !info.Ready {
				later = append(later, m.Capabilities)
			} else {
				in.Engines = append(in.Engines, m.Capabilities)
			}
		}
	}
	in.Engines = append(in.Engines, later...)
	return in
}

// successors says of each ending whether its engine is set up, and what lasts longer there.
func (r *radar) successors() {
	for i := range r.endings {
		e := &r.endings[i]
		named := strings.FieldsFunc(e.Instead, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == '(' || c == ')' })
		for _, other := range r.endings {
			if other.Engine == e.Engine && slices.Contains(named, other.Model) {
				e.Also = append(e.Also, other.Shutdown)
			}
		}
		at := slices.IndexFunc(r.infos, func(i engine.Info) bool { return i.Name == e.Engine })
		if at < 0 {
			continue
		}
		e.Ready = r.infos[at].Ready
		if _, err := r.infos[at].Model(art.ModelRef{Name: e.Model}); err != nil {
			continue // it makes something else than pictures, as far as is known here
		}
		for _, m := range r.infos[at].Models {
			ends := slices.ContainsFunc(r.endings, func(o art.Ending) bool { return o.Engine == e.Engine && o.Model == m.Capabilities.Model.Name })
			if !ends && slices.Contains(m.Modes, art.ModeTextToImage) {
				e.Lasting = m.Capabilities.Model.Name
				break
			}
		}
	}
}

func (r *radar) brief(o Order) error {
	uses, err := plan.Uses(r.input(o))
	for _, u := range uses {
		r.hit(u, art.Hit{Kind: art.HitBrief, Name: o.Brief.ID, File: "briefs/" + o.Brief.ID + ".yaml"})
	}
	return err
}

// brand looks at a kit's defaults and at its prompt set: what is rendered with it, and the engines that are probed with it.
func (r *radar) brand(b RadarBrand) {
	in, dir := r.input(Order{Kit: b.Kit}), "brands/"+b.Kit.ID+"/"
	if b.Kit.Defaults.Engine != "" || b.Kit.Defaults.Model != "" {
		r.hit(plan.UseOf(in, art.Parameters{}), art.Hit{Kind: art.HitKit, Name: b.Kit.ID, File: dir + "kit.yaml"})
	}
	if b.Set == nil {
		return
	}
	hit := art.Hit{Kind: art.HitSet, Name: b.Kit.ID, File: dir + "guard.yaml"}
	r.hit(plan.UseOf(in, b.Set.Parameters), hit)
	for _, name := range b.Set.Probe.Engines {
		p := b.Set.Parameters
		if p.Engine != name && b.Kit.Defaults.Engine != name {
			p.Model = "" // another engine's
			in.Kit.Defaults.Model = ""
		}
		p.Engine = name
		r.hit(plan.UseOf(in, p), hit)
		in.Kit = b.Kit
	}
}

// pins looks at what brands' production is pinned to. A pin names bytes and no engine: where an engine lists these bytes, its
// endings count; bytes that nobody lists are known by their name alone.
func (r *radar) pins() {
	const file = "models/pins.yaml"
	for _, p := range r.order.Models.Pins {
		r.pinned(p.Model, p.SHA256, art.Hit{Kind: art.HitPin, Name: p.Brand, File: file})
		if p.Canary != nil {
			r.pinned(p.Model, p.Canary.SHA256, art.Hit{Kind: art.HitCanary, Name: p.Brand, File: file})
		}
	}
}

func (r *radar) pinned(model, sum string, h art.Hit) {
	listed := false
	for _, info := range r.infos {
		for _, m := range info.Models {
			if known := m.Capabilities.Model; known.SHA256 == sum && sum != "" {
				listed = true
				r.hit(plan.Use{Engine: info.Name, Model: known.Name}, h)
			}
		}
	}
	if !listed {
		r.hit(plan.Use{Model: model}, h)
	}
}

// hit writes down what depends on a model that goes away, once.
func (r *radar) hit(u plan.Use, h art.Hit) {
	for i := range r.endings {
		e := &r.endings[i]
		if e.Model == u.Model && (u.Engine == "" || u.Engine == e.Engine) && !slices.Contains(e.Hits, h) {
			e.Hits = append(e.Hits, h)
		}
	}
}
