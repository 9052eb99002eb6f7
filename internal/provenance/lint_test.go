package provenance

import (
	"errors"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// Each of these the library would sign without a word.
func TestAClaimMustKeepTheRules(t *testing.T) {
	model := &Software{Name: "house"}
	made := Action{Action: "c2pa.created", SourceType: Generated, Software: model}
	parent := Ingredient{Label: "p", Parent: true, MIME: "image/png", Data: []byte("x")}
	opened := Action{Action: "c2pa.opened", Ingredients: []string{"p"}}
	input := Ingredient{Label: "i", MIME: "image/png", Data: []byte("x")}
	with := func(a Action, change func(*Action)) Action { change(&a); return a }
	parameter := func(key string) []Action {
		return []Action{with(made, func(a *Action) { a.Parameters = map[string]any{key: "x"} })}
	}
	for want, c := range map[string]Claim{
		"it has no actions":                       {},
		"c2pa.created has no digital source type": {Actions: []Action{{Action: "c2pa.created"}}},
		"c2pa.opened has no parent":               {Actions: []Action{{Action: "c2pa.opened"}}},
		"c2pa.opened has no parent ingredient":    {Actions: []Action{{Action: "c2pa.opened"}, {Action: "c2pa.transcoded", Ingredients: []string{"p"}}}, Ingredients: []Ingredient{parent}},
		"the first action is c2pa.edited":         {Actions: []Action{{Action: "c2pa.edited", SourceType: Composite, Software: model}}},
		"c2pa.saved is withdrawn":                 {Actions: []Action{made, {Action: "c2pa.saved"}}},
		"c2pa.edited has no digital source type":  {Actions: []Action{made, {Action: "c2pa.edited"}}},
		"would publish a prompt":                  {Actions: parameter("com.example.prompt")},
		"stands under no name of its own":         {Actions: parameter("seed")},
		"c2pa.created comes a second time":        {Actions: []Action{made, made}},
		"c2pa.created has a parent ingredient":    {Actions: []Action{with(made, func(a *Action) { a.Ingredients = []string{"p"} })}, Ingredients: []Ingredient{parent}},
		"doesn't say which model was at work":     {Actions: []Action{{Action: "c2pa.created", SourceType: Generated}}},
		"is no digital source type":               {Actions: []Action{with(made, func(a *Action) { a.SourceType = "generated" })}},
		"c2pa.opened has a digital source type":   {Actions: []Action{with(opened, func(a *Action) { a.SourceType = Generated })}, Ingredients: []Ingredient{parent}},
		`no action uses the ingredient "i"`:       {Actions: []Action{opened}, Ingredients: []Ingredient{parent, input}},
		`uses the ingredient "i", which isn't`:    {Actions: []Action{opened, {Action: "c2pa.transcoded", Ingredients: []string{"i"}}}, Ingredients: []Ingredient{parent}},
		"it has two parents":                      {Actions: []Action{with(opened, func(a *Action) { a.Ingredients = []string{"p", "i"} })}, Ingredients: []Ingredient{parent, {Label: "i", Parent: true, MIME: "image/png", Data: []byte("x")}}},
		`share the label "p"`:                     {Actions: []Action{opened}, Ingredients: []Ingredient{parent, parent}},
		`the ingredient "p" has no data`:          {Actions: []Action{opened}, Ingredients: []Ingredient{{Label: "p", Parent: true}}},
		"is no part of the picture":               {Actions: []Action{with(made, func(a *Action) { a.Regions = []Region{{X: 90, Width: 20, Height: 5}} })}},
	} {
		if err := c.Lint(); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := c.definition(); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s would be signed", want)
		}
	}
	if err := generated().Lint(); err != nil {
		t.Error(err)
	}
	good := Claim{
		Actions:     []Action{opened, {Action: "c2pa.edited", SourceType: Composite, Software: model, Ingredients: []string{"i"}, Regions: []Region{{10, 10, 30, 20}}}},
		Ingredients: []Ingredient{parent, input},
	}
	if err := good.Lint(); err != nil {
		t.Error(err)
	}
}
