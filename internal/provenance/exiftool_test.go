package provenance

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// full has every field.
func full() Metadata {
	return Metadata{
		Title: art.Text{"en": "Red apple", "de": "Roter Apfel"}, Description: art.Text{"en": "A red apple on a table", "de": "Ein roter Apfel auf einem Tisch"},
		Alt:     art.Text{"en": "A red apple", "de": "Ein roter Apfel – glänzend"},
		Creator: "Müller & Söhne", Credit: "Müller <Söhne>", Copyright: "© 2026 Müller", WebStatement: "https://example.com/licence?a=1&b=2",
		LicensorName: "Müller", LicensorURL: "https://example.com/buy", SourceType: Generated, System: "house", SystemVersion: "1",
		Prompt: "sha256:" + strings.Repeat("ab", 32), PromptWriter: "Anna", DataMining: "DMI-PROHIBITED-AIMLTRAINING", Keywords: []string{"apple", "Äpfel"},
		AIGC: AIGC{Label: "1", Producer: "Müller & Söhne", ProduceID: "a1b2"},
	}
}

// withMetadata is a file of a kind that says all that there is to say, and the same one without a word.
func withMetadata(t testing.TB, f imaging.Format) (told, silent []byte) {
	t.Helper()
	p, err := imaging.NewRGB(96, 64)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = uint8(i * 7 / 5)
	}
	for _, xmp := range [][]byte{nil, full().Packet()} {
		if told, err = imaging.Encode(p, imaging.Encoding{Format: f, Quality: 80, Effort: 1, XMP: xmp}); err != nil {
			t.Fatal(err)
		}
		if xmp == nil {
			silent = told
		}
	}
	if f == imaging.JPEG {
		if told, err = WithIIM(told, full()); err != nil {
			t.Fatal(err)
		}
	}
	return told, silent
}

// told are the fields as exiftool names them, with what it reads.
func told() map[string]string {
	return map[string]string{
		"XMP-TC260:Aigc":                `{"Label":"1","ContentProducer":"Müller \u0026 Söhne","ProduceID":"a1b2","ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}`,
		"XMP-iptcExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "XMP-iptcExt:AISystemUsed": "house",
		"XMP-iptcExt:AISystemVersionUsed": "1", "XMP-iptcExt:AIPromptInformation": "sha256:" + strings.Repeat("ab", 32), "XMP-iptcExt:AIPromptWriterName": "Anna",
		"XMP-plus:DataMining": "Prohibited for AI/ML training", "XMP-dc:Creator": "[Müller & Söhne]", "XMP-photoshop:Credit": "Müller <Söhne>", "XMP-dc:Rights": "© 2026 Müller",
		"XMP-xmpRights:WebStatement": "https://example.com/licence?a=1&b=2", "XMP-xmpRights:Marked": "true", "XMP-plus:Licensor": "[map[LicensorName:Müller LicensorURL:https://example.com/buy]]",
		"XMP-iptcCore:AltTextAccessibility": "A red apple", "XMP-iptcCore:AltTextAccessibility-de": "Ein roter Apfel – glänzend", "XMP-iptcCore:AltTextAccessibility-en": "A red apple",
		"XMP-dc:Title": "Red apple", "XMP-dc:Title-de": "Roter Apfel", "XMP-dc:Description-de": "Ein roter Apfel auf einem Tisch", "XMP-dc:Subject": "[apple Äpfel]",
	}
}

// Exiftool finds nothing wrong and reads every field by its name, in every kind of file, and no pixel has changed.
func TestExiftoolReadsEveryFieldOfEveryKindOfFile(t *testing.T) {
	l, id, dir := library(t), identity(t), t.TempDir()
	var files []string
	for _, f := range []imaging.Format{imaging.PNG, imaging.JPEG, imaging.WebP, imaging.AVIF} {
		said, silent := withMetadata(t, f)
		signed, err := sign(t.Context(), l, id, f.MIME(), said, generated())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pixels(t, signed), pixels(t, silent)) {
			t.Errorf("%s: metadata have changed pixels", f)
		}
		files = append(files, filepath.Join(dir, "x."+f.Extension()))
		if err := os.WriteFile(files[len(files)-1], signed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	film, err := WithXMP(mp4(t), full().Packet())
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(dir, "x.mp4"))
	if err := os.WriteFile(files[len(files)-1], film, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tags := range testkit.Tags(t, files...) {
		name := filepath.Base(tags["SourceFile"].(string))
		if problem := fmt.Sprint(tags["ExifTool:Warning"], tags["ExifTool:Error"]); tags["ExifTool:Validate"] != "OK" && !strings.Contains(problem, "[minor]") {
			t.Errorf("%s: %v %s", name, tags["ExifTool:Validate"], problem)
		}
		for field, want := range told() {
			if got := fmt.Sprint(tags[field]); got != want {
				t.Errorf("%s: %s is %s, want %s", name, field, got, want)
			}
		}
		if strings.HasSuffix(name, ".jpg") {
			for field, want := range map[string]string{
				"IPTC:ObjectName": "Red apple", "IPTC:By-line": "Müller & Söhne", "IPTC:Credit": "Müller <Söhne>", "IPTC:CopyrightNotice": "© 2026 Müller",
				"IPTC:Caption-Abstract": "A red apple on a table", "IPTC:Keywords": "[apple Äpfel]", "IPTC:CodedCharacterSet": "UTF8",
			} {
				if got := fmt.Sprint(tags[field]); got != want {
					t.Errorf("%s: %s is %s, want %s", name, field, got, want)
				}
			}
		}
	}
}

func pixels(t testing.TB, data []byte) []byte {
	t.Helper()
	p, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Pix
}

// Whoever changes one field, or one pixel, and leaves the manifest in is found out.
func TestOneFieldOrOnePixelChangedAfterSigningIsTold(t *testing.T) {
	l, id, dir := library(t), identity(t), t.TempDir()
	for _, f := range []imaging.Format{imaging.PNG, imaging.JPEG, imaging.WebP} {
		said, _ := withMetadata(t, f)
		signed, err := sign(t.Context(), l, id, f.MIME(), said, generated())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "edited."+f.Extension())
		if err := os.WriteFile(path, signed, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := testkit.Exiftool(t, "-overwrite_original", "-XMP-photoshop:Credit=Somebody else", path); err != nil {
			t.Fatal(err)
		}
		edited, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !Claimed(edited) {
			t.Errorf("%s: exiftool has taken the manifest out", f)
		}
		v, err := Verify(t.Context(), edited, VerifyOptions{Library: l, Anchors: id.Root})
		if err != nil || v.Verdict != Tampered || v.Layers.Metadata.Credit != "Somebody else" {
			t.Errorf("%s with one field edited: %+v, %v", f, v, err)
		}
		if f == imaging.PNG {
			if v, err = Verify(t.Context(), onePixel(t, signed), VerifyOptions{Library: l, Anchors: id.Root}); err != nil || v.Verdict != Tampered {
				t.Errorf("%s with one pixel edited: %+v, %v", f, v, err)
			}
		}
	}
}

// onePixel changes one pixel of a PNG file and puts the manifest of the old file into the new one.
func onePixel(t testing.TB, signed []byte) []byte {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(signed))
	if err != nil {
		t.Fatal(err)
	}
	canvas := p.(interface{ Set(x, y int, c color.Color) })
	canvas.Set(3, 3, color.RGBA{255, 0, 255, 255})
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(signed, []byte("caBX")) - 4
	size := 12 + int(binary.BigEndian.Uint32(signed[at:]))
	return bytes.Join([][]byte{b.Bytes()[:33], signed[at : at+size], b.Bytes()[33:]}, nil)
}

func TestOldReadersGetWhatHasRoom(t *testing.T) {
	if got := cut("ä€b", 4); got != "ä" {
		t.Errorf("%q", got)
	}
	jpeg, _ := withMetadata(t, imaging.JPEG)
	if same, err := WithIIM(jpeg, Metadata{}); err != nil || !bytes.Equal(same, jpeg) {
		t.Errorf("nothing to say: %v", err)
	}
	if _, err := WithIIM(picture(t, imaging.PNG), full()); err == nil {
		t.Error("a PNG was taken")
	}
	if _, err := WithIIM(jpeg, Metadata{Keywords: make63(2000)}); err == nil {
		t.Error("more than there is room for was taken")
	}
}

// make63 are so many keywords of 63 letters.
func make63(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.Repeat("k", 63)
	}
	return all
}

// FuzzClaimed: whatever a file says of its parts, looking for a manifest ends, and heads are found inside of it.
func FuzzClaimed(f *testing.F) {
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp", "signed.avif"} {
		data := fixture(f, name)
		if !Claimed(data) {
			f.Errorf("%s has a manifest, and it isn't seen", name)
		}
		f.Add(data[:min(len(data), 4000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Claimed(data)
		if imaging.Sniff(data) == imaging.JPEG {
			if at := afterHeads(data); at > len(data) {
				t.Errorf("heads end at %d of %d", at, len(data))
			}
		}
	})
}
