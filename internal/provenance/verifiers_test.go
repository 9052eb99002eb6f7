package provenance

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// kinds are a file of every kind that is signed, by its extension.
func kinds(t testing.TB) map[string][]byte {
	t.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, image.NewRGBA(image.Rect(0, 0, 160, 120)), nil); err != nil {
		t.Fatal(err)
	}
	film, err := WithXMP(mp4(t), Metadata{SourceType: Generated}.Packet())
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		".png": picture(t, imaging.PNG), ".jpg": picture(t, imaging.JPEG), ".webp": picture(t, imaging.WebP), ".avif": picture(t, imaging.AVIF),
		".tif": b.Bytes(), ".mp4": film,
	}
}

func mimeOf(extension string) string {
	return map[string]string{
		".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif", ".tif": "image/tiff", ".mp4": "video/mp4",
	}[extension]
}

// written puts files into a folder.
func written(t testing.TB, files map[string][]byte) map[string]string {
	t.Helper()
	dir, paths := t.TempDir(), map[string]string{}
	for name, data := range files {
		paths[name] = filepath.Join(dir, "file"+name)
		if err := os.WriteFile(paths[name], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// signedKinds are the same files, signed, and time-stamped where the identity has an authority.
func signedKinds(t testing.TB, l *Library, id *Identity) map[string][]byte {
	t.Helper()
	all := kinds(t)
	for extension, data := range all {
		claim := generated()
		claim.Stamp = true
		claim.SoftBinding = SoftBinding{"com.presswerk.tile-dft.1", "00112233"}
		s, err := l.Sign(t.Context(), id, mimeOf(extension), data, claim)
		if err != nil || s.Stamped != (id.Authority.Address != nil) {
			t.Fatalf("%s: %v %s", extension, err, s.Owed)
		}
		all[extension] = s.Data
	}
	return all
}

func TestEveryKindOfFileConformsToTheRubric(t *testing.T) {
	l, id := library(t), identity(t)
	id.Authority = stampingAuthority(t)
	for extension, data := range signedKinds(t, l, id) {
		crjson, err := l.CrJSON(t.Context(), mimeOf(extension), data, id.Anchors())
		if err != nil {
			t.Fatalf("%s: %v", extension, err)
		}
		if broken := testkit.Rubric(t, crjson); len(broken) > 0 {
			t.Errorf("%s: %s", extension, strings.Join(broken, "\n"))
		}
	}
}

// say compares what a verifier found in files of each kind.
func say(t testing.TB, verifier string, files map[string]string, found map[string]testkit.Finding, state string, failures ...string) {
	t.Helper()
	for extension, path := range files {
		f, ok := found[path]
		if !ok {
			continue
		}
		if f.State != state || state != "Invalid" && !slices.Equal(f.Failures, failures) || state == "Invalid" && !slices.ContainsFunc(f.Failures, func(code string) bool {
			return strings.HasSuffix(code, "mismatch") || slices.Contains(failures, code)
		}) {
			t.Errorf("%s says of %s: %+v, want %s %v", verifier, extension, f, state, failures)
		}
	}
}

// Three verifiers by others agree with what we say; two of them share no code with the library that signs. c2pa-ts 0.9.4 knows JPEG, PNG
// and AVIF, and expects a whole answer where C2PA 2 has a time stamp's token: it reads no file with a stamp.
func TestOtherVerifiersAgree(t *testing.T) {
	l, id := library(t), identity(t)
	plain := signedKinds(t, l, id)
	id.Authority = stampingAuthority(t)
	stamped, spoiltOnes := signedKinds(t, l, id), map[string][]byte{}
	for extension, data := range plain {
		spoiltOnes[extension] = spoilt(extension, data)
	}
	roots, stamps := id.Root, id.Authority.Roots
	for _, c := range []struct {
		name  string
		files map[string]string
	}{{"plain", written(t, plain)}, {"stamped", written(t, stamped)}, {"spoilt", written(t, spoiltOnes)}} {
		var all, some []string
		for extension, path := range c.files {
			if all = append(all, path); extension == ".jpg" || extension == ".png" || extension == ".avif" {
				some = append(some, path)
			}
		}
		python, encypher := testkit.C2PAPython(t, all...), testkit.Encypher(t, roots, stamps, false, all...)
		switch c.name {
		case "spoilt":
			say(t, "c2pa-python", c.files, python, "Invalid")
			say(t, "encypher-c2pa", c.files, encypher, "Invalid")
			say(t, "c2pa-ts", c.files, testkit.C2PATS(t, some...), "Invalid")
		case "plain":
			say(t, "c2pa-ts", c.files, testkit.C2PATS(t, some...), "Valid")
			fallthrough
		default:
			say(t, "c2pa-python", c.files, python, "Valid", "signingCredential.untrusted")
			say(t, "encypher-c2pa", c.files, encypher, "Trusted")
		}
		if c.name == "stamped" { // all that the conformance programme misses is what only a public authority can say
			say(t, "encypher-c2pa, strict", c.files, testkit.Encypher(t, roots, stamps, true, all...), "Invalid", "com.encypher.conformance.revocationInformationMissing")
		}
	}
}

// spoilt changes one byte of what is shown.
func spoilt(extension string, data []byte) []byte {
	data = bytes.Clone(data)
	at := len(data) - 40
	switch extension {
	case ".png":
		at = bytes.LastIndex(data, []byte("IDAT")) + 12
	case ".mp4", ".avif":
		at = bytes.Index(data, []byte("mdat")) + 30
	case ".tif":
		at = 12
	}
	data[at] ^= 1
	return data
}
