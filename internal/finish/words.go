package finish

import (
	"cmp"
	"context"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
)

// metadata is what the XMP packet of every file of this picture says.
func (w *work) metadata() provenance.Metadata {
	model := w.model()
	prompt := ""
	switch {
	case !w.made():
	case w.PromptInFiles == "text":
		prompt = w.Candidate.Planned.Prompt
	default:
		prompt = "sha256:" + art.Digest([]byte(w.Candidate.Planned.Prompt))
	}
	label := provenance.AIGC{}
	if w.aigc() {
		label = provenance.AIGC{Label: "1", Producer: w.Rights.Creator, ProduceID: w.AssetID}
	}
	return provenance.Metadata{
		AIGC: label, Title: w.Title, Description: w.Alt, Alt: w.Alt, Creator: w.Rights.Creator, Credit: w.Rights.Credit,
		Copyright: w.Rights.Copyright, WebStatement: w.Rights.License, LicensorName: w.licensor(),
		LicensorURL: w.Rights.AcquireURL, SourceType: w.origin(), System: model.Name, SystemVersion: model.Version,
		Prompt: prompt, DataMining: w.Rights.DataMining,
	}
}

// aigc tells whether the files carry China's field, which names who made them: a kit without rights.creator names nobody.
func (w *work) aigc() bool { return w.AIGC && w.made() && w.Rights.Creator != "" }

// licensor is who gives licences: of a picture that was not made here, who gave it.
func (w *work) licensor() string {
	if w.License != nil {
		return w.License.Source
	}
	return w.Rights.Creator
}

// model is the network that made the picture; of a picture that came from elsewhere, the one that changed it most.
func (w *work) model() art.ModelRef {
	if !w.made() && len(w.out.Sources) > 0 {
		s := w.out.Sources[0]
		return art.ModelRef{Name: s.Name, Version: s.Version, SHA256: s.SHA256}
	}
	return w.Candidate.Planned.Model
}

// made tells whether the picture was made here, from a recipe.
func (w *work) made() bool { return w.Candidate.Planned.ID != "" }

// origin is the digital source type: what was made here is generated, or a composite where a model changed a picture; what came from
// elsewhere is what it says of itself, and a picture that nothing is known of becomes a composite when a network has enlarged it.
func (w *work) origin() string {
	_, changed := w.changed()
	switch {
	case changed && w.Candidate.Planned.Mode == art.ModeUpscale:
		return provenance.Enhanced
	case changed:
		return provenance.Composite
	case w.made():
		return provenance.Generated
	case w.Origin == "" && len(w.out.Sources) > 0:
		return provenance.Composite
	default:
		return w.Origin
	}
}

// base is what the claims of all files of this picture share.
func (w *work) base(title string) provenance.Claim {
	oversight := "approved"
	if w.Approval.By == art.PolicyAuto {
		oversight = "policy"
	}
	name := w.model().Name
	if w.made() {
		name = cmp.Or(name, "unknown")
	}
	var soft provenance.SoftBinding
	if w.marked {
		soft = provenance.SoftBinding{Algorithm: watermark.Algorithm, Value: watermark.Name(art.MarkID(w.AssetID))}
	}
	return provenance.Claim{
		SoftBinding: soft,
		Title:       title, Generator: w.f.o.Generator, ModelName: name,
		ModelID: prefixed("sha256:", w.model().SHA256), Oversight: oversight,
		NoMining: w.Rights.DataMining != "" && w.Rights.DataMining != "DMI-ALLOWED",
		Metadata: map[string]string{
			"photoshop:Credit": w.Rights.Credit, "xmpRights:WebStatement": w.Rights.License,
			"Iptc4xmpExt:DigitalSourceType": w.origin(), "dc:title": w.Title.In(art.English),
		},
	}
}

// first is the master's claim: a model made it, or it came from elsewhere; then it was enlarged.
func (w *work) first(ctx context.Context, title string) (provenance.Claim, error) {
	if w.Clip != nil {
		c := w.poster(title)
		c.Stamp = true
		return c, nil
	}
	c := w.base(title)
	c.Stamp = true
	if w.made() {
		var err error
		if c, err = w.makes(ctx, c); err != nil {
			return c, err
		}
	} else {
		c.Ingredients = []provenance.Ingredient{{Label: sourceLabel, Title: w.Title.In(art.English), Parent: true, MIME: w.mime, Data: w.Picture}}
		c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{sourceLabel}}}
	}
	for _, s := range w.out.Sources {
		c.Actions = append(c.Actions, provenance.Action{
			Action: "c2pa.enhanced", Software: &provenance.Software{Name: s.Name, Version: s.Version}, Description: "enlarged",
			SourceType: w.enlarged(),
		})
	}
	if w.labelled() {
		c.Actions = append(c.Actions, w.labelling())
	}
	if w.marked {
		c.Actions = append(c.Actions, provenance.Action{Action: "c2pa.watermarked.bound"})
	}
	return c, nil
}

// enlarged is the source type of enlarging: of a generated picture it says nothing new.
func (w *work) enlarged() string {
	if w.origin() == provenance.Composite {
		return provenance.Composite
	}
	return ""
}

func (w *work) created() provenance.Action {
	r := w.Candidate.Planned.Recipe
	return provenance.Action{
		Action: "c2pa.created", When: w.Candidate.RenderedAt, SourceType: provenance.Generated,
		Software: &provenance.Software{Name: cmp.Or(r.Model.Name, r.Engine), Version: r.Model.Version},
		Parameters: map[string]any{
			"com.presswerk.recipe": w.Candidate.Planned.ID, "com.presswerk.seed": r.Seed, "com.presswerk.sampler": r.Sampler,
			"com.presswerk.steps": r.Steps, "com.presswerk.promptSha256": art.Digest([]byte(r.Prompt)),
			"com.presswerk.approvedBy": approver(w.Approval),
		},
	}
}

// approver says who decided without naming a person in the open.
func approver(d art.Decision) string {
	if d.By == art.PolicyAuto || d.By == "" {
		return d.By
	}
	return "person"
}

// masterLabel is how a rendition's actions refer to its master.
const masterLabel = "master"

// sourceLabel is how a master's actions refer to the picture that came from elsewhere.
const sourceLabel = "source"

// cut is the source type of cropping: of a licensed picture, that people edit it without a network.
func (w *work) cut() string {
	if w.License != nil && w.Origin != provenance.Generated && w.Origin != provenance.Composite {
		return provenance.HumanEdits
	}
	return cmp.Or(w.origin(), provenance.Enhanced)
}

// opened is a rendition's claim: a later state of the master.
func (w *work) opened(title string, cropped bool) provenance.Claim {
	c := w.base(title)
	c.Ingredients = []provenance.Ingredient{{
		Label: masterLabel, Title: w.out.Master.Name, Parent: true, MIME: w.out.Master.MIME, Data: w.out.Master.Data,
	}}
	c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{masterLabel}}}
	if cropped {
		c.Actions = append(c.Actions, provenance.Action{Action: "c2pa.cropped", SourceType: w.cut()})
		if w.labelled() {
			c.Actions = append(c.Actions, w.labelling()) // the crop has its own
		}
	}
	c.Actions = append(c.Actions, provenance.Action{Action: "c2pa.resized.proportional"}, provenance.Action{Action: "c2pa.transcoded"})
	return c
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
