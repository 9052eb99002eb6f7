package tokenize

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	fixtures = "../../engine/local/testdata/"
	house    = "../../../models/house/tokenizer"
)

func open(t testing.TB, folder string) Tokenizer {
	t.Helper()
	tok, err := Open(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func readCases(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestEncodeAsTransformers: prompts made 77 long with three vocabularies, as diffusers' pipelines do.
func TestEncodeAsTransformers(t *testing.T) {
	var manifest struct {
		Cases map[string][]struct {
			Text string
			IDs  []int64
		} `json:"tokenizer_cases"`
	}
	readCases(t, fixtures+"manifest.json", &manifest)
	for name, folder := range map[string]string{
		"tiny": "models/sd-tiny/tokenizer", "tiny_pad_bang": "models/sdxl-base-tiny/tokenizer_2", "full": "tokenizer-full",
	} {
		tok := open(t, fixtures+folder)
		if len(manifest.Cases[name]) == 0 || tok.MaxLength() != 77 {
			t.Fatalf("%s: %d cases, length %d", name, len(manifest.Cases[name]), tok.MaxLength())
		}
		for _, c := range manifest.Cases[name] {
			if got := Encode(tok, c.Text, 77).IDs; !slices.Equal(got, c.IDs) {
				t.Errorf("%s: %q gives\n%v, want\n%v", name, c.Text, got, c.IDs)
			}
		}
	}
}

// TestTokensAsTransformers: odd texts through both kinds; testdata/make_cases.py made the answers.
func TestTokensAsTransformers(t *testing.T) {
	var cases []struct {
		Text       string
		CLIP, BERT []int64
	}
	readCases(t, "testdata/cases.json", &cases)
	clip, bert := open(t, fixtures+"tokenizer-full"), open(t, house)
	for _, c := range cases {
		if got := clip.Tokens(c.Text); !slices.Equal(got, c.CLIP) {
			t.Errorf("CLIP: %q gives\n%v, want\n%v", c.Text, got, c.CLIP)
		}
		if got := bert.Tokens(c.Text); !slices.Equal(got, c.BERT) {
			t.Errorf("BERT: %q gives\n%v, want\n%v", c.Text, got, c.BERT)
		}
	}
}

func TestEncodeCutsAndTellsWhat(t *testing.T) {
	for name, tok := range map[string]Tokenizer{"clip": open(t, fixtures+"tokenizer-full"), "bert": open(t, house)} {
		enc := Encode(tok, "one two three four five", 5)
		if len(enc.IDs) != 5 || enc.Used != 5 || tok.Decode(enc.IDs[1:4]) != "one two three" || tok.Decode(enc.Dropped) != "four five" {
			t.Errorf("%s: %+v, kept %q, dropped %q", name, enc, tok.Decode(enc.IDs[1:4]), tok.Decode(enc.Dropped))
		}
		if enc.IDs[0] != tok.Special().Begin || enc.IDs[4] != tok.Special().End {
			t.Errorf("%s: ends are not begin and end: %v", name, enc.IDs)
		}
		short := Encode(tok, "one", 5)
		if short.Used != 3 || short.IDs[3] != tok.Special().Pad || short.IDs[4] != tok.Special().Pad || short.Dropped != nil {
			t.Errorf("%s: short text gives %+v", name, short)
		}
	}
}

// TestCLIPFromFastFile: tokenizer.json holds the same vocabulary and merges, in either spelling.
func TestCLIPFromFastFile(t *testing.T) {
	folder := os.DirFS(fixtures + "models/sd-tiny/tokenizer")
	slow := open(t, fixtures+"models/sd-tiny/tokenizer")
	vocab, err := fs.ReadFile(folder, "vocab.json")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fs.ReadFile(folder, "tokenizer_config.json")
	if err != nil {
		t.Fatal(err)
	}
	merges, err := fs.ReadFile(folder, "merges.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []any
	for i, line := range strings.Split(strings.TrimSpace(string(merges)), "\n")[1:] {
		if i%2 == 0 {
			lines = append(lines, line)
		} else {
			lines = append(lines, strings.Fields(line))
		}
	}
	fast, err := json.Marshal(map[string]any{"model": map[string]any{"type": "BPE", "vocab": json.RawMessage(vocab), "merges": lines}})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := Open(fstest.MapFS{"tokenizer_config.json": {Data: cfg}, "tokenizer.json": {Data: fast}})
	if err != nil {
		t.Fatal(err)
	}
	text := "a photo of an astronaut riding a horse on mars, 4k"
	if got, want := tok.Tokens(text), slow.Tokens(text); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBERTFromVocabFile(t *testing.T) {
	tok, err := Open(fstest.MapFS{
		"tokenizer_config.json": {Data: []byte(`{"tokenizer_class":"BertTokenizer","do_lower_case":true}`)},
		"vocab.txt":             {Data: []byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\nred\napp\n##le\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Encode(tok, "Red apple xyz", 8).IDs, []int64{2, 4, 5, 6, 1, 3, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := tok.Decode([]int64{4, 5, 6}); got != "red apple" {
		t.Errorf("decoded %q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	clipConfig := &fstest.MapFile{Data: []byte(`{"tokenizer_class":"CLIPTokenizer"}`)}
	tests := map[string]struct {
		folder fstest.MapFS
		want   error
	}{
		"nothing":       {fstest.MapFS{}, fs.ErrNotExist},
		"broken JSON":   {fstest.MapFS{"tokenizer_config.json": {Data: []byte("{")}}, ErrFormat},
		"unknown class": {fstest.MapFS{"tokenizer_config.json": {Data: []byte(`{"tokenizer_class":"T5Tokenizer"}`)}}, ErrFormat},
		"no vocabulary": {fstest.MapFS{"tokenizer_config.json": clipConfig}, fs.ErrNotExist},
		"no special":    {fstest.MapFS{"tokenizer_config.json": clipConfig, "vocab.json": {Data: []byte(`{"a":1}`)}, "merges.txt": {Data: []byte("#v\n")}}, ErrFormat},
		"odd merges":    {fstest.MapFS{"tokenizer_config.json": clipConfig, "vocab.json": {Data: []byte(`{"a":1}`)}, "merges.txt": {Data: []byte("#v\na b c\n")}}, ErrFormat},
		"wrong model": {fstest.MapFS{"tokenizer_config.json": clipConfig, "tokenizer.json": {Data: []byte(
			`{"model":{"type":"Unigram"}}`)}}, ErrFormat},
	}
	for name, test := range tests {
		if _, err := Open(test.folder); !errors.Is(err, test.want) {
			t.Errorf("%s: error is %v, want %v", name, err, test.want)
		}
	}
}

// FuzzTokens: whatever the text, ids are in the vocabulary and the sequence is as long as asked.
func FuzzTokens(f *testing.F) {
	f.Add("a red apple")
	f.Add("<|endoftext|>\xff\xfe[SEP] İΣ 東京")
	f.Add("'s'S'LL  \u2028\u0000")
	toks := []Tokenizer{open(f, fixtures+"models/sd-tiny/tokenizer"), open(f, house)}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			t.Skip("long words take quadratic time; callers bound the prompt")
		}
		for _, tok := range toks {
			enc := Encode(tok, text, 77)
			if len(enc.IDs) != 77 || enc.IDs[0] != tok.Special().Begin || enc.IDs[enc.Used-1] != tok.Special().End {
				t.Fatalf("%q gives %+v", text, enc)
			}
			for _, id := range append(enc.IDs, enc.Dropped...) {
				if id < 0 || id > 1<<17 {
					t.Fatalf("%q gives id %d", text, id)
				}
			}
			tok.Decode(enc.IDs)
		}
	})
}

// FuzzOpen: no folder, however broken, makes the reader panic.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"tokenizer_class":"CLIPTokenizer"}`), []byte(`{"a":1}`), []byte("#v\na b"))
	f.Add([]byte(`{"tokenizer_class":"BertTokenizer","cls_token":{"content":"x"}}`), []byte(`{"model":{"type":"WordPiece","vocab":{"[UNK]":0}}}`), []byte("x"))
	f.Fuzz(func(_ *testing.T, config, vocab, merges []byte) {
		tok, err := Open(fstest.MapFS{
			"tokenizer_config.json": {Data: config}, "vocab.json": {Data: vocab}, "tokenizer.json": {Data: vocab},
			"merges.txt": {Data: merges}, "vocab.txt": {Data: merges},
		})
		if err == nil {
			tok.Decode(Encode(tok, "a b", 4).IDs)
		}
	})
}
