package sdapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/infotext"
)

// The web UIs, which share one API.
const (
	automatic = "automatic1111"
	forge     = "forge"
	sdnext    = "sdnext"
)

// webServer is a web UI as it was found.
type webServer struct {
	e    *Engine
	kind string // which web UI
	vers string
	is   description
	sum  string // its signature

	checkpoints []checkpoint
	samplers    []string
	curves      []string
	upscalers   []string
	loras       []string
	embeddings  []string
	scripts     map[string][]string // those that may be added to a request, by the path of the request
	options     []string            // settings that a request may override
	controls    map[string]controlType
}

// checkpoint is a model that the server can load. Title is how requests name it.
type checkpoint struct {
	Title  string `json:"title"`
	Name   string `json:"model_name"`
	Hash   string `json:"hash"` // the beginning of SHA256, once the server has worked it out
	SHA256 string `json:"sha256"`
}

// controlType is a kind of control pictures: the networks for it and the one that is taken when nobody names one.
type controlType struct {
	Models   []string `json:"model_list"`
	Standard string   `json:"default_model"`
}

func newWeb(ctx context.Context, e *Engine, a wire.Answer) (*webServer, error) {
	w := &webServer{e: e}
	if err := e.client.Read(a, false, &w.is); err != nil {
		return nil, err
	}
	w.sum = w.is.signature()
	for _, path := range []string{textPath, modelsPath, "/sdapi/v1/samplers"} {
		if !w.is.has(path) {
			return nil, &wire.Error{Engine: e.o.Name, Message: "another program answers there (" + w.is.Info.Title + "), or a web UI without its API: " + path + " is missing; start the web UI with --api", Kind: art.ErrUnavailable}
		}
	}
	if err := w.recognise(ctx); err != nil {
		return nil, err
	}
	for _, read := range []func(context.Context) error{w.readLists, w.readExtras, w.readScripts, w.readControls} {
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// get asks for a path if the server has it.
func (w *webServer) get(ctx context.Context, path string, into any) error {
	bare, _, _ := strings.Cut(path, "?")
	if !w.is.has(bare) {
		return nil
	}
	err := w.e.client.JSON(ctx, http.MethodGet, path, nil, into)
	if absentPath(err) {
		return nil
	}
	return err
}

// recognise tells the web UIs apart by what only one of them has.
func (w *webServer) recognise(ctx context.Context) error {
	if w.is.has("/sdapi/v1/version") && w.is.has("/sdapi/v1/motd") {
		var said struct{ Commit, Hash, Updated string }
		w.kind = sdnext
		err := w.get(ctx, "/sdapi/v1/version", &said)
		w.vers = strings.Trim(said.Updated+"-"+said.Commit+said.Hash, "-")
		return err
	}
	var said struct{ Version string }
	if err := w.get(ctx, "/internal/sysinfo", &said); err != nil {
		return err
	}
	w.kind, w.vers = automatic, said.Version
	if strings.HasPrefix(said.Version, "f") || w.is.has("/sdapi/v1/sd-modules") {
		w.kind = forge
	}
	return nil
}

type named struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

func names(all []named) []string {
	var list []string
	for _, n := range all {
		list = append(list, n.Name)
	}
	return list
}

func (w *webServer) readLists(ctx context.Context) error {
	var steps, levels, networks, latent []named
	for _, list := range []struct {
		path string
		into any
	}{
		{modelsPath, &w.checkpoints},
		{"/sdapi/v1/samplers", &steps},
		{"/sdapi/v1/schedulers", &levels},
		{"/sdapi/v1/upscalers", &networks},
		{"/sdapi/v1/latent-upscale-modes", &latent},
	} {
		if err := w.get(ctx, list.path, list.into); err != nil {
			return err
		}
	}
	w.samplers, w.upscalers = names(steps), append(names(latent), names(networks)...)
	for _, l := range levels {
		w.curves = append(w.curves, l.Label)
	}
	return nil
}

func (w *webServer) readExtras(ctx context.Context) error {
	var loras []named
	var options map[string]json.RawMessage
	var embeddings struct{ Loaded, Skipped json.RawMessage }
	for path, into := range map[string]any{"/sdapi/v1/loras": &loras, "/sdapi/v1/options": &options, "/sdapi/v1/embeddings": &embeddings} {
		if err := w.get(ctx, path, into); err != nil {
			return err
		}
	}
	w.loras = names(loras)
	for key := range options {
		w.options = append(w.options, key)
	}
	var byName map[string]json.RawMessage
	if json.Unmarshal(embeddings.Loaded, &byName) == nil {
		for name := range byName {
			w.embeddings = append(w.embeddings, name)
		}
	} else if err := json.Unmarshal(embeddings.Loaded, &w.embeddings); err != nil {
		w.embeddings = nil // a form that isn't known offers none
	}
	slices.Sort(w.embeddings)
	return nil
}

func (w *webServer) readScripts(ctx context.Context) error {
	var all []struct {
		Name    string `json:"name"`
		Always  bool   `json:"is_alwayson"`
		Picture bool   `json:"is_img2img"`
	}
	if err := w.get(ctx, "/sdapi/v1/script-info", &all); err != nil {
		return err
	}
	w.scripts = map[string][]string{}
	for _, s := range all {
		path := textPath
		if s.Picture {
			path = picturePath
		}
		if s.Always && s.Name != "" && s.Name != controlScript {
			w.scripts[path] = append(w.scripts[path], s.Name)
		}
	}
	return nil
}

func (w *webServer) readControls(ctx context.Context) error {
	var said struct {
		Types map[string]controlType `json:"control_types"`
	}
	if err := w.get(ctx, "/controlnet/control_types", &said); err != nil {
		return err
	}
	w.controls = map[string]controlType{}
	for _, k := range kinds() {
		for label, t := range said.Types {
			t.Models = slices.DeleteFunc(slices.Clone(t.Models), func(m string) bool { return m == "None" })
			// "SoftEdge", and older ones "Scribble/Sketch"
			if own, _, _ := strings.Cut(label, "/"); strings.EqualFold(own, k.A1111) && len(t.Models) > 0 {
				w.controls[k.Ours] = t
			}
		}
	}
	return nil
}

func (w *webServer) product() string { return w.kind }
func (w *webServer) version() string { return w.vers }

func (w *webServer) still(ctx context.Context) error {
	var now description
	if err := w.e.client.JSON(ctx, http.MethodGet, describePath, nil, &now); err != nil {
		return err
	}
	if now.signature() != w.sum {
		return errChanged
	}
	var there []checkpoint
	if err := w.get(ctx, modelsPath, &there); err != nil {
		return err
	}
	if !slices.Equal(there, w.checkpoints) {
		return errChanged
	}
	return nil
}

func (w *webServer) models() []engine.Model {
	steps, _ := offered(infotext.SamplerNames(), web, w.samplers)
	fields := w.is.fields(textPath)
	has := func(name string) bool { _, ok := fields[name]; return ok }
	can := art.Capabilities{
		Modes: []string{art.ModeTextToImage}, Samplers: steps, Schedulers: w.levels(),
		MinSize: 64, MaxSize: 2048, SizeStep: 8, NativeWidth: standard(fields["width"]), NativeHeight: standard(fields["height"]), MaxSteps: 150,
		Seeds: true, Negative: has("negative_prompt"), Weights: true, Dialect: "a1111",
		TakesLoRAs: len(w.loras) > 0, LoRAs: adapters(w.loras), Embeddings: len(w.embeddings) > 0, Hires: has("enable_hr"), Tiling: has("tiling"), Refiner: has("refiner_checkpoint"),
	}
	if pictures := w.is.fields(picturePath); pictures["init_images"] != nil {
		can.Modes = append(can.Modes, art.ModeImageToImage)
		if pictures["mask"] != nil {
			can.Modes = append(can.Modes, art.ModeInpaint)
			can.OnlyMasked = pictures["inpaint_full_res_padding"] != nil
		}
	}
	for _, k := range kinds() {
		if _, ok := w.controls[k.Ours]; ok {
			can.Controls = append(can.Controls, k.Ours)
		}
	}
	for _, path := range []string{textPath, picturePath} {
		for _, s := range w.scripts[path] {
			if !slices.Contains(can.Options, s) {
				can.Options = append(can.Options, s)
			}
		}
	}
	var all []engine.Model
	for _, c := range w.checkpoints {
		can.Model = art.ModelRef{Name: c.Name, SHA256: c.SHA256}
		all = append(all, engine.Model{Capabilities: can})
	}
	return all
}

// levels are the curves: by their own field since 1.9, before by samplers whose names end with them.
func (w *webServer) levels() []string {
	if len(w.curves) > 0 {
		all, _ := offered(infotext.CurveNames(), web, w.curves)
		return all
	}
	all := []string{"normal"}
	for _, n := range infotext.CurveNames() {
		if n.Ours != "normal" && n.A1111 != "" && slices.ContainsFunc(w.samplers, func(s string) bool { return strings.HasSuffix(s, " "+n.A1111) }) {
			all = append(all, n.Ours)
		}
	}
	return all
}
