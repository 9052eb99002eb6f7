package judge

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// Networks that find and read text.
const (
	textFinder = "ppocrv6_tiny_det.onnx"
	textReader = "ppocrv6_tiny_rec.onnx"
)

// What the scorers of text take for text.
const (
	legible  = 0.5 // score of a line from which it counts as read
	alone    = 0.9 // of a single character, as round things look like one
	textlike = 0.6 // how surely something that can't be read is text all the same
)

// textScorers look at what is written in a picture.
func textScorers(n Networks) Panel {
	return Panel{fidelity{n}, textContrast{n}, unwantedText{n}, marks{n}}
}

// joinedSHA256 names several networks by their hashes; "" where one isn't here.
func joinedSHA256(n Networks, names ...string) string {
	sums := make([]string, len(names))
	for i, name := range names {
		if sums[i] = n.SHA256(name); sums[i] == "" {
			return ""
		}
	}
	return strings.Join(sums, "+")
}

// linesOf is what is written in a subject's picture; nobody may change it.
func linesOf(ctx context.Context, s Subject, n Networks) ([]vision.TextLine, error) {
	return of(s, "text", func() ([]vision.TextLine, error) {
		finder, err := n.Open(textFinder)
		if err != nil {
			return nil, err
		}
		reader, err := n.Open(textReader)
		if err != nil {
			return nil, err
		}
		return vision.ReadText(ctx, s.Picture, vision.TextNetworks{Finder: finder, Reader: reader})
	})
}

// isRead tells whether a line could be read.
func isRead(l vision.TextLine) bool {
	switch utf8.RuneCountInString(vision.FoldText(l.Text)) {
	case 0:
		return false
	case 1:
		return l.Score >= alone
	default:
		return l.Score >= legible
	}
}

// read are the lines that could be read.
func read(lines []vision.TextLine) (some []vision.TextLine) {
	for _, l := range lines {
		if isRead(l) {
			some = append(some, l)
		}
	}
	return some
}

func textBox(p *imaging.RGB, l vision.TextLine, label string, value float64) art.Box {
	x, y, w, h := l.Box(p)
	return art.Box{X: x, Y: y, Width: w, Height: h, Label: label, Value: round(value, 3)}
}

// fidelity is how much of the asked texts can be read in the picture.
type fidelity struct{ networks Networks }

// Name implements Scorer.
func (fidelity) Name() string { return "ocr" }

// Scale implements Scorer.
func (f fidelity) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(f.networks, textFinder, textReader), Unit: "share of characters", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How rightly the asked texts stand in the picture, read by a network: 1 is every character, 0 none; 1 too where none was asked for.",
		"de": "Wie richtig die verlangten Texte im Bild stehen, von einem Netz gelesen: 1 ist jedes Zeichen, 0 keines; auch 1, wo keiner verlangt war.",
	}}
}

// Depends implements Dependent.
func (fidelity) Depends(s Subject) (any, bool) { return s.Texts, true }

// Score implements Scorer.
func (f fidelity) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	lines, err := linesOf(ctx, s, f.networks)
	if err != nil {
		return 0, nil, err
	}
	seen := read(lines)
	e := &art.Evidence{Text: textOf(seen), Details: map[string]any{"asked": len(s.Texts), "lines": len(seen)}}
	for _, l := range seen {
		e.Boxes = append(e.Boxes, textBox(s.Picture, l, l.Text, l.Score))
	}
	if len(lines) > len(seen) {
		e.Details["illegible"] = len(lines) - len(seen)
	}
	if !asksForText(s) {
		e.Details["note"] = "no text was asked for, so none can be wrong; what is written all the same is told by unwanted_text"
		return 1, e, nil
	}
	w := wordingOf(s.Texts, seen)
	edits, letters, details := 0, 0, []map[string]any{}
	for _, m := range w.matches {
		edits, letters = edits+m.edits, letters+m.letters
		details = append(details, map[string]any{
			"asked": m.asked, "read": m.read, "same_case": m.sameCase,
			"character_error_rate": round(float64(m.edits)/float64(max(1, m.letters)), 4), "word_error_rate": round(m.wordErrors, 4),
		})
	}
	e.Details["texts"] = details
	return 1 - float64(edits)/float64(max(1, letters)), e, nil
}

// asksForText tells whether at least one character was asked for.
func asksForText(s Subject) bool {
	for _, t := range s.Texts {
		if vision.FoldText(t) != "" {
			return true
		}
	}
	return false
}

func textOf(lines []vision.TextLine) string {
	all := make([]string, len(lines))
	for i, l := range lines {
		all[i] = l.Text
	}
	return strings.Join(all, "\n")
}

// unwantedText is how much of the picture has text that nobody asked for.
type unwantedText struct{ networks Networks }

// Name implements Scorer.
func (unwantedText) Name() string { return "unwanted_text" }

// Scale implements Scorer.
func (u unwantedText) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(u.networks, textFinder, textReader), Unit: "share of area", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Share of the picture that is covered by words nobody asked for, or by signs that look like text and can't be read.",
		"de": "Anteil des Bildes mit Wörtern, die niemand verlangt hat, oder mit Zeichen, die wie Text aussehen und unlesbar sind.",
	}}
}

// Depends implements Dependent.
func (unwantedText) Depends(s Subject) (any, bool) { return s.Texts, true }

// Score implements Scorer.
func (u unwantedText) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	lines, err := linesOf(ctx, s, u.networks)
	if err != nil {
		return 0, nil, err
	}
	seen := read(lines)
	w := wordingOf(s.Texts, seen)
	e, words, characters, illegible := &art.Evidence{Details: map[string]any{}}, []string{}, 0, 0
	area := 0.0
	for i, l := range seen {
		unasked, share := w.unasked(i)
		if share == 0 {
			continue
		}
		area += share * l.Area()
		words = append(words, unasked...)
		text := strings.Join(unasked, " ")
		characters += len([]rune(vision.FoldText(text)))
		e.Boxes = append(e.Boxes, textBox(s.Picture, l, text, l.Score))
	}
	for _, l := range lines {
		if l.Score < legible && l.Found >= textlike {
			area, illegible = area+l.Area(), illegible+1
			e.Boxes = append(e.Boxes, textBox(s.Picture, l, "?", l.Found))
		}
	}
	e.Text = strings.Join(words, " ")
	e.Details["words"], e.Details["characters"], e.Details["illegible"] = len(words), characters, illegible
	if s.Texts == nil {
		e.Details["note"] = "nobody said which words belong in the picture, so all of them count"
	}
	return min(1, area/float64(s.Picture.Width*s.Picture.Height)), e, nil
}

// marks counts well-known marks that can be read in the picture and weren't asked for.
type marks struct{ networks Networks }

// Name implements Scorer.
func (marks) Name() string { return "marks" }

// Scale implements Scorer.
func (m marks) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(m.networks, textFinder, textReader), Unit: "marks", Low: 0, High: 10, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Names of well-known marks that can be read in the picture and were not asked for; logos without words are not seen.",
		"de": "Namen bekannter Marken, die im Bild zu lesen sind und nicht verlangt waren; Logos ohne Schrift werden nicht erkannt.",
	}}
}

// Depends implements Dependent.
func (marks) Depends(s Subject) (any, bool) { return s.Texts, true }

// Score implements Scorer.
func (m marks) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	lines, err := linesOf(ctx, s, m.networks)
	if err != nil {
		return 0, nil, err
	}
	seen := read(lines)
	asked := vision.FoldText(strings.Join(s.Texts, " "))
	e, names := &art.Evidence{}, []string{}
	for _, found := range vision.FindMarks(seen, vision.WellKnownMarks()) {
		if strings.Contains(asked, vision.FoldText(found.Mark)) {
			continue
		}
		names = append(names, found.Mark)
		l := seen[found.Line]
		e.Boxes = append(e.Boxes, textBox(s.Picture, l, fmt.Sprintf("%s (read: %s)", found.Mark, found.Read), l.Score))
	}
	e.Text = strings.Join(names, ", ")
	return float64(len(names)), e, nil
}
