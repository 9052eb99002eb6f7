package judge

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// Networks that look for people. Those of control pictures lie in a folder of their own.
const (
	nsfwNetwork = "open_nsfw.onnx"
	faceFinder  = "../control/face_detection_short_range.tflite"
	faceMesh    = "../control/face_landmark.tflite"
	palmFinder  = "palm_detection_full.tflite"
	handJoints  = "../control/hand_landmark_full.tflite"
	bodyFinder  = "../control/pose_detection.tflite"
	bodyJoints  = "../control/pose_landmark_full.tflite"
)

// peopleScorers look for people, how they are made, and what may not be shown of them.
func peopleScorers(n Networks) Panel {
	return Panel{nsfw{n}, people{n}, faces{n}, hands{n}, limbs{n}}
}

// openAll opens networks in their order.
func openAll(n Networks, names ...string) ([]vision.Runner, error) {
	all := make([]vision.Runner, len(names))
	for i, name := range names {
		r, err := n.Open(name)
		if err != nil {
			return nil, err
		}
		all[i] = r
	}
	return all, nil
}

// What the scorers of people tell of a face by.
const (
	faceToKnow  = 40  // pixels from brows to chin from which a person can be recognised, from the side as well
	faceFrontal = 0.5 // how frontal a face is that looks at us
)

// facesOf are a subject's faces; nobody may change them.
func facesOf(ctx context.Context, s Subject, n Networks) ([]vision.Face, error) {
	return of(s, "faces", func() ([]vision.Face, error) {
		r, err := openAll(n, faceFinder, faceMesh)
		if err != nil {
			return nil, err
		}
		all, err := vision.Faces(ctx, s.Picture, r[0], r[1])
		var some []vision.Face
		for _, f := range all {
			if f.Sure() {
				some = append(some, f)
			}
		}
		return some, err
	})
}

// FindFaces gives the boxes of the faces that scorers see, from brows to chin, the surest first.
func FindFaces(ctx context.Context, p *imaging.RGB, n Networks) ([]art.Box, error) {
	all, err := facesOf(ctx, Subject{Picture: p}, n)
	boxes := make([]art.Box, len(all))
	for i, f := range all {
		x, y, w, h := f.Box(p)
		boxes[i] = art.Box{X: x, Y: y, Width: w, Height: h, Label: "face", Value: round(f.Score, 3)}
	}
	return boxes, err
}

// nsfw is how likely a picture is pornographic.
type nsfw struct{ networks Networks }

// Name implements Scorer.
func (nsfw) Name() string { return "nsfw" }

// Scale implements Scorer.
func (s nsfw) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(s.networks, nsfwNetwork), Unit: "likelihood", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How likely the picture is pornographic: below 0.2 it hardly is, above 0.8 it is, a person must look at what lies between. Violence and drawings are not seen.",
		"de": "Wie wahrscheinlich das Bild pornografisch ist: unter 0,2 kaum, über 0,8 ja, dazwischen muss ein Mensch hinsehen. Gewalt und Zeichnungen werden nicht erkannt.",
	}}
}

// Score implements Scorer.
func (s nsfw) Score(ctx context.Context, subject Subject) (float64, *art.Evidence, error) {
	network, err := s.networks.Open(nsfwNetwork)
	if err != nil {
		return 0, nil, err
	}
	v, err := vision.NSFW(ctx, subject.Picture, network)
	return v, &art.Evidence{Details: map[string]any{"safe_below": 0.2, "unsafe_above": 0.8}}, err
}

// people counts faces by which somebody could be recognised.
type people struct{ networks Networks }

// Name implements Scorer.
func (people) Name() string { return "people" }

// Scale implements Scorer.
func (p people) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(p.networks, faceFinder, faceMesh), Unit: "people", Low: 0, High: 10, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Faces large enough to recognise somebody by: real people need a model release, made-up ones must not look like somebody real.",
		"de": "Gesichter, groß genug, um jemanden zu erkennen: Echte Menschen brauchen eine Freigabe, erfundene dürfen niemandem gleichen.",
	}}
}

// Score implements Scorer.
func (p people) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	all, err := facesOf(ctx, s, p.networks)
	if err != nil {
		return 0, nil, err
	}
	e, frontal := &art.Evidence{}, 0
	for _, f := range all {
		x, y, w, h := f.Box(s.Picture)
		if len(f.Mesh) == 0 || h < faceToKnow {
			continue
		}
		label := "face"
		if f.Look(s.Picture).Frontal >= faceFrontal {
			frontal, label = frontal+1, "face, frontal"
		}
		e.Boxes = append(e.Boxes, art.Box{X: x, Y: y, Width: w, Height: h, Label: label, Value: round(f.Score, 3)})
	}
	e.Details = map[string]any{"faces": len(all), "frontal": frontal, "at_least_px": faceToKnow}
	return float64(len(e.Boxes)), e, nil
}

// faces is how much the strangest face looks like one.
type faces struct{ networks Networks }

// Name implements Scorer.
func (faces) Name() string { return "faces" }

// Scale implements Scorer.
func (f faces) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(f.networks, faceFinder, faceMesh), Unit: "plausibility", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How well made the strangest face is: parts where they belong, eyes alike; 1 where there is no face. Strange teeth, skin and looks are not seen.",
		"de": "Wie stimmig das seltsamste Gesicht ist: Teile an ihrem Ort, Augen gleich; 1 ohne Gesicht. Seltsame Zähne, Haut und Blicke werden nicht erkannt.",
	}}
}

// Score implements Scorer.
func (f faces) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	all, err := facesOf(ctx, s, f.networks)
	if err != nil {
		return 0, nil, err
	}
	e := &art.Evidence{Details: map[string]any{"faces": len(all)}}
	if len(all) == 0 {
		e.Details["note"] = "no face was found"
	}
	lowest := 1.0
	for _, one := range all {
		v, why := faceValue(one, one.Look(s.Picture))
		lowest = min(lowest, v)
		x, y, w, h := one.Box(s.Picture)
		e.Boxes = append(e.Boxes, art.Box{X: x, Y: y, Width: w, Height: h, Label: why, Value: round(v, 3)})
	}
	return lowest, e, nil
}

// faceValue is how plausible a face is, and what speaks most against it. Photographs of faces that were tried had parts that
// lie apart by up to 0.12 and eyes that correlate by 0.65 and more.
func faceValue(f vision.Face, l vision.FaceLook) (v float64, why string) {
	const (
		apart, farApart = 0.15, 0.35
		alike, unlike   = 0.5, 0.0
	)
	if len(f.Mesh) == 0 {
		return 0, "like a face, and none"
	}
	v, why = 1, "face"
	if k := ramp(l.Apart, farApart, apart); k < v {
		v, why = k, "parts of the face out of place"
	}
	if k := ramp(l.Alike, unlike, alike); l.Compared && k < v {
		v, why = k, "eyes unlike each other"
	}
	return v, why
}

// ramp is 0 at from, 1 at to, in between on a straight line, and so beyond.
func ramp(v, from, to float64) float64 {
	return min(max((v-from)/(to-from), 0), 1)
}

// hands is how much the strangest hand looks like one.
type hands struct{ networks Networks }

// Name implements Scorer.
func (hands) Name() string { return "hands" }

// Scale implements Scorer.
func (h hands) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(h.networks, palmFinder, handJoints), Unit: "plausibility", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How well made the strangest hand is; 1 where there is no hand. The network always sees five fingers: a sixth is found only beside an open hand's, a missing or grown-together one never.",
		"de": "Wie stimmig die seltsamste Hand ist; 1 ohne Hand. Das Netz sieht immer fünf Finger: Ein sechster fällt nur neben denen einer offenen Hand auf, ein fehlender oder verwachsener nie.",
	}}
}

// handsOf are a subject's hands; nobody may change them.
func handsOf(ctx context.Context, s Subject, n Networks) ([]vision.Hand, error) {
	return of(s, "hands", func() ([]vision.Hand, error) {
		r, err := openAll(n, palmFinder, handJoints)
		if err != nil {
			return nil, err
		}
		return vision.HandsIn(ctx, s.Picture, r[0], r[1])
	})
}

// Score implements Scorer.
func (h hands) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	all, err := handsOf(ctx, s, h.networks)
	if err != nil {
		return 0, nil, err
	}
	e := &art.Evidence{Details: map[string]any{"hands": len(all)}}
	if len(all) == 0 {
		e.Details["note"] = "no hand was found"
	}
	const doubtful, sure, withExtra = 0.5, 0.8, 0.2
	lowest := 1.0
	for _, one := range all {
		v, why := ramp(one.Score, doubtful, sure), "hand"
		if v < 1 {
			why = "hardly a hand"
		}
		if n := one.Extra(s.Picture); n > 0 {
			v, why = min(v, withExtra), fmt.Sprintf("%d fingers?", 5+n)
		}
		lowest = min(lowest, v)
		x, y, w, h := one.Box(s.Picture)
		e.Boxes = append(e.Boxes, art.Box{X: x, Y: y, Width: w, Height: h, Label: why, Value: round(v, 3)})
	}
	return lowest, e, nil
}

// limbs is how well the parts of bodies fit together.
type limbs struct{ networks Networks }

// Name implements Scorer.
func (limbs) Name() string { return "limbs" }

// Scale implements Scorer.
func (l limbs) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(l.networks, bodyFinder, bodyJoints, faceFinder, faceMesh, palmFinder, handJoints), Unit: "plausibility", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Whether limbs are in proportion and hands no more than people have; 1 where nobody is seen. The network always sees two arms and two legs: a third is found only by its hand.",
		"de": "Ob Gliedmaßen im Verhältnis stehen und es nicht mehr Hände gibt, als Menschen haben; 1 ohne Menschen. Das Netz sieht immer zwei Arme und Beine: Ein drittes fällt nur durch seine Hand auf.",
	}}
}

// posesOf are a subject's bodies; nobody may change them.
func posesOf(ctx context.Context, s Subject, n Networks) ([]vision.Pose, error) {
	return of(s, "poses", func() ([]vision.Pose, error) {
		r, err := openAll(n, bodyFinder, bodyJoints)
		if err != nil {
			return nil, err
		}
		return vision.Poses(ctx, s.Picture, vision.PoseNetworks{Person: r[0], Body: r[1]})
	})
}

// Score implements Scorer.
func (l limbs) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	bodies, err := posesOf(ctx, s, l.networks)
	if err != nil {
		return 0, nil, err
	}
	found, err := handsOf(ctx, s, l.networks)
	if err != nil {
		return 0, nil, err
	}
	heads, err := facesOf(ctx, s, l.networks)
	if err != nil {
		return 0, nil, err
	}
	e, lowest := &art.Evidence{}, 1.0
	for _, body := range bodies {
		v, box, ok := proportion(body.Limbs())
		if ok && v < 1 {
			lowest, e.Boxes = min(lowest, v), append(e.Boxes, box)
		}
	}
	somebody := max(len(bodies), len(heads))
	if somebody > 0 && len(found) > 2*somebody {
		lowest = 0
		for _, h := range found {
			x, y, w, high := h.Box(s.Picture)
			e.Boxes = append(e.Boxes, art.Box{X: x, Y: y, Width: w, Height: high, Label: "one of too many hands", Value: round(h.Score, 3)})
		}
	}
	e.Details = map[string]any{"bodies": len(bodies), "faces": len(heads), "hands": len(found)}
	if somebody == 0 {
		e.Details["note"] = "nobody was found"
	}
	return lowest, e, nil
}

// proportion compares the part of a body that belongs to the tallest person with the next tallest: up to half as tall again
// is what perspective does, twice as tall is no human. One part alone says nothing.
func proportion(parts []vision.Limb) (v float64, box art.Box, ok bool) {
	const usual, inhuman = 1.5, 2.0
	if len(parts) < 3 {
		return 1, box, false
	}
	tallest, next := 0, 0.0
	for i, p := range parts {
		if p.Height > parts[tallest].Height {
			tallest = i
		}
	}
	for i, p := range parts {
		if i != tallest {
			next = max(next, p.Height)
		}
	}
	p := parts[tallest]
	v = ramp(p.Height/max(next, 1e-9), inhuman, usual)
	left, top := math.Min(p.From[0], p.To[0]), math.Min(p.From[1], p.To[1])
	return v, art.Box{
		X: int(left), Y: int(top), Width: int(math.Abs(p.From[0] - p.To[0])), Height: int(math.Abs(p.From[1] - p.To[1])),
		Label: p.Name + " too long", Value: round(v, 3),
	}, true
}
