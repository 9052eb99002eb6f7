package provenance

import (
	"testing"

	"presswerk/internal/imaging"
)

// BenchmarkSign is what each rendition costs: signed anew with its master as the parent, without a time stamp.
func BenchmarkSign(b *testing.B) {
	l, id := library(b), identity(b)
	master, err := sign(b.Context(), l, id, "image/png", picture(b, imaging.PNG), generated())
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range []imaging.Format{imaging.JPEG, imaging.WebP, imaging.AVIF, imaging.PNG} {
		data := picture(b, f)
		claim := Claim{
			Title: "small", Generator: Software{"Presswerk", "test"},
			Actions:     []Action{{Action: "c2pa.opened", Ingredients: []string{"master"}}, {Action: "c2pa.resized.proportional"}, {Action: "c2pa.transcoded"}},
			Ingredients: []Ingredient{{Label: "master", Title: "the master", Parent: true, MIME: "image/png", Data: master}},
		}
		b.Run(string(f), func(b *testing.B) {
			var signed []byte
			for b.Loop() {
				if signed, err = sign(b.Context(), l, id, f.MIME(), data, claim); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(signed)-len(data)), "added-bytes")
		})
	}
}
