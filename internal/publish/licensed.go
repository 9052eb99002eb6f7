package publish

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// Generated tells whether pages have to call an asset generated: all that was made here, and of what came from elsewhere, what its
// licence says so of.
func Generated(a art.Asset) bool {
	return a.License == nil || strings.HasSuffix(a.License.SourceType, "/trainedAlgorithmicMedia") || strings.HasSuffix(a.License.SourceType, "/compositeWithTrainedAlgorithmicMedia")
}

// lead is the sentence about an asset's making.
func lead(a art.Asset, w words) string {
	text := disclosed(a, w)
	if l := a.License; l != nil {
		text = fmt.Sprintf(w["licensed"], l.Source)
		if Generated(a) {
			text += " " + disclosed(a, w)
		}
	}
	return text
}

// licensing is the table of how a licensed asset came here. Numbers of orders and contracts stay inside.
func licensing(a art.Asset, w words) []row {
	l := a.License
	return []row{{w["licensor"], l.Source}, {w["creator"], l.Creator}, {w["kind"], l.Kind}, {w["finishing"], finishing(a)}, {w["approved"], approval(a, w)}}
}

// sourceType is the asset's digital source type in schema.org's words, "" where nobody knows.
//
// Source: schema.org/IPTCDigitalSourceEnumeration.
func sourceType(a art.Asset) string {
	name := "trainedAlgorithmicMedia"
	if a.License != nil {
		name = a.License.SourceType[strings.LastIndex(a.License.SourceType, "/")+1:]
	}
	known := map[string]string{
		"trainedAlgorithmicMedia": "TrainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia": "CompositeWithTrainedAlgorithmicMedia",
		"digitalCapture": "DigitalCapture", "computationalCapture": "MultiFrameComputationalCapture", "negativeFilm": "NegativeFilm", "positiveFilm": "PositiveFilm",
		"print": "Print", "humanEdits": "MinorHumanEdits", "algorithmicallyEnhanced": "AlgorithmicallyEnhanced", "digitalCreation": "DigitalArt",
		"composite": "CompositeCapture", "compositeCapture": "CompositeCapture", "compositeSynthetic": "CompositeSynthetic", "screenCapture": "ScreenCapture",
		"virtualRecording": "VirtualRecording", "algorithmicMedia": "AlgorithmicMedia", "dataDrivenMedia": "DataDrivenMedia",
	}[name]
	if known == "" {
		return ""
	}
	return "https://schema.org/" + known + "DigitalSource"
}
