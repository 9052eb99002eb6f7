package sdapi

import (
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// kinds are the kinds of control pictures, several of which one network may take, under the names of the ControlNet extension's control types.
//
// Source: sd-webui-controlnet scripts/supported_preprocessor.py, tags.
func kinds() []infotext.Name {
	return []infotext.Name{
		{Ours: "canny", A1111: "Canny"},
		{Ours: "depth", A1111: "Depth"},
		{Ours: "mlsd", A1111: "MLSD"},
		{Ours: "openpose", A1111: "OpenPose"},
		{Ours: "openpose-full", A1111: "OpenPose"},
		{Ours: "openpose-face", A1111: "OpenPose"},
		{Ours: "openpose-hand", A1111: "OpenPose"},
		{Ours: "scribble", A1111: "Scribble"},
		{Ours: "scribble-xdog", A1111: "Scribble"},
		{Ours: "hed", A1111: "SoftEdge"},
		{Ours: "lineart", A1111: "Lineart"},
		{Ours: "lineart-dog", A1111: "Lineart"},
		{Ours: "segmentation", A1111: "Segmentation"},
		{Ours: "normal", A1111: "NormalMap"},
		{Ours: "tile", A1111: "Tile"},
		{Ours: "shuffle", A1111: "Shuffle"},
	}
}

func web(n infotext.Name) string { return n.A1111 }
func cpp(n infotext.Name) string { return n.SDCPP }

// offered gives our names of what a server lists, in the table's order, with the server's own spelling.
func offered(table []infotext.Name, theirs func(infotext.Name) string, listed []string) (names []string, spelling map[string]string) {
	spelling = map[string]string{}
	for _, n := range table {
		i := slices.IndexFunc(listed, func(l string) bool { return theirs(n) != "" && strings.EqualFold(l, theirs(n)) })
		if _, known := spelling[n.Ours]; i >= 0 && !known {
			names = append(names, n.Ours)
			spelling[n.Ours] = listed[i]
		}
	}
	return names, spelling
}

// upscaler finds what a server calls an upscaler: by the table, or by its own name.
func upscaler(ours string, theirs func(infotext.Name) string, listed []string) (string, bool) {
	_, spelling := offered(infotext.UpscalerNames(), theirs, listed)
	if s, ok := spelling[ours]; ok {
		return s, true
	}
	i := slices.IndexFunc(listed, func(l string) bool { return l == ours })
	return ours, i >= 0 && ours != ""
}

// adapters are LoRA of which a server tells the names alone.
func adapters(names []string) []art.Adapter {
	var all []art.Adapter
	for _, n := range names {
		all = append(all, art.Adapter{Name: n})
	}
	return all
}
