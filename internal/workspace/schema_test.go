package workspace

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

var update = flag.Bool("update", false, "write schemas/*.json anew")

// schemas are the files that editors read, each with the Go type that it is made from.
func schemaTypes() map[string]any {
	return map[string]any{"workspace": marker{}, "brief": art.Brief{}, "kit": brand.Kit{}, "style": brand.Style{}, "card": art.ModelCard{}, "guard": brand.PromptSet{}, "dataset": art.Dataset{}, "prices": priceList{}}
}

func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	for name, zero := range schemaTypes() {
		g := schemaMaker{defs: map[string]any{}, comments: comments(t, ".", "../art", "../brand")}
		root := g.object(reflect.TypeOf(zero))
		root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		root["title"] = "Presswerk " + name
		root["$defs"] = g.defs
		want, err := json.MarshalIndent(root, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		file := filepath.Join("schemas", name+".json")
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s is not up to date; run go test ./internal/workspace -run TestSchemas -update\n%s", file, d)
		}
	}
}

func TestTheExampleFitsTheSchemas(t *testing.T) {
	for pattern, name := range map[string]string{"example/presswerk.yaml": "workspace", "example/briefs/*.yaml": "brief", "example/brands/*/kit.yaml": "kit", "example/brands/*/guard.yaml": "guard", "example/styles/*.yaml": "style", "example/datasets/*/dataset.yaml": "dataset", "prices.yaml": "prices"} {
		schema := compile(t, name)
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(asJSON(t, data)); err != nil {
				t.Errorf("%s: %v", f, err)
			}
			if !bytes.Contains(data, []byte("# yaml-language-server: $schema=")) {
				t.Errorf("%s does not name its schema", f)
			}
		}
	}
}

func TestSchemasRefuseWhatTheReaderRefuses(t *testing.T) {
	good, err := os.ReadFile("example/briefs/breakfast-table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schema := compile(t, "brief")
	for name, change := range map[string][2]string{
		"unknown key": {"kpi:", "kpis:"}, "number for words": {"brand: morgenrot", "brand: 7"}, "wrong word": {"approval: auto", "approval: maybe"},
		"no list": {"channels: [web-gallery, newsletter, social]", "channels: web-gallery"}, "bad language": {"{en: egg, de: ein Ei}", "{en: egg, de: 3}"},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if name == "bad language" {
			continue // values of a matrix are free in the schema; plan reads them
		}
		if err := schema.Validate(asJSON(t, []byte(bad))); err == nil {
			t.Errorf("%s: the schema took it", name)
		}
		var b art.Brief
		d := decode("x.yaml", []byte(bad), &b)
		d.place(brand.CheckBrief(b, brand.Kit{}))
		if len(d.found) == 0 {
			t.Errorf("%s: the reader took it", name)
		}
	}
}

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("schemas", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// required are the keys without which a reader complains.
func required() map[string][]string {
	return map[string][]string{
		"marker": {"version"},
		"Brief":  {"title", "goal", "kpi", "brand", "channels", "languages", "run", "approval", "legal"},
		"KPI":    {"metric", "target"},
		"Axis":   {"field", "values"},
		"Kit":    {"name", "owner", "colours", "channels", "rubric", "rights"},
		"Owner":  {"name", "email"}, "Colour": {"name", "hex"}, "Channel": {"name", "title"}, "Print": {"width_mm", "height_mm"},
		"Gate": {"scorer"}, "Rights": {"creator", "credit", "copyright"}, "Style": {"version", "title"},
		"ModelCard": {"model", "kind"}, "PromptSet": {"prompts", "seeds"}, "FixedPrompt": {"name", "prompt"}, "Dataset": {"title"}, "DatasetPicture": {"file"},
		"Budget": {"currency"}, "priceList": {"tables"},
		"PriceTable": {"engine", "dated", "source", "currency", "prices"}, "Price": {"price"},
	}
}

// eitherOr are groups of keys, one of which a reader wants whole.
func eitherOr() map[string][][]string {
	return map[string][][]string{"Channel": {{"widths", "formats"}, {"print"}}}
}

// narrower says more about some fields than their Go type does.
func narrower() map[string]map[string]any {
	return map[string]map[string]any{
		"Brief.languages": {"items": map[string]any{"enum": brand.Languages()}, "minItems": 1},
		"Brief.channels":  {"minItems": 1}, "KPI.target": {"exclusiveMinimum": 0},
		"Finishing.smooth": {"minimum": 0, "maximum": 64},
		"Select.share":     {"minimum": 0, "maximum": 1}, "Select.count": {"minimum": 0}, "Axis.values": {"minItems": 1},
		"Colour.hex": {"pattern": "^#[0-9a-fA-F]{6}$"}, "Colour.role": {"enum": []string{"primary", "accent", "background", "neutral"}},
		"Channel.aspect": {"pattern": "^[1-9][0-9]{0,3}:[1-9][0-9]{0,3}$"}, "Channel.formats": {"items": map[string]any{"enum": brand.Formats()}, "minItems": 1},
		"Channel.widths": {"items": map[string]any{"type": "integer", "minimum": 16, "maximum": 8192}, "minItems": 1},
		"Print.width_mm": {"minimum": art.LeastPageMM, "maximum": art.MostPageMM}, "Print.height_mm": {"minimum": art.LeastPageMM, "maximum": art.MostPageMM},
		"Print.bleed_mm": {"minimum": 0, "maximum": art.MostBleedMM}, "Print.tac": {"minimum": art.LeastInk, "maximum": art.MostInk}, "Print.min_ppi": {"minimum": 30, "maximum": 2400},
		"Archive.format": {"enum": art.ArchiveFormats()}, "Archive.profile": {"enum": art.ArchiveProfiles()},
		"Print.intent": {"enum": art.PrintIntents()}, "Print.standard": {"enum": art.PrintStandards()},
		"Kit.mandatory": {"items": map[string]any{"enum": brand.MandatoryNames()}}, "Kit.prompt_in_files": {"enum": []string{"hash", "text"}},
		"Parameters.format": {"enum": []string{"png"}}, "Parameters.colour_profile": {"enum": []string{"srgb"}},
		"Parameters.noise_source": {"enum": []string{"cpu", "cuda"}}, "Style.parts": {"propertyNames": map[string]any{"enum": brand.PartNames()}},
		"marker.version": {"const": Format}, "Budget.currency": {"pattern": "^[A-Z]{3}$"}, "Budget.run": {"minimum": 0}, "Budget.day": {"minimum": 0}, "Budget.month": {"minimum": 0},
		"PriceTable.currency": {"pattern": "^[A-Z]{3}$"}, "PriceTable.dated": {"pattern": `^\d{4}-\d\d-\d\d`}, "PriceTable.prices": {"minItems": 1},
		"ClipBrief.seconds": {"minimum": 1, "maximum": 120}, "ClipBrief.fps": {"minimum": 0, "maximum": 120},
		"Price.price": {"minimum": 0}, "Price.size": {"pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"}, "Price.per": {"enum": []string{art.PerPicture, art.PerMegapixel, art.PerSecond}},
		"ModelCard.kind": {"enum": art.ModelKinds()}, "AIAct.gpai": {"enum": []string{"yes", "no", "unknown"}},
		"AIAct.role": {"enum": []string{"provider", "deployer", "both"}}, "Terms.commercial": {"enum": []string{"yes", "no", "unknown"}},
		"PromptSet.prompts": {"minItems": 2}, "PromptSet.seeds": {"minItems": 1}, "PromptSet.confidence": {"minimum": 0.5, "exclusiveMaximum": 1},
		"PromptSet.margins": {"additionalProperties": map[string]any{"type": "number", "exclusiveMinimum": 0}}, "FixedPrompt.name": {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
		"Dataset.people": {"enum": []string{art.PeopleNone, art.PeopleDepicted}}, "DatasetPicture.people": {"enum": []string{art.PeopleNone, art.PeopleDepicted}},
		"Usage.purpose": {"enum": []string{art.Commercial, art.NonCommercial}},
	}
}

// schemaMaker turns Go types into JSON Schema, with the sentences that stand beside their fields.
type schemaMaker struct {
	defs     map[string]any
	comments map[string]string // "Type.Field" → comment
}

func (g schemaMaker) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for f := range t.Fields() {
		key := keyOf(f)
		if key == "" {
			continue
		}
		s := g.of(f.Type)
		if c := g.comments[t.Name()+"."+f.Name]; c != "" {
			s["description"] = c
		}
		maps.Copy(s, narrower()[t.Name()+"."+key])
		properties[key] = s
	}
	o := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if r := required()[t.Name()]; r != nil {
		o["required"] = r
	}
	var groups []any
	for _, group := range eitherOr()[t.Name()] {
		groups = append(groups, map[string]any{"required": group})
	}
	if len(groups) > 0 {
		o["anyOf"] = groups
	}
	return o
}

func (g schemaMaker) of(t reflect.Type) map[string]any {
	text := map[string]any{"oneOf": []any{
		map[string]any{"type": "string"},
		map[string]any{"type": "object", "propertyNames": map[string]any{"pattern": languagePattern.String(), "not": map[string]any{"enum": []string{"words", "priority"}}}, "additionalProperties": map[string]any{"type": "string"}, "minProperties": 1},
	}}
	switch t {
	case reflect.TypeFor[art.Text]():
		return g.ref("Text", func() map[string]any { return text })
	case reflect.TypeFor[art.Part]():
		return g.ref("Part", func() map[string]any {
			return map[string]any{"oneOf": append(slices.Clone(text["oneOf"].([]any)), g.object(t))}
		})
	case reflect.TypeFor[art.Seed]():
		return map[string]any{"oneOf": []any{map[string]any{"type": "integer", "minimum": 0}, map[string]any{"type": "string", "pattern": "^[0-9]{1,19}$"}}}
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "pattern": `^\d{4}-\d\d-\d\d`}
	case reflect.TypeFor[art.RunKind]():
		return map[string]any{"enum": []art.RunKind{art.Exploration, art.Production}}
	case reflect.TypeFor[art.Approval]():
		return map[string]any{"enum": []art.Approval{art.ApprovalReview, art.ApprovalAuto}}
	case reflect.TypeFor[art.Priority]():
		return map[string]any{"enum": []art.Priority{art.PriorityLow, art.PriorityNormal, art.PriorityHigh, art.PriorityMust}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Struct:
		return g.ref(t.Name(), func() map[string]any { return g.object(t) })
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	default:
		return map[string]any{}
	}
}

func (g schemaMaker) ref(name string, make func() map[string]any) map[string]any {
	if _, there := g.defs[name]; !there {
		g.defs[name] = nil
		g.defs[name] = make()
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

// comments reads what the Go source says beside each field.
func comments(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						for _, name := range f.Names {
							found[spec.Name.Name+"."+name.Name] = strings.TrimSpace(f.Doc.Text() + f.Comment.Text())
						}
					}
				}
				return true
			})
		}
	}
	return found
}
