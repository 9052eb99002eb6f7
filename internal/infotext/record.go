package infotext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Source names the tool whose text it is.
type Source string

// The tools. EXIF is a text of an unknown one.
const (
	A1111      Source = "a1111"
	ComfyUI    Source = "comfyui"
	SwarmUI    Source = "swarmui"
	InvokeAI   Source = "invokeai"
	Midjourney Source = "midjourney"
	EXIF       Source = "exif"
)

// Sources lists the tools whose text can be written.
func Sources() []Source { return []Source{A1111, ComfyUI, SwarmUI, InvokeAI, Midjourney} }

// What is read is bounded. Graphs of a few hundred nodes have some 100 KB, the web UI's texts a few, Midjourney takes
// some 6000 letters.
const (
	maxText   = 16 << 20
	maxPrompt = 1 << 20
	maxWords  = 64 << 10
)

func tooLong(text string, limit int) error {
	return fmt.Errorf("infotext: a text of %d bytes, and %d are the limit: %w", len(text), limit, art.ErrInvalid)
}

// maxSide bounds width and height; larger numbers are taken for a mistake and kept as text.
const maxSide = 1 << 20

// Entry is a name with a value, both as they stood.
type Entry struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Record is what a text says.
type Record struct {
	Source Source     `json:"source"`
	Recipe art.Recipe `json:"recipe"`
	// Missing says what the text does not tell but the recipe needs to give the same picture, such as "model sha256".
	// What belongs to one of several things has its name behind a colon: "lora sha256: toy".
	Missing []string `json:"missing"`
	// Kept holds, word for word, what has no place in a recipe or was not understood.
	Kept []Entry `json:"kept,omitempty"`
	// Notes says where the recipe only comes near to what the tool did. They are keys of sentences.
	Notes []string `json:"notes,omitempty"`
}

// Notes that a record may carry.
const (
	NoteWeights   = "weights"    // ComfyUI and SwarmUI weigh words without restoring the mean
	NoteCompel    = "compel"     // InvokeAI's syntax of weights is not read
	NoteCaption   = "caption"    // the prompt may be a caption
	NoteFileName  = "file-name"  // the prompt comes from the file's name, which is cut
	NoteSteps     = "steps"      // ComfyUI counts only the steps that are walked; the recipe counts all of them
	NoteSizes     = "hires-size" // the second pass had another aspect than the first
	NoteSecond    = "also"       // the file has texts of other tools too
	NoteWorkflow  = "workflow"   // only the editor's workflow is there, not the graph that ran
	NoteUniPC     = "unipc"      // A1111's has another variant and order
	NoteDiscarded = "sigmas"     // DPM2 and DPM++ 3M SDE leave out the last but one noise level there
)

func (r *Record) keep(name, value string) { r.Kept = append(r.Kept, Entry{name, value}) }

func (r *Record) note(key string) {
	if !slices.Contains(r.Notes, key) {
		r.Notes = append(r.Notes, key)
	}
}

// kept finds an entry; "" when there is none.
func (r *Record) kept(name string) (string, bool) {
	for _, e := range r.Kept {
		if e.Name == name {
			return e.Value, true
		}
	}
	return "", false
}

// reading is a record in the making.
type reading struct {
	Record
	seed, guidance bool // the text says them; their zero values say nothing
}

func newReading(s Source) *reading {
	r := &reading{Record: Record{Source: s, Missing: []string{}}}
	r.Recipe.Mode, r.Recipe.Engine = art.ModeTextToImage, "local"
	return r
}

// done lists what is missing and hands the record out.
func (r *reading) done() Record {
	p := &r.Recipe
	miss := func(absent bool, what string) {
		if absent {
			r.Missing = append(r.Missing, what)
		}
	}
	of := func(what, name string) string { return strings.TrimSuffix(what+": "+name, ": ") }
	diffusion := r.Source != Midjourney
	miss(p.Prompt == "" && diffusion, "prompt")
	miss(p.Model.Name == "" && p.Model.SHA256 == "" && diffusion, "model name")
	miss(p.Model.SHA256 == "" && diffusion, "model sha256")
	miss(p.Refiner != nil && p.Refiner.SHA256 == "", "refiner sha256")
	miss(p.Width == 0 || p.Height == 0, "size")
	miss(p.Steps == 0 && diffusion, "steps")
	miss(!r.guidance && diffusion, "guidance scale")
	miss(p.Sampler == "" && diffusion, "sampler")
	miss(p.Scheduler == "" && diffusion, "scheduler")
	miss(!r.seed, "seed")
	miss(p.Mode != art.ModeTextToImage && p.InitImage == "", "init picture")
	miss(p.Mode == art.ModeInpaint && p.MaskImage == "", "mask picture")
	for _, l := range p.LoRAs {
		miss(l.SHA256 == "", of("lora sha256", l.Name))
	}
	for _, e := range p.Embeddings {
		miss(e.SHA256 == "", of("embedding sha256", e.Name))
	}
	for _, c := range p.Controls {
		miss(c.Image == "", of("control picture", c.Kind))
		miss(c.Model.SHA256 == "", of("control sha256", c.Kind))
	}
	for _, c := range p.References {
		miss(c.Image == "", of("reference picture", c.Kind))
	}
	if h := p.Hires; h != nil {
		miss(h.UpscalerSHA256 == "" && h.Upscaler != "" && !computed(h.Upscaler), of("upscaler sha256", h.Upscaler))
	}
	return r.Record
}

// computed says whether an upscaler is arithmetic rather than a network.
func computed(upscaler string) bool {
	return slices.Contains([]string{"latent", "latent-nearest", "lanczos"}, upscaler)
}

// Read takes the texts of a picture, or a bare text, for what they are. What no tool is known to have written gives
// art.ErrNotFound, a text that breaks off or says nonsense art.ErrInvalid.
func Read(p Picture) (Record, error) {
	for _, e := range p.Texts {
		if len(e.Value) > maxText {
			return Record{}, tooLong(e.Value, maxText)
		}
	}
	found := p.find()
	if len(found) == 0 {
		return Record{}, fmt.Errorf("infotext: no text here says how the picture was made: %w", art.ErrNotFound)
	}
	var first error
	for i, c := range found {
		if first != nil && c.source == EXIF {
			break // what a tool wrote and nobody can read is no caption
		}
		r, err := c.read()
		if err != nil {
			first = errors.Join(first, err)
			continue
		}
		for _, also := range found[i+1:] {
			if also.source != r.Source && also.source != EXIF {
				r.note(NoteSecond)
			}
		}
		return r, nil
	}
	return Record{}, first
}

// Write gives the text in which a tool would have kept the recipe. Entries kept from the same tool go along, so that
// reading a text and writing it again loses nothing. A mode that the tool's text cannot say gives art.ErrUnsupported.
func Write(r Record, as Source) (string, error) {
	if r.Source != as {
		r.Kept = nil
	}
	switch as {
	case A1111:
		return writeA1111(r)
	case ComfyUI:
		return writeComfyUI(r)
	case SwarmUI:
		return writeSwarmUI(r)
	case InvokeAI:
		return writeInvokeAI(r)
	case Midjourney:
		return writeMidjourney(r)
	default:
		return "", art.Unsupported("as", fmt.Sprintf("nobody knows how %q writes a recipe", as), fmt.Sprintf("use one of %v", Sources()))
	}
}

// Parse reads one bare text of a tool, as Write writes it.
func Parse(text string, as Source) (Record, error) {
	if len(text) > maxText {
		return Record{}, tooLong(text, maxText)
	}
	switch as {
	case A1111:
		return parseA1111(text)
	case ComfyUI:
		return parseComfyUI(text)
	case SwarmUI:
		return parseSwarmUI(text)
	case InvokeAI:
		return parseInvokeAI(text)
	case Midjourney:
		return parseMidjourney(text)
	default:
		return Record{}, art.Unsupported("source", fmt.Sprintf("nobody knows how %q writes a recipe", as), fmt.Sprintf("use one of %v", Sources()))
	}
}

// Lost names the recipe's fields that come back otherwise when they are written as a tool's text and read again. Batch is
// no part of a picture's identity and not looked at.
func Lost(r art.Recipe, as Source) ([]string, error) {
	text, err := Write(Record{Recipe: r}, as)
	if err != nil {
		return nil, err
	}
	back, err := Parse(text, as)
	if err != nil {
		return nil, err
	}
	before, err := fields(r)
	if err != nil {
		return nil, err
	}
	after, err := fields(back.Recipe)
	if err != nil {
		return nil, err
	}
	lost := []string{}
	maps.Copy(after, missingFrom(before, after))
	for name, value := range after {
		if !bytes.Equal(value, before[name]) {
			lost = append(lost, name)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// missingFrom gives what stands in one map only, as absent in the other.
func missingFrom(before, after map[string]json.RawMessage) map[string]json.RawMessage {
	gone := map[string]json.RawMessage{}
	for name := range before {
		if _, there := after[name]; !there {
			gone[name] = nil
		}
	}
	return gone
}

// fields are a recipe's canonical values by name. Values that mean the same are written alike.
func fields(r art.Recipe) (map[string]json.RawMessage, error) {
	if r.NoiseSource == "" {
		r.NoiseSource = "cpu"
	}
	r.Engine, r.EngineVersion = "", ""
	data, err := r.Canonical()
	if err != nil {
		return nil, fmt.Errorf("infotext: %w", err)
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("infotext: reading a recipe back: %w", err)
	}
	return all, nil
}
