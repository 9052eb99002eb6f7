package provenance

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// notEditorial lists the actions that carry no digital source type of their own.
//
// Source: C2PA 2.4 asset conformance rubric 0.2, as summarised in the project's reference notes.
func notEditorial() []string {
	return []string{
		"c2pa.opened", "c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded", "c2pa.resized.proportional",
		"c2pa.enhanced", "c2pa.edited.metadata", "c2pa.watermarked.bound", "c2pa.watermarked.unbound", "c2pa.redacted",
	}
}

// deprecated lists actions that the library signs silently although the specification has withdrawn them.
func deprecated() []string {
	return []string{"c2pa.watermarked", "c2pa.color_adjustments", "c2pa.saved", "c2pa.formatted", "c2pa.resized"}
}

// generative tells whether a digital source type says that a model made what is seen, wholly or in part.
func generative(sourceType string) bool { return sourceType == Generated || sourceType == Composite }

// broken is a rule that a claim breaks, with what to do.
func broken(reason, remedy string) error { return art.Invalid("claim", reason, remedy) }

// Lint checks the rules of a correct manifest for generated pictures, which the library itself does not all enforce: it
// begins with "created" and a digital source type, or with "opened" and its parent, and neither comes later; every editorial action has
// a source type, and one that says a model was at work names it; no action is withdrawn; every ingredient is used and every one that is
// used is there; what only Presswerk knows stands under a name of its own; no prompt text stands in it. Breaking one gives art.ErrInvalid.
func (c Claim) Lint() error {
	if len(c.Actions) == 0 {
		return broken("it has no actions", "begin with c2pa.created or c2pa.opened")
	}
	if err := c.lintIngredients(); err != nil {
		return err
	}
	if err := c.lintFirst(c.Actions[0]); err != nil {
		return err
	}
	for i, a := range c.Actions {
		if i > 0 && (a.Action == "c2pa.created" || a.Action == "c2pa.opened") {
			return broken(a.Action+" comes a second time", "begin with one of both, once")
		}
		if err := a.lint(); err != nil {
			return err
		}
	}
	return nil
}

// lintFirst checks how the picture came here.
func (c Claim) lintFirst(first Action) error {
	opened := func(i Ingredient) bool { return i.Parent && slices.Contains(first.Ingredients, i.Label) }
	switch {
	case first.Action == "c2pa.created" && first.SourceType == "":
		return broken("c2pa.created has no digital source type", "say how the picture came to be")
	case first.Action == "c2pa.created" && slices.ContainsFunc(c.Ingredients, func(i Ingredient) bool { return i.Parent }):
		return broken("c2pa.created has a parent ingredient", "begin with c2pa.opened, or make it an input")
	case first.Action == "c2pa.opened" && !slices.ContainsFunc(c.Ingredients, opened):
		return broken("c2pa.opened has no parent ingredient", "add the picture that was opened, and name it in the action")
	case first.Action != "c2pa.created" && first.Action != "c2pa.opened":
		return broken("the first action is "+first.Action, "begin with c2pa.created or c2pa.opened")
	}
	return nil
}

// lintIngredients checks that what was used is there, once, and that what is there was used.
func (c Claim) lintIngredients() error {
	var used, there []string
	for _, a := range c.Actions {
		used = append(used, a.Ingredients...)
	}
	parents := 0
	for _, i := range c.Ingredients {
		if i.Parent {
			parents++
		}
		switch {
		case i.Label == "" || slices.Contains(there, i.Label):
			return broken(fmt.Sprintf("two ingredients share the label %q, or it is empty", i.Label), "give each a label of its own")
		case !slices.Contains(used, i.Label):
			return broken(fmt.Sprintf("no action uses the ingredient %q", i.Label), "name it in an action")
		case i.MIME == "" || len(i.Data) == 0:
			return broken(fmt.Sprintf("the ingredient %q has no data", i.Label), "give its file and media type")
		}
		there = append(there, i.Label)
	}
	for _, label := range used {
		if !slices.Contains(there, label) {
			return broken(fmt.Sprintf("an action uses the ingredient %q, which isn't there", label), "add it")
		}
	}
	if parents > 1 {
		return broken("it has two parents", "a picture is a later state of one; make the others inputs")
	}
	return nil
}

func (a Action) lint() error {
	switch {
	case slices.Contains(deprecated(), a.Action):
		return broken(a.Action+" is withdrawn", "use its successor in C2PA 2.x")
	case a.Action == "c2pa.opened" && a.SourceType != "":
		return broken("c2pa.opened has a digital source type", "leave it to the ingredient")
	case a.SourceType == "" && !slices.Contains(notEditorial(), a.Action):
		return broken(a.Action+" has no digital source type", "say what kind of edit it was")
	case a.SourceType != "" && !strings.HasPrefix(a.SourceType, sourceTypes):
		return broken(fmt.Sprintf("%q is no digital source type", a.SourceType), "use one of "+sourceTypes)
	case generative(a.SourceType) && (a.Software == nil || a.Software.Name == "") && a.Action != "c2pa.cropped":
		return broken(a.Action+" doesn't say which model was at work", "name the software agent")
	}
	for _, r := range a.Regions {
		if r.X < 0 || r.Y < 0 || r.Width <= 0 || r.Height <= 0 || r.X+r.Width > 100.001 || r.Y+r.Height > 100.001 {
			return broken(fmt.Sprintf("the region %v is no part of the picture", r), "give it in percent, from 0 to 100")
		}
	}
	for key := range a.Parameters {
		switch {
		case strings.EqualFold(key, "prompt") || strings.HasSuffix(strings.ToLower(key), ".prompt"):
			return broken("the parameter "+key+" would publish a prompt", "give its SHA-256")
		case strings.Count(key, ".") < 2:
			return broken("the parameter "+key+" stands under no name of its own", "write it as com.example."+key)
		}
	}
	return nil
}
