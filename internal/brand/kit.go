package brand

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// Kit is one brand's rules: brands/<id>/kit.yaml in a workspace.
type Kit struct {
	ID            string          `json:"id" yaml:"-"`                                                    // the folder's name
	Name          art.Text        `json:"name" yaml:"name"`                                               // as people read it
	Owner         Owner           `json:"owner" yaml:"owner"`                                             // who answers for these rules
	Colours       []art.Colour    `json:"colours" yaml:"colours"`                                         // the palette that pictures are judged against
	Forbidden     []art.Colour    `json:"forbidden_colours,omitempty" yaml:"forbidden_colours,omitempty"` // colours that pictures must not live in
	Layout        art.Layout      `json:"layout,omitzero" yaml:"layout,omitempty"`                        // how pictures are built, as far as it is measured
	Logo          Logo            `json:"logo,omitzero" yaml:"logo,omitempty"`                            // mark of the brand
	Identity      string          `json:"identity,omitempty" yaml:"identity,omitempty"`                   // picture of the product or character that pictures are to show, by its path in the workspace, or sha256:… of one that was made here
	Composition   []art.Text      `json:"composition,omitempty" yaml:"composition,omitempty"`             // rules for people: how pictures are built
	Fonts         []Font          `json:"fonts,omitempty" yaml:"fonts,omitempty"`                         // type faces of the brand
	Negatives     []string        `json:"negatives,omitempty" yaml:"negatives,omitempty"`                 // words that every picture avoids; "@quality" and the like pull in a group of the starter library
	Sector        string          `json:"sector,omitempty" yaml:"sector,omitempty"`                       // policy for words: general (default), health, finance, public, or one of the workspace's safety/policies
	NoGos         []string        `json:"no_gos,omitempty" yaml:"no_gos,omitempty"`                       // words and things that must never be asked for
	Mandatory     []string        `json:"mandatory,omitempty" yaml:"mandatory,omitempty"`                 // parameters without which production refuses
	Defaults      art.Parameters  `json:"defaults,omitempty" yaml:"defaults,omitempty"`                   // parameters where neither style nor brief says otherwise
	Failover      []string        `json:"failover,omitempty" yaml:"failover,omitempty"`                   // engines that stand in for one that is down, the first one first, each as NAME or NAME/MODEL
	Channels      []art.Channel   `json:"channels" yaml:"channels"`                                       // places where the brand's pictures are shown
	Rubric        []art.Gate      `json:"rubric" yaml:"rubric"`                                           // what a picture must reach to be seen by a person
	Finishing     art.Finishing   `json:"finishing,omitempty" yaml:"finishing,omitempty"`                 // how approved pictures are cleaned
	Select        art.Select      `json:"select,omitempty" yaml:"select,omitempty"`                       // the usual share that is picked
	Repair        *art.Repair     `json:"repair,omitempty" yaml:"repair,omitempty"`                       // what is mended by itself where it failed gates
	Rights        art.Rights      `json:"rights" yaml:"rights"`                                           // whose the pictures are
	Disclosure    *art.Stance     `json:"disclosure,omitempty" yaml:"disclosure,omitempty"`               // whether the brand's pictures could mislead, where neither brief nor a person says so
	Labels        art.LabelPolicy `json:"labels,omitzero" yaml:"labels,omitempty"`                        // codes that the brand keeps to, and where visible labels stand
	Usage         art.Usage       `json:"usage,omitzero" yaml:"usage,omitempty"`                          // what the brand's pictures are made for; models are chosen by it
	Budgets       []art.Budget    `json:"budgets,omitempty" yaml:"budgets,omitempty"`                     // what may be spent for the brand; one for each currency
	PromptInFiles string          `json:"prompt_in_files,omitempty" yaml:"prompt_in_files,omitempty"`     // "hash" (default) or "text": how published files name their prompt
	Signature     Signature       `json:"signature,omitempty" yaml:"signature,omitempty"`                 // who signs the files
}

// Owner is the person who answers for a kit.
type Owner struct {
	Name  string `json:"name" yaml:"name"`
	Email string `json:"email" yaml:"email"`
}

// Logo is a brand's mark and the room it needs.
type Logo struct {
	File       string  `json:"file,omitempty" yaml:"file,omitempty"`               // beside the kit, such as "logo.svg"
	SHA256     string  `json:"sha256,omitempty" yaml:"-"`                          // of the file as it was read
	ClearSpace float64 `json:"clear_space,omitempty" yaml:"clear_space,omitempty"` // on every side, as a share of the logo's height
	MinWidth   int     `json:"min_width,omitempty" yaml:"min_width,omitempty"`     // pixels
}

// Font is a type face of the brand.
type Font struct {
	Role    string `json:"role" yaml:"role"` // "headline", "text"
	Family  string `json:"family" yaml:"family"`
	License string `json:"license,omitempty" yaml:"license,omitempty"`
}

// Signature is who stands behind the signed files.
type Signature struct {
	Organisation string `json:"organisation,omitempty" yaml:"organisation,omitempty"` // in the signing certificate
	Generator    string `json:"generator,omitempty" yaml:"generator,omitempty"`       // claim generator; "" takes Presswerk and its version
}

// How published files name their prompt.
const (
	PromptAsHash = "hash"
	PromptAsText = "text"
)

// PromptMode is PromptInFiles with its default filled in.
func (k Kit) PromptMode() string {
	if k.PromptInFiles == "" {
		return PromptAsHash
	}
	return k.PromptInFiles
}

// ChannelsNamed finds channels by name, in the asked order. Unknown names give one art.FieldError each, joined.
func (k Kit) ChannelsNamed(names []string) ([]art.Channel, error) {
	known := make([]string, len(k.Channels))
	for i, c := range k.Channels {
		known[i] = c.Name
	}
	var found []art.Channel
	var p problems
	for i, name := range names {
		at := -1
		for j, k := range known {
			if k == name {
				at = j
			}
		}
		if at < 0 {
			p.add(fmt.Sprintf("channels[%d]", i), fmt.Sprintf("the kit %q has no channel %q", k.ID, name), choose(name, known))
			continue
		}
		found = append(found, k.Channels[at])
	}
	return found, p.err()
}

// RubricFor is what a picture must reach that is made for some channels: the brand's rubric, then each channel's own gates.
// Two gates of one scorer both count.
func (k Kit) RubricFor(channels []string) []art.Gate {
	gates := slices.Clone(k.Rubric)
	for _, c := range k.Channels {
		if slices.Contains(channels, c.Name) {
			gates = append(gates, c.Rubric...)
		}
	}
	return gates
}

// ChecklistFor is what people look at before they approve a picture for some channels: the brand's rules of composition, then
// each channel's own list.
func (k Kit) ChecklistFor(channels []string) []art.Text {
	list := slices.Clone(k.Composition)
	for _, c := range k.Channels {
		if slices.Contains(channels, c.Name) {
			list = append(list, c.Checklist...)
		}
	}
	return list
}

// NegativeWords are the kit's negatives with the groups of the starter library written out, each word once.
func (k Kit) NegativeWords() []string {
	var words []string
	for _, n := range k.Negatives {
		if group, ok := strings.CutPrefix(n, "@"); ok {
			words = append(words, Starter()[group]...)
			continue
		}
		words = append(words, n)
	}
	return prompt.MergeNegatives(words)
}

// choose says what to write instead of a wrong name.
func choose(name string, known []string) string {
	if len(known) == 0 {
		return "define it first"
	}
	if near := prompt.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q? There are: %s", near, strings.Join(known, ", "))
	}
	return "choose one of: " + strings.Join(known, ", ")
}
