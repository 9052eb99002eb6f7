package modelstore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"presswerk/internal/art"
)

func everybody(string) bool { return true }

// exported is a store with a model, and its bundle.
func exported(t *testing.T) (Manifest, ed25519.PrivateKey, []byte) {
	t.Helper()
	s := newStore(t)
	m, err := s.Add(t.Context(), pipeline(t), AddOptions{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Key(rand.Reader)
	if err != nil || !key.Equal(again) {
		t.Fatal("the key changed", err)
	}
	var b bytes.Buffer
	if _, err := s.Export(t.Context(), &b, []Manifest{m}, key, nil); err != nil {
		t.Fatal(err)
	}
	return m, key, b.Bytes()
}

func TestABundleBringsTheSameModel(t *testing.T) {
	m, key, data := exported(t)
	s := newStore(t)
	print := Fingerprint(key.Public().(ed25519.PublicKey))
	got, err := s.Import(t.Context(), bytes.NewReader(data), func(who string) bool { return who == print }, nil)
	if err != nil || len(got) != 1 || got[0].SHA256 != m.SHA256 || got[0].Trust != TrustBundle {
		t.Fatalf("%+v, %v", got, err)
	}
	if d, err := s.Verify(t.Context(), got[0], nil); err != nil || len(d) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	pem, err := EncodePublicKey(key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if public, err := DecodePublicKey(pem); err != nil || Fingerprint(public) != print {
		t.Errorf("the key does not come back: %v", err)
	}
}

func TestABundleOfAStrangerIsRefusedUnread(t *testing.T) {
	_, _, data := exported(t)
	s := newStore(t)
	_, err := s.Import(t.Context(), bytes.NewReader(data), func(string) bool { return false }, nil)
	if !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "--trust SHA256:") {
		t.Errorf("got %v", err)
	}
}

// entry is one file of a forged bundle.
type entry struct {
	name string
	data []byte
	kind byte
}

func tarOf(entries ...entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.kind == 0 {
			e.kind = tar.TypeReg
		}
		head := &tar.Header{Name: e.name, Size: int64(len(e.data)), Mode: 0o644, Typeflag: e.kind}
		if e.kind == tar.TypeSymlink {
			head.Linkname, head.Size, e.data = "/etc/passwd", 0, nil
		}
		if err := w.WriteHeader(head); err != nil {
			panic(err)
		}
		if _, err := w.Write(e.data); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// forge signs a changed index with a key of its own.
func forge(t *testing.T, change func(*bundle), rest ...entry) []byte {
	t.Helper()
	file := []byte("weights")
	f := File{Path: "unet/model.onnx", SHA256: art.Digest(file), Size: int64(len(file))}
	m := Manifest{Format: 1, Name: "x", Version: "1", Kind: art.ModelPipeline, Form: FormONNX, Files: []File{f}}
	b := bundle{Format: 1, Models: []Manifest{m}, Blobs: []File{{SHA256: f.SHA256, Size: f.Size}}}
	if change != nil {
		change(&b)
	}
	for i := range b.Models {
		b.Models[i].SHA256 = b.Models[i].identity()
	}
	index, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := json.Marshal(signature{public, ed25519.Sign(key, index)})
	if err != nil {
		t.Fatal(err)
	}
	if rest == nil {
		rest = []entry{{name: blobPrefix + f.SHA256, data: file}}
	}
	return tarOf(append([]entry{{name: bundleIndex, data: index}, {name: bundleSig, data: sig}}, rest...)...)
}

func TestBadBundlesAreRefusedAndKeepNothing(t *testing.T) {
	_, _, good := exported(t)
	path := func(name string) func(*bundle) { return func(b *bundle) { b.Models[0].Files[0].Path = name } }
	sum := art.Digest([]byte("weights"))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(good); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(good)
	changed[bytes.Index(changed, []byte("tiny-model"))] = 'T'
	for name, c := range map[string]struct {
		data []byte
		kind error
		want string
	}{
		"changed":             {changed, art.ErrMismatch, "changed after it was signed"},
		"cut":                 {good[:len(good)-2000], art.ErrInvalid, ""},
		"compressed":          {zipped.Bytes(), art.ErrInvalid, "not compressed"},
		"not a tar":           {[]byte("hello"), art.ErrInvalid, "no bundle"},
		"another tar":         {tarOf(entry{name: "README", data: []byte("x")}), art.ErrInvalid, "no bundle"},
		"out of the folder":   {forge(t, path("../../../etc/cron.d/x")), art.ErrInvalid, "leads out"},
		"from the root":       {forge(t, path("/etc/passwd")), art.ErrInvalid, "leads out"},
		"a backslash":         {forge(t, path(`..\x`)), art.ErrInvalid, "leads out"},
		"a dot":               {forge(t, path("unet/./model.onnx")), art.ErrInvalid, "leads out"},
		"a name with a path":  {forge(t, func(b *bundle) { b.Models[0].Name = "../x" }), art.ErrInvalid, "no name for a model"},
		"a blob with a path":  {forge(t, nil, entry{name: "blobs/../../x", data: []byte("weights")}), art.ErrMismatch, "was announced"},
		"a link":              {forge(t, nil, entry{name: blobPrefix + sum, kind: tar.TypeSymlink}), art.ErrMismatch, "was announced"},
		"more than announced": {forge(t, nil, entry{name: blobPrefix + sum, data: bytes.Repeat([]byte("weights"), 1000)}), art.ErrMismatch, "of 7 was announced"},
		"other bytes":         {forge(t, nil, entry{name: blobPrefix + sum, data: []byte("WEIGHTS")}), art.ErrMismatch, "was expected"},
		"one too many":        {forge(t, nil, entry{name: blobPrefix + sum, data: []byte("weights")}, entry{name: "extra", data: []byte("x")}), art.ErrInvalid, "not announced"},
		"one too few":         {forge(t, nil, []entry{}...), art.ErrInvalid, "ends before"},
		"huge":                {forge(t, func(b *bundle) { b.Blobs[0].Size, b.Models[0].Files[0].Size = 1<<60, 1<<60 }), art.ErrUnavailable, "are needed and"},
		"files of none":       {forge(t, func(b *bundle) { b.Blobs = append(b.Blobs, File{SHA256: strings.Repeat("a", 64)}) }), art.ErrInvalid, "files of none"},
		"no models":           {forge(t, func(b *bundle) { b.Models = nil }), art.ErrInvalid, "no model"},
		"a newer format":      {forge(t, func(b *bundle) { b.Format = 2 }), art.ErrUnsupported, "newer"},
	} {
		if name == "one too few" {
			c.data = cutAfter(c.data)
		}
		s := newStore(t)
		_, err := s.Import(t.Context(), bytes.NewReader(c.data), everybody, nil)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if all, err := s.List(); err != nil || len(all) > 0 {
			t.Errorf("%s: kept %+v", name, all)
		}
	}
}

// cutAfter leaves only index and signature.
func cutAfter(data []byte) []byte {
	r := tar.NewReader(bytes.NewReader(data))
	var kept []entry
	for range 2 {
		head, err := r.Next()
		if err != nil {
			panic(err)
		}
		b := make([]byte, head.Size)
		if _, err := r.Read(b); err != nil && len(b) == 0 {
			panic(err)
		}
		kept = append(kept, entry{name: head.Name, data: b})
	}
	return tarOf(kept...)
}

// FuzzImport: whatever a bundle says, nothing is written outside the store, and what is taken is whole.
func FuzzImport(f *testing.F) {
	t := &testing.T{}
	f.Add(forge(t, nil))
	f.Add(forge(t, func(b *bundle) { b.Models[0].Files[0].Path = "../x" }))
	f.Add(tarOf(entry{name: bundleIndex, data: []byte("{}")}, entry{name: bundleSig, data: []byte("{}")}))
	f.Add([]byte("no tar"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newStore(t)
		got, err := s.Import(t.Context(), bytes.NewReader(data), everybody, nil)
		for _, m := range got {
			if d, err := s.Verify(t.Context(), m, nil); err != nil || len(d) > 0 {
				t.Errorf("%s is damaged: %+v, %v", m.Ref(), d, err)
			}
		}
		if err != nil && len(got) > 0 && !errors.Is(err, art.ErrConflict) && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%d were taken although %v", len(got), err)
		}
	})
}

// FuzzManifest: a manifest that passes its checks names only files below its folder.
func FuzzManifest(f *testing.F) {
	good, err := json.Marshal(Manifest{Name: "x", Version: "1", Kind: art.ModelLoRA, Files: []File{{Path: "x.safetensors", SHA256: strings.Repeat("a", 64)}}, SHA256: strings.Repeat("a", 64)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"files":[{"path":"../x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeManifest(data)
		if err != nil {
			return
		}
		for _, file := range m.Files {
			if strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Errorf("%q was taken", file.Path)
			}
		}
	})
}
