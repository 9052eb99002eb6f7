package brand

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// MandatoryNames are the parameters that a kit may make mandatory for production.
func MandatoryNames() []string {
	return []string{"seed", "guidance_scale", "steps", "sampler", "scheduler", "resolution", "format", "colour_profile", "engine", "model"}
}

// Formats are the file formats in which renditions are made.
func Formats() []string { return []string{"avif", "webp", "jpeg", "png", "tiff", "jxl"} }

var (
	hexPattern    = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	aspectPattern = regexp.MustCompile(`^[1-9][0-9]{0,3}:[1-9][0-9]{0,3}$`)
	emailPattern  = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
)

// Check finds everything that is wrong with a kit, in the order of its fields. An empty answer means that it can be used.
func (k Kit) Check() []*art.FieldError {
	var p problems
	p.needText("name", k.Name, "say how people call the brand")
	p.need("owner.name", k.Owner.Name, "name the person who answers for these rules")
	p.need("owner.email", k.Owner.Email, "say how the owner can be reached")
	if k.Owner.Email != "" && !emailPattern.MatchString(k.Owner.Email) {
		p.add("owner.email", fmt.Sprintf("%q is no e-mail address", k.Owner.Email), `write it as "name@example.com"`)
	}
	k.checkColours(&p)
	k.checkLook(&p)
	k.checkLogo(&p)
	k.checkWords(&p)
	checkParameters(&p, "defaults", k.Defaults)
	checkFailover(&p, k.Failover)
	checkRepair(&p, k.Repair)
	k.checkChannels(&p)
	k.checkRubric(&p)
	if s := k.Finishing.Smooth; s < 0 || s > 64 || !finite(s) {
		p.add("finishing.smooth", fmt.Sprintf("%v is no strength", s), "write 0 for none, up to 64; 18 suits drawings of the house model")
	}
	if a := k.Finishing.Archive; a != nil {
		checkArchive(&p, *a)
	}
	if s := k.Finishing.Watermark; s != 0 && !(s >= 38 && s <= 50) {
		p.add("finishing.watermark", fmt.Sprintf("%v dB is out of range", s), "write 0 for none, or 38 to 50; 44 is hardly seen and survives most")
	}
	if s := k.Finishing.Score; s != 0 && !(s >= 65 && s <= 95) {
		p.add("finishing.score", fmt.Sprintf("%v is no score to encode files to", s), "write 0 for 82, or 65 to 95 of SSIMULACRA 2; 90 is visually lossless")
	}
	checkSelect(&p, k.Select)
	k.checkRights(&p)
	k.checkLabels(&p)
	p.all = append(p.all, k.Usage.Check("usage")...)
	p.all = append(p.all, art.CheckBudgets("budgets", k.Budgets)...)
	if m := k.PromptMode(); m != PromptAsHash && m != PromptAsText {
		p.add("prompt_in_files", fmt.Sprintf("%q is neither hash nor text", m), `write "hash" to publish only the prompt's SHA-256, or "text" to publish its words`)
	}
	return p.all
}

func (k Kit) checkColours(p *problems) {
	if len(k.Colours) == 0 {
		p.add("colours", "is empty", "list at least one colour: pictures are judged against them")
	}
	names := map[string]bool{}
	for i, c := range k.Colours {
		field := fmt.Sprintf("colours[%d]", i)
		p.need(field+".name", c.Name, "name the colour")
		if names[c.Name] {
			p.add(field+".name", fmt.Sprintf("%q is there twice", c.Name), "give each colour a name of its own")
		}
		names[c.Name] = true
		if !hexPattern.MatchString(c.Hex) {
			p.add(field+".hex", fmt.Sprintf("%q is no sRGB colour", c.Hex), `write "#rrggbb", in quotes`)
		}
		if c.Role != "" && !slices.Contains([]string{"primary", "accent", "background", "neutral"}, c.Role) {
			p.add(field+".role", fmt.Sprintf("nobody knows the role %q", c.Role), "use primary, accent, background or neutral")
		}
	}
}

// checkLook checks what pictures are judged by besides the brand's own colours.
func (k Kit) checkLook(p *problems) {
	for i, c := range k.Forbidden {
		field := fmt.Sprintf("forbidden_colours[%d]", i)
		p.need(field+".name", c.Name, "name the colour")
		if !hexPattern.MatchString(c.Hex) {
			p.add(field+".hex", fmt.Sprintf("%q is no sRGB colour", c.Hex), `write "#rrggbb", in quotes`)
		}
	}
	checkRegion(p, "layout.copy_space", k.Layout.CopySpace)
	checkRegion(p, "layout.product", k.Layout.Product)
}

func checkRegion(p *problems, field string, r *art.Region) {
	if r != nil && !r.Valid() {
		p.add(field, fmt.Sprintf("%v, %v with %v × %v is no part of a picture", r.X, r.Y, r.Width, r.Height), "write shares of width and height, such as {x: 0.5, y: 0, width: 0.5, height: 1} for the right half")
	}
}

func (k Kit) checkLogo(p *problems) {
	if strings.ContainsAny(k.Logo.File, `/\`) || k.Logo.File == ".." {
		p.add("logo.file", "the logo lies beside the kit", "write the file's name alone")
	}
	if k.Logo.ClearSpace < 0 || !finite(k.Logo.ClearSpace) {
		p.add("logo.clear_space", "must not be negative", "write a share of the logo's height, such as 0.5")
	}
	if k.Logo.MinWidth < 0 {
		p.add("logo.min_width", "must not be negative", "write pixels")
	}
}

func (k Kit) checkWords(p *problems) {
	for i, n := range k.Negatives {
		if group, ok := strings.CutPrefix(n, "@"); ok && Starter()[group] == nil {
			p.add(fmt.Sprintf("negatives[%d]", i), fmt.Sprintf("the starter library has no group %q", n), choose(group, StarterGroups()))
		}
	}
	if k.Sector != "" && !ValidName(k.Sector) {
		p.add("sector", fmt.Sprintf("%q is no name of a policy", k.Sector), "write general, health, finance, public, or the name of a file in safety/policies")
	}
	for i, n := range k.NoGos {
		if strings.TrimSpace(n) == "" {
			p.add(fmt.Sprintf("no_gos[%d]", i), "is empty", "write a word or take the line out")
		}
	}
	for i, m := range k.Mandatory {
		if !slices.Contains(MandatoryNames(), m) {
			p.add(fmt.Sprintf("mandatory[%d]", i), fmt.Sprintf("there is no parameter %q", m), choose(m, MandatoryNames()))
		}
	}
}

func (k Kit) checkChannels(p *problems) {
	if len(k.Channels) == 0 {
		p.add("channels", "is empty", "list at least one place where pictures are shown")
	}
	names := map[string]bool{}
	for i, c := range k.Channels {
		field := fmt.Sprintf("channels[%d]", i)
		if !ValidName(c.Name) {
			p.add(field+".name", fmt.Sprintf("%q is no name", c.Name), "use a–z, 0–9 and hyphens")
		}
		if names[c.Name] {
			p.add(field+".name", fmt.Sprintf("%q is there twice", c.Name), "give each channel a name of its own")
		}
		names[c.Name] = true
		p.needText(field+".title", c.Title, "say how people call the channel")
		if c.Aspect != "" && !aspectPattern.MatchString(c.Aspect) {
			p.add(field+".aspect", fmt.Sprintf("%q is no aspect ratio", c.Aspect), `write "16:9", in quotes, or leave it out to keep the picture's own`)
		}
		if c.Print != nil {
			checkPrint(p, field+".print", *c.Print)
		}
		if c.Print == nil || len(c.Widths)+len(c.Formats) > 0 {
			checkWidths(p, field, c.Widths)
			checkFormats(p, field, c.Formats)
		}
		checkRegion(p, field+".safe_zone", c.SafeZone)
		if c.Platform != "" && !slices.Contains(art.Platforms(), c.Platform) {
			p.add(field+".platform", fmt.Sprintf("nobody knows the rules of %q", c.Platform), choose(c.Platform, art.Platforms()))
		}
		if c.MaxBytes < 0 {
			p.add(field+".max_bytes", "must not be negative", "write bytes, or 0 for no limit")
		}
	}
}

func checkWidths(p *problems, field string, widths []int) {
	if len(widths) == 0 {
		p.add(field+".widths", "is empty", "list the widths in pixels, rising")
	}
	for i, w := range widths {
		if w < 16 || w > 8192 {
			p.add(fmt.Sprintf("%s.widths[%d]", field, i), fmt.Sprintf("%d pixels is out of range", w), "use 16 to 8192")
		} else if i > 0 && w <= widths[i-1] {
			p.add(fmt.Sprintf("%s.widths[%d]", field, i), fmt.Sprintf("%d does not rise", w), "list the widths from small to large, each once")
		}
	}
}

func checkFormats(p *problems, field string, formats []string) {
	if len(formats) == 0 {
		p.add(field+".formats", "is empty", "list file formats, the fall-back last: [avif, webp, jpeg]")
	}
	for i, f := range formats {
		if !slices.Contains(Formats(), f) {
			p.add(fmt.Sprintf("%s.formats[%d]", field, i), fmt.Sprintf("nobody writes the format %q", f), choose(f, Formats()))
		} else if slices.Contains(formats[:i], f) {
			p.add(fmt.Sprintf("%s.formats[%d]", field, i), fmt.Sprintf("%q is there twice", f), "list each format once")
		}
	}
}

func (k Kit) checkRubric(p *problems) {
	if len(k.Rubric) == 0 {
		p.add("rubric", "is empty", "say what a picture must reach: without a gate everything would pass")
	}
	checkGates(p, "rubric", k.Rubric)
	for i, c := range k.Channels {
		checkGates(p, fmt.Sprintf("channels[%d].rubric", i), c.Rubric)
	}
}

func checkGates(p *problems, list string, gates []art.Gate) {
	for i, g := range gates {
		field := fmt.Sprintf("%s[%d]", list, i)
		p.need(field+".scorer", g.Scorer, "name the scorer")
		if g.Min == nil && g.Max == nil {
			p.add(field, "has neither min nor max", "give at least one, or take the gate out")
		}
		if g.Min != nil && !finite(*g.Min) {
			p.add(field+".min", "is no finite number", "write a number")
		}
		if g.Max != nil && !finite(*g.Max) {
			p.add(field+".max", "is no finite number", "write a number")
		}
		if g.Min != nil && g.Max != nil && *g.Min > *g.Max {
			p.add(field+".min", fmt.Sprintf("%v lies above max %v", *g.Min, *g.Max), "no picture could ever pass: swap them")
		}
		if g.Weight < 0 || !finite(g.Weight) {
			p.add(field+".weight", "must not be negative", "leave it out for an ordinary share")
		}
	}
}

// checkLabels looks at what the kit says of generated pictures and their labels.
func (k Kit) checkLabels(p *problems) {
	if k.Disclosure != nil {
		p.all = append(p.all, k.Disclosure.Check("disclosure")...)
	}
	if c := k.Labels.Corner; c != "" && !slices.Contains(art.Corners(), c) {
		p.add("labels.corner", fmt.Sprintf("%q is no corner", c), choose(c, art.Corners()))
	}
	for i, c := range k.Labels.Codes {
		if c != "eu-code-of-practice" {
			p.add(fmt.Sprintf("labels.codes[%d]", i), fmt.Sprintf("nobody knows the code %q", c), "write eu-code-of-practice, or leave it out")
		}
	}
}

func (k Kit) checkRights(p *problems) {
	p.need("rights.creator", k.Rights.Creator, "name who makes the pictures")
	p.need("rights.credit", k.Rights.Credit, "write the credit line")
	p.need("rights.copyright", k.Rights.Copyright, "write the copyright notice")
	checkAddress(p, "rights.license", k.Rights.License)
	checkAddress(p, "rights.acquire_url", k.Rights.AcquireURL)
}

func checkAddress(p *problems, field, address string) {
	if address == "" {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		p.add(field, fmt.Sprintf("%q is no web address", address), "write it in full, beginning with https://")
	}
}

// Check finds everything that is wrong with a style token.
func (s Style) Check() []*art.FieldError {
	var p problems
	if s.Version < 1 {
		p.add("version", fmt.Sprintf("%d is no version", s.Version), "start with 1 and count up when the meaning changes")
	}
	p.needText("title", s.Title, "say how people call the style")
	names := make([]string, 0, len(s.Parts))
	for name := range s.Parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, err := (art.Prompt{}).With(name, s.Parts[name]); err != nil {
			p.add("parts."+name, "there is no such part of a prompt", choose(name, PartNames()))
			continue
		}
		checkPart(&p, "parts."+name, s.Parts[name])
	}
	checkParameters(&p, "parameters", s.Parameters)
	return p.all
}
