package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/model"
	"presswerk/internal/modelstore"
	"presswerk/internal/workspace"
)

// metadata is what the result's file says of itself, beside what the trainer adds: kohya's keys, modelspec's and our own.
//
// Source: kohya-ss/sd-scripts, train_network.py and library/sai_model_spec.py; Stability-AI/ModelSpec.
func (j *job) metadata(user string) map[string]string {
	architecture := map[string]string{model.FamilySD1: "stable-diffusion-v1", model.FamilySD2: "stable-diffusion-v2-512", model.FamilySDXL: "stable-diffusion-xl-v1-base"}[j.base.family]
	family := map[string]string{model.FamilySD1: "sd_v1", model.FamilySD2: "sd_v2", model.FamilySDXL: "sdxl_base_v1-0"}[j.base.family]
	if architecture == "" {
		architecture, family = "presswerk-"+j.Base.Name, "presswerk-"+j.Base.Name
	}
	ending := map[string]string{kindLoRA: "/lora", kindDreambooth: "/lora", kindEmbedding: "/textual-inversion", kindControlNet: "/controlnet"}[j.Kind]
	m := map[string]string{
		model.MetadataBase: strings.TrimSuffix(j.Base.Name+"@"+j.Base.Version, "@"), model.MetadataBaseID: j.Base.SHA256,
		"presswerk.dataset.sha256": j.Dataset, "presswerk.kind": j.Kind, "presswerk.version": version,
		"ss_sd_model_name": j.Base.Name, "ss_new_sd_model_hash": j.Base.SHA256, "ss_base_model_version": family, "ss_output_name": j.name,
		"ss_num_train_images": strconv.Itoa(len(j.Pictures)), "ss_num_validation_images": strconv.Itoa(len(j.Validation)), "ss_resolution": fmt.Sprintf("(%d, %d)", j.Width, j.Height),
		"ss_caption_dropout_rate": fmt.Sprint(j.Dropout), "ss_dataset_hash": j.Dataset, "ss_tag_frequency": j.tags(),
		"modelspec.sai_model_spec": "1.0.0", "modelspec.architecture": architecture + ending, "modelspec.implementation": "https://github.com/huggingface/diffusers",
		"modelspec.title": j.name, "modelspec.author": user, "modelspec.license": j.check.Rights.License(), "modelspec.resolution": fmt.Sprintf("%dx%d", j.Width, j.Height),
		model.MetadataTrigger: j.Trigger, "modelspec.description": j.set.Title.In(art.English),
	}
	if j.Kind == kindLoRA || j.Kind == kindDreambooth {
		m["ss_network_module"], m["ss_network_dim"], m["ss_network_alpha"] = "networks.lora", strconv.Itoa(j.Rank), fmt.Sprint(j.Alpha)
	}
	maps.DeleteFunc(m, func(_, v string) bool { return v == "" })
	return m
}

// tags counts the captions' parts, as kohya does.
func (j *job) tags() string {
	count := map[string]int{}
	for _, l := range j.Pictures {
		for part := range strings.SplitSeq(l.Caption, ",") {
			if part = strings.TrimSpace(part); part != "" {
				count[part]++
			}
		}
	}
	text, err := json.Marshal(map[string]map[string]int{"presswerk": count})
	if err != nil {
		return "" // strings and numbers can always be written
	}
	return string(text)
}

// keepTrained takes the result into the store with a card, which lies in the workspace where there is one.
func (g *globals) keepTrained(ctx context.Context, j *job, end finished, a trained) (modelstore.Manifest, string, error) {
	m, err := g.store().Add(ctx, end.Path, modelstore.AddOptions{
		Name: j.name, Version: j.version, License: j.check.Rights.License(), Source: "trained here on " + strings.TrimSuffix(j.Base.Name+"@"+j.Base.Version, "@") + " " + j.Base.SHA256,
	})
	if err != nil {
		return m, "", fmt.Errorf("keeping what was trained (it lies in %s): %w", end.Path, err)
	}
	ws, err := g.workspace("")
	if err != nil {
		return m, "", nil //nolint:nilerr // outside a workspace there is no place for a card
	}
	file := filepath.Join(ws.Dir, filepath.FromSlash(workspace.CardFile(m.Name)))
	text, err := workspace.EncodeCard(j.card(m, end, a, g.settings.User))
	if err != nil {
		return m, "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return m, "", fmt.Errorf("making a card: %w", err)
	}
	return m, file, writeWhole(file, text)
}

// card says what is known of the result. It is complete, unless something about the rights is open: then it is a draft that
// somebody has to read.
func (j *job) card(m modelstore.Manifest, end finished, a trained, user string) art.ModelCard {
	r := j.check.Rights
	both := func(en, de string, args ...any) art.Text {
		return art.Text{"en": fmt.Sprintf(en, args...), "de": fmt.Sprintf(de, args...)}
	}
	base := strings.TrimSuffix(j.Base.Name+"@"+j.Base.Version, "@")
	c := art.ModelCard{
		Model: m.Name, Version: m.Version, Draft: !r.Clear() || user == "", Kind: m.Kind, Base: m.Base, Title: j.set.Title, Makers: user, Date: time.Now().Format("2006-01"),
		License: art.License{ID: r.License(), Summary: r.Conditions()},
		Terms:   art.Terms{Commercial: r.Commercial, Conditions: r.Conditions()},
		Purpose: j.set.Purpose, NotFor: both("Anything but what its training pictures show; other base models than %s.", "Anderes als das, was die Trainingsbilder zeigen; andere Basismodelle als %s.", base),
		Weaknesses: []art.Text{both("It was learnt from %d pictures, so what they don't show may come out wrong.", "Aus %d Bildern gelernt: was sie nicht zeigen, kann misslingen.", len(j.Pictures))},
		Usage:      both("On %s only, weight 1, with the words: %s.", "Nur auf %s, Gewicht 1, mit den Wörtern: %s.", base, j.Trigger),
		Training: both("%s on %s (SHA-256 %s), %d of at most %d steps (the state of step %d is kept) of %d pictures at %d × %d, learning rate %g, seed %d, %.0f seconds.", "%s auf %s (SHA-256 %s), %d von höchstens %d Schritten (behalten ist der Stand von Schritt %d) zu %d Bildern mit %d × %d, Lernrate %g, Seed %d, %.0f Sekunden.",
			j.Kind, base, j.Base.SHA256, end.Step, j.Steps, end.Kept, j.Batch, j.Width, j.Height, j.LearningRate, j.Seed, end.Seconds),
		Data:  j.dataSheet(both),
		AIAct: art.AIAct{GPAI: art.TermNo, Role: "both", Risk: both("Depends on the base and on what it is used for.", "Hängt von der Basis und vom Gebrauch ab."), Summary: "the data section of this card"},
	}
	if len(c.Purpose) == 0 {
		c.Purpose = both("Pictures in the manner of its training pictures: %s.", "Bilder in der Art der Trainingsbilder: %s.", j.set.Title.In("en"))
	}
	c.AIAct.Marking = both("Presswerk labels its pictures as made by AI when they are finished.", "Presswerk kennzeichnet seine Bilder beim Fertigstellen als von KI gemacht.")
	if j.Trigger != "" {
		c.Triggers = []string{j.Trigger}
	}
	if !j.HeldOut {
		c.Weaknesses = append(c.Weaknesses, both("Too few pictures to hold any back: it was measured on those that it learnt from.", "Zu wenige Bilder, um welche zurückzuhalten: gemessen an denen, aus denen es gelernt hat."))
	}
	for _, m := range a.Compare {
		c.Measures = append(c.Measures, m.measure(both))
	}
	return c
}

func (c compared) measure(both func(en, de string, args ...any) art.Text) art.Measure {
	verdict := map[string]string{verdictBetter: "besser", verdictEqual: "gleich", verdictWorse: "schlechter", verdictDiffers: "anders"}[c.Verdict]
	how := both("base → trained, %d pairs of the same prompt and seed: %s. %s", "Basis → trainiert, %d Paare mit gleichem Prompt und Seed: %s. %s", c.Pairs, c.Verdict, c.Meaning.In("en"))
	how["de"] = fmt.Sprintf("Basis → trainiert, %d Paare mit gleichem Prompt und Seed: %s. %s", c.Pairs, verdict, c.Meaning.In("de"))
	return art.Measure{Name: art.Text{"en": c.Measure, "de": c.Measure}, Value: strings.TrimSpace(fmt.Sprintf("%.*f → %.*f %s", c.decimals, c.Base, c.decimals, c.Trained, c.Unit)), How: how}
}

// dataSheet says what the pictures are and whose.
func (j *job) dataSheet(both func(en, de string, args ...any) art.Text) art.DataSheet {
	type source struct{ name, license, creator string }
	count := map[source]int{}
	consents := map[string]bool{}
	for _, p := range j.check.Usable() {
		name := p.Source
		if name == "" {
			name = j.set.Title.In("en")
		}
		count[source{name, p.License, p.Creator}]++
		consents[strings.TrimSpace(p.License+": "+p.Consent)] = true
	}
	sheet := art.DataSheet{
		Summary: both("%d pictures, %d of them held back to measure by; SHA-256 of the set %s.", "%d Bilder, davon %d zum Messen zurückgehalten; SHA-256 der Menge %s.", len(j.check.Usable()), len(j.check.Usable())-len(j.Pictures), j.Dataset),
		OptOut:  both("As dataset.yaml says: %s", "Wie dataset.yaml sagt: %s", strings.Join(slices.Sorted(maps.Keys(consents)), "; ")),
		Personal: map[bool]art.Text{
			true: both("People are depicted; their releases are named in dataset.yaml.", "Menschen sind zu sehen; ihre Freigaben nennt dataset.yaml."), false: both("No people are depicted.", "Keine Menschen zu sehen."),
		}[j.check.Rights.People],
		Others: both("The base %s was trained by others; see its card.", "Die Basis %s haben andere trainiert; siehe ihre Karte.", j.Base.Name),
	}
	for s, n := range count {
		sheet.Sources = append(sheet.Sources, art.DataSource{Name: s.name, License: s.license, Author: s.creator, Note: both("%d pictures", "%d Bilder", n)})
	}
	slices.SortFunc(sheet.Sources, func(a, b art.DataSource) int {
		return strings.Compare(a.Name+a.License+a.Author, b.Name+b.License+b.Author)
	})
	return sheet
}
