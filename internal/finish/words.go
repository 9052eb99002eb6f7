package finish

import (
	"cmp"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

// metadata is what the XMP packet of every file of this picture says.
func (w *work) metadata() provenance.Metadata {
	model := w.model()
	prompt := "sha256:" + art.Digest([]byte(w.Candidate.Planned.Prompt))
	if w.PromptInFiles == "text" {
		prompt = w.Candidate.Planned.Prompt
	}
	return provenance.Metadata{
		Title: w.Title, Description: w.Alt, Alt: w.Alt, Creator: w.Rights.Creator, Credit: w.Rights.Credit,
		Copyright: w.Rights.Copyright, WebStatement: w.Rights.License, LicensorName: w.Rights.Creator,
		LicensorURL: w.Rights.AcquireURL, SourceType: provenance.Generated, System: model.Name, SystemVersion: model.Version,
		Prompt: prompt, DataMining: w.Rights.DataMining,
	}
}

// model is the network that made the picture.
func (w *work) model() art.ModelRef { return w.Candidate.Planned.Model }

// base is what the claims of all files of this picture share.
func (w *work) base(title string) provenance.Claim {
	oversight := "approved"
	if w.Approval.By == art.PolicyAuto {
		oversight = "policy"
	}
	return provenance.Claim{
		Title: title, Generator: w.f.o.Generator, ModelName: cmp.Or(w.model().Name, "unknown"),
		ModelID: prefixed("sha256:", w.model().SHA256), Oversight: oversight,
		NoMining: w.Rights.DataMining != "" && w.Rights.DataMining != "DMI-ALLOWED",
		Metadata: map[string]string{
			"photoshop:Credit": w.Rights.Credit, "xmpRights:WebStatement": w.Rights.License,
			"Iptc4xmpExt:DigitalSourceType": provenance.Generated, "dc:title": w.Title.In(art.English),
		},
	}
}

// created is the master's claim: a model made it, then it was enlarged.
func (w *work) created(title string) provenance.Claim {
	r := w.Candidate.Planned.Recipe
	c := w.base(title)
	c.Actions = []provenance.Action{{
		Action: "c2pa.created", When: w.Candidate.RenderedAt, SourceType: provenance.Generated,
		Software: &provenance.Software{Name: cmp.Or(r.Model.Name, r.Engine), Version: r.Model.Version},
		Parameters: map[string]any{
			"com.presswerk.recipe": w.Candidate.Planned.ID, "com.presswerk.seed": r.Seed, "com.presswerk.sampler": r.Sampler,
			"com.presswerk.steps": r.Steps, "com.presswerk.promptSha256": art.Digest([]byte(r.Prompt)),
			"com.presswerk.approvedBy": approver(w.Approval),
		},
	}}
	for _, s := range w.out.Sources {
		c.Actions = append(c.Actions, provenance.Action{
			Action: "c2pa.enhanced", Software: &provenance.Software{Name: s.Name, Version: s.Version}, Description: "enlarged",
		})
	}
	return c
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

// opened is a rendition's claim: a later state of the master.
func (w *work) opened(title string, cropped bool) provenance.Claim {
	c := w.base(title)
	c.Ingredients = []provenance.Ingredient{{
		Label: masterLabel, Title: w.out.Master.Name, Parent: true, MIME: w.out.Master.MIME, Data: w.out.Master.Data,
	}}
	c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{masterLabel}}}
	if cropped {
		c.Actions = append(c.Actions, provenance.Action{Action: "c2pa.cropped", SourceType: provenance.Generated})
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
