package finish_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/testkit"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// enlarger repeats every pixel by times in both directions.
type enlarger struct {
	by  int
	err error
}

func (e enlarger) Upscale(_ context.Context, p *imaging.RGB, _ func(int, int)) (*imaging.RGB, error) {
	if e.err != nil {
		return nil, e.err
	}
	out, err := imaging.NewRGB(p.Width*e.by, p.Height*e.by)
	if err != nil {
		return nil, err
	}
	for y := range out.Height {
		for x := range out.Width {
			r, g, b := p.At(x/e.by, y/e.by)
			out.Set(x, y, r, g, b)
		}
	}
	return out, nil
}

// marker appends the claim's actions where a real signer embeds a manifest.
type marker struct{ fails string }

func (m marker) Sign(_ context.Context, mime string, data []byte, claim provenance.Claim) (provenance.Signed, error) {
	if mime == m.fails {
		return provenance.Signed{}, art.ErrUnavailable
	}
	var actions []string
	for _, a := range claim.Actions {
		actions = append(actions, a.Action)
	}
	return provenance.Signed{Data: append(data, fmt.Sprintf("<%s: %s %d>", claim.Title, strings.Join(actions, " "), len(claim.Ingredients))...)}, nil
}

func repeat(e enlarger) []finish.Upscaler {
	return []finish.Upscaler{{Enlarger: e, Source: art.Source{Kind: "upscaler", Name: "repeat", SHA256: "ab"}}}
}

func finisher(change func(*finish.Options)) *finish.Finisher {
	o := finish.Options{
		Upscalers: repeat(enlarger{by: 4}),
		Unsigned:  "no library", Generator: provenance.Software{Name: "Presswerk", Version: "test"}, Now: func() time.Time { return noon },
	}
	change(&o)
	return finish.New(o)
}

// picture is peach with a dark disc.
func picture(t testing.TB, w, h int) []byte {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			p.Set(x, y, 255, 208, 178)
			if (x-w/2)*(x-w/2)+(y-h/2)*(y-h/2) < w*h/16 {
				p.Set(x, y, 40, 30, 60)
			}
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func input(t testing.TB, w, h int, channels ...art.Channel) finish.Input {
	t.Helper()
	return finish.Input{
		Candidate: art.Candidate{ID: "r-001", Planned: art.PlannedRecipe{ID: "recipe", Recipe: art.Recipe{Prompt: "a secret apple", Model: art.ModelRef{Name: "house", Version: "1", SHA256: "aa"}}}},
		Picture:   picture(t, w, h), AssetID: "0123456789abcdef", Slug: "red-apple", Title: art.Text{"en": `Apple <b>&"'`, "de": "Äpfel"},
		Alt: art.Text{"en": "Illustration of a red apple", "de": "Illustration: ein roter Apfel"}, Channels: channels,
		Rights:   art.Rights{Creator: "Acme & Sons", Credit: "Acme </rdf:RDF>", Copyright: "© 2026 Acme", License: "https://example.com/l?a=1&b=2", DataMining: "DMI-PROHIBITED-AIMLTRAINING"},
		Approval: art.Decision{By: "Ada"},
	}
}

func channel(name, aspect string, widths []int, formats ...string) art.Channel {
	return art.Channel{Name: name, Aspect: aspect, Widths: widths, Formats: formats}
}

// list writes the renditions down, one a line.
func list(o finish.Output) []string {
	var all []string
	for _, f := range o.Renditions {
		all = append(all, fmt.Sprintf("%s %d×%d %s for %s", f.Name, f.Width, f.Height, f.MIME, f.Channel))
	}
	return all
}

func TestEveryFileThatTheChannelsAskForIsMadeOnce(t *testing.T) {
	for name, c := range map[string]struct {
		width, height int
		channels      []art.Channel
		master        string
		want          []string
	}{
		"formats and widths": {64, 64, []art.Channel{channel("web", "", []int{100, 200}, "webp", "jpeg")}, "1024×1024", []string{
			"red-apple-01234567-100.webp 100×100 image/webp for web", "red-apple-01234567-200.webp 200×200 image/webp for web",
			"red-apple-01234567-100.jpg 100×100 image/jpeg for web", "red-apple-01234567-200.jpg 200×200 image/jpeg for web",
		}},
		// Of a square of 1024, 16:9 keeps 1024×576 and 9:16 keeps 576×1024.
		"crops": {64, 64, []art.Channel{channel("hero", "16:9", []int{320}, "jpeg"), channel("story", "9:16", []int{90}, "jpeg")}, "1024×1024", []string{
			"red-apple-01234567-16x9-320.jpg 320×180 image/jpeg for hero", "red-apple-01234567-9x16-90.jpg 90×160 image/jpeg for story",
		}},
		"two channels, one file": {64, 64, []art.Channel{channel("a", "16:9", []int{320}, "jpeg"), channel("b", "16:9", []int{160, 320}, "jpeg")}, "1024×1024", []string{
			"red-apple-01234567-16x9-320.jpg 320×180 image/jpeg for a, b", "red-apple-01234567-16x9-160.jpg 160×90 image/jpeg for b",
		}},
		"never wider than what is there": {64, 64, []art.Channel{channel("story", "9:16", []int{320, 700, 1000}, "jpeg")}, "1024×1024", []string{
			"red-apple-01234567-9x16-320.jpg 320×569 image/jpeg for story", "red-apple-01234567-9x16-576.jpg 576×1024 image/jpeg for story",
		}},
		"an aspect that is the picture's own": {64, 64, []art.Channel{channel("a", "1:1", []int{96}, "jpeg"), channel("b", "", []int{96}, "jpeg"), channel("c", "3:3", []int{96}, "jpeg")}, "1024×1024", []string{
			"red-apple-01234567-96.jpg 96×96 image/jpeg for a, b, c",
		}},
		"for downloads": {64, 64, []art.Channel{channel("files", "", []int{40}, "tiff", "jxl")}, "1024×1024", []string{
			"red-apple-01234567-40.tiff 40×40 image/tiff for files", "red-apple-01234567-40.jxl 40×40 image/jxl for files",
		}},
		"a landscape":             {96, 64, []art.Channel{channel("web", "", []int{300}, "png")}, "1024×682", []string{"red-apple-01234567-300.png 300×200 image/png for web"}},
		"a master as asked for":   {64, 64, []art.Channel{channel("print", "", []int{1100}, "jpeg")}, "1100×1100", []string{"red-apple-01234567-1100.jpg 1100×1100 image/jpeg for print"}},
		"no channels, the master": {64, 64, nil, "1024×1024", nil},
	} {
		out, err := finisher(func(*finish.Options) {}).Finish(context.Background(), input(t, c.width, c.height, c.channels...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(c.want, list(out)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if m := out.Master; fmt.Sprintf("%d×%d", m.Width, m.Height) != c.master || m.Name != "red-apple-01234567.png" || m.Format != "png" {
			t.Errorf("%s: the master is %+v, want %s", name, m.Rendition, c.master)
		}
		for _, f := range append(out.Renditions, out.Master) {
			checkFile(t, f)
		}
	}
}

// checkFile compares what a file is with what its record says, and looks at what it says of itself.
func checkFile(t *testing.T, f finish.File) {
	t.Helper()
	info, err := imaging.Probe(f.Data, imaging.Limits{})
	if err != nil || string(info.Format) != f.Format || info.Width != f.Width || info.Height != f.Height {
		t.Errorf("%s: the file is %+v, %v", f.Name, info, err)
	}
	if f.SHA256 != art.Digest(f.Data) || f.Bytes != int64(len(f.Data)) || f.C2PA != "unsigned: no library" || f.ColourSpace != "srgb" {
		t.Errorf("%s: the record is %+v", f.Name, f.Rendition)
	}
	m, err := provenance.ParsePacket(info.XMP)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	want := provenance.Metadata{
		Title: art.Text{"en": `Apple <b>&"'`, "de": "Äpfel"}, Credit: "Acme </rdf:RDF>", Creator: "Acme & Sons", Copyright: "© 2026 Acme",
		WebStatement: "https://example.com/l?a=1&b=2", SourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
		Prompt: "sha256:" + art.Digest([]byte("a secret apple")), System: "house",
	}
	got := provenance.Metadata{
		Title: m.Title, Credit: m.Credit, Creator: m.Creator, Copyright: m.Copyright, WebStatement: m.WebStatement, SourceType: m.SourceType, Prompt: m.Prompt, System: m.System,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s says: %s", f.Name, d)
	}
}

func TestTheOrderIsFixedAndRecorded(t *testing.T) {
	ctx, in := context.Background(), input(t, 64, 64, channel("web", "", []int{64}, "jpeg"))
	first, err := finisher(func(*finish.Options) {}).Finish(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range first.Steps {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "read upscale size placeholder master sizes quality renditions" {
		t.Errorf("the steps were %s", got)
	}
	if p := first.Steps[1].Parameters; !cmp.Equal(p["models"], []string{"repeat", "repeat"}) { // 64 → 256 → 1024
		t.Errorf("upscaling was recorded as %v", p)
	}
	if len(first.Sources) != 1 || first.Sources[0].Name != "repeat" || !strings.HasPrefix(first.Placeholder, "data:image/png;base64,") {
		t.Errorf("sources %v, placeholder %.40s", first.Sources, first.Placeholder)
	}
	again, err := finisher(func(*finish.Options) {}).Finish(ctx, in)
	if err != nil || !cmp.Equal(first, again) {
		t.Errorf("equal input gave something else: %v", err)
	}
}

func TestFlatColourStaysFlatUpToTheMaster(t *testing.T) {
	out, err := finisher(func(*finish.Options) {}).Finish(context.Background(), input(t, 64, 64))
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(context.Background(), out.Master.Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]int{{0, 0}, {1023, 0}, {100, 100}, {1023, 1023}} {
		if r, g, b := p.At(at[0], at[1]); r < 254 || g < 207 || g > 209 || b < 177 || b > 179 {
			t.Errorf("#ffd0b2 became %d %d %d at %v", r, g, b, at)
		}
	}
}

func TestTheWordsOfAPromptAreToldOnlyWhereTheBrandWantsIt(t *testing.T) {
	in := input(t, 64, 64)
	in.PromptInFiles = "text"
	out, err := finisher(func(*finish.Options) {}).Finish(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	info, err := imaging.Probe(out.Master.Data, imaging.Limits{})
	if err != nil || !strings.Contains(string(info.XMP), "a secret apple") {
		t.Errorf("the words are not in the file: %v", err)
	}
}

func TestAByteBudgetIsKeptOrRefused(t *testing.T) {
	web := channel("web", "", []int{640}, "jpeg")
	free, err := finisher(func(*finish.Options) {}).Finish(context.Background(), input(t, 64, 64, web))
	if err != nil {
		t.Fatal(err)
	}
	web.MaxBytes = free.Renditions[0].Bytes - 1
	tight, err := finisher(func(*finish.Options) {}).Finish(context.Background(), input(t, 64, 64, web))
	if err != nil || tight.Renditions[0].Bytes > web.MaxBytes || tight.Renditions[0].Quality >= free.Renditions[0].Quality {
		t.Errorf("%d bytes allowed: %v", web.MaxBytes, err)
	}
	web.MaxBytes = 100
	if _, err := finisher(func(*finish.Options) {}).Finish(context.Background(), input(t, 64, 64, web)); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "fewer pixels") {
		t.Errorf("100 bytes allowed: %v", err)
	}
}

// The archive is the master in fewer bytes.
func TestAnArchiveIsTheMasterWithoutLoss(t *testing.T) {
	in := input(t, 64, 64)
	in.Finishing.Archive = &art.Archive{Format: "jxl"}
	out, err := finisher(func(*finish.Options) {}).Finish(t.Context(), in)
	if err != nil || len(out.Renditions) != 1 {
		t.Fatal(err, len(out.Renditions))
	}
	kept := out.Renditions[0]
	want, err := imaging.Decode(t.Context(), out.Master.Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := imaging.Decode(t.Context(), kept.Data, imaging.Limits{})
	if err != nil || !bytes.Equal(got.Pix, want.Pix) || kept.Bytes >= out.Master.Bytes || kept.Role != art.RoleArchive {
		t.Errorf("%+v beside %+v, %v", kept.Rendition, out.Master.Rendition, err)
	}
	checkFile(t, kept)
}

func TestWhenSomethingFailsNothingIsGiven(t *testing.T) {
	web := channel("web", "", []int{64}, "jpeg")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for name, c := range map[string]struct {
		stopped bool
		options func(*finish.Options)
		input   func(*finish.Input)
		want    error
	}{
		"no picture":               {false, nil, func(in *finish.Input) { in.Picture = []byte("Dear aunt") }, art.ErrInvalid},
		"half a picture":           {false, nil, func(in *finish.Input) { in.Picture = in.Picture[:60] }, art.ErrInvalid},
		"a format":                 {false, nil, func(in *finish.Input) { in.Channels[0].Formats = []string{"gif"} }, art.ErrInvalid},
		"an aspect":                {false, nil, func(in *finish.Input) { in.Channels[0].Aspect = "0:1" }, art.ErrInvalid},
		"an aspect of letters":     {false, nil, func(in *finish.Input) { in.Channels[0].Aspect = "wide" }, art.ErrInvalid},
		"an absurd width":          {false, nil, func(in *finish.Input) { in.Channels[0].Widths = []int{1 << 30} }, art.ErrInvalid},
		"a width of nothing":       {false, nil, func(in *finish.Input) { in.Channels[0].Widths = []int{0} }, art.ErrInvalid},
		"cancelled":                {true, nil, nil, context.Canceled},
		"the upscaler":             {false, func(o *finish.Options) { o.Upscalers = repeat(enlarger{err: art.ErrUnavailable}) }, nil, art.ErrUnavailable},
		"an upscaler that doesn't": {false, func(o *finish.Options) { o.Upscalers = repeat(enlarger{by: 1}) }, nil, art.ErrUnsupported},
		"signing the master":       {false, func(o *finish.Options) { o.Signer = marker{"image/png"} }, nil, art.ErrUnavailable},
		"signing a rendition":      {false, func(o *finish.Options) { o.Signer = marker{"image/jpeg"} }, nil, art.ErrUnavailable},
	} {
		in := input(t, 32, 32, web)
		ctx := context.Background()
		if c.stopped {
			ctx = stopped
		}
		if c.options == nil {
			c.options = func(*finish.Options) {}
		}
		if c.input != nil {
			c.input(&in)
		}
		out, err := finisher(c.options).Finish(ctx, in)
		if !errors.Is(err, c.want) || !cmp.Equal(out, finish.Output{}) {
			t.Errorf("%s: %v and %d steps; want %v and nothing", name, err, len(out.Steps), c.want)
		}
	}
}

func TestClaimsTellWhatWasDone(t *testing.T) {
	out, err := finisher(func(o *finish.Options) { o.Signer = marker{} }).Finish(context.Background(),
		input(t, 64, 64, channel("web", "", []int{64}, "jpeg"), channel("hero", "16:9", []int{64}, "jpeg")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file finish.File
		want string
	}{
		{out.Master, "<red-apple-01234567.png: c2pa.created c2pa.enhanced 0>"},
		{out.Renditions[0], "<red-apple-01234567-64.jpg: c2pa.opened c2pa.resized.proportional c2pa.transcoded 1>"},
		{out.Renditions[1], "<red-apple-01234567-16x9-64.jpg: c2pa.opened c2pa.cropped c2pa.resized.proportional c2pa.transcoded 1>"},
	} {
		if !strings.HasSuffix(string(c.file.Data), c.want) || c.file.C2PA != "signed" || c.file.SHA256 != art.Digest(c.file.Data) {
			t.Errorf("%s (%s) does not say %s", c.file.Name, c.file.C2PA, c.want)
		}
	}
}

// signer is the real one, as the command line puts it together.
type signer struct {
	library  *provenance.Library
	identity *provenance.Identity
}

func (s signer) Sign(ctx context.Context, mime string, data []byte, claim provenance.Claim) (provenance.Signed, error) {
	return s.library.Sign(ctx, s.identity, mime, data, claim)
}

func TestSignedFilesAreTrustedByTheirOwnRoot(t *testing.T) {
	lib, err := provenance.Open(testkit.Native(t, "c2pa/libc2pa_c.so"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := provenance.LoadOrCreate(filepath.Join(t.TempDir(), "signing"), "Acme", time.Now(), rand.Reader, provenance.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	f := finisher(func(o *finish.Options) { o.Signer = signer{lib, id} })
	out, err := f.Finish(context.Background(), input(t, 64, 64, channel("hero", "16:9", []int{64}, "avif", "webp", "jpeg")))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := f.Sheet(context.Background(), "sheet", []finish.Tile{{Picture: picture(t, 32, 32)}}, art.Rights{Credit: "Acme"}, art.Text{"en": "All of them"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(out.Renditions, out.Master, sheet) {
		v, err := provenance.Verify(context.Background(), file.Data, provenance.VerifyOptions{Library: lib, Anchors: id.Root})
		if err != nil || v.Verdict != provenance.AIGenerated || v.Layers.C2PA.State != provenance.Trusted {
			t.Errorf("%s: %+v, %v", file.Name, v, err)
		}
		if old := bytes.Contains(file.Data, []byte("Photoshop 3.0\x008BIM\x04\x04")); old != (file.Format == "jpeg") {
			t.Errorf("%s: it has IIM for old readers: %t", file.Name, old)
		}
	}
}

func TestAContactSheetShowsEveryTile(t *testing.T) {
	tiles := make([]finish.Tile, 7)
	for i := range tiles {
		tiles[i] = finish.Tile{Picture: picture(t, 40, 20), Title: strings.Repeat("ein sehr langer Titel ", 20), Note: "ß → 漢字"}
	}
	tiles[6].Selected = true
	sheet, err := finisher(func(*finish.Options) {}).Sheet(context.Background(), "contact-sheet", tiles, art.Rights{Credit: "Acme"}, art.Text{"en": "Alle"})
	if err != nil {
		t.Fatal(err)
	}
	// Six columns of 224 and a gap of 28, two rows of 224 and 52 for words, 44 around: 1572 × 668.
	if sheet.Name != "contact-sheet.jpg" || sheet.Width != 1572 || sheet.Height != 668 {
		t.Fatalf("%+v", sheet.Rendition)
	}
	p, err := imaging.Decode(context.Background(), sheet.Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	// The seventh tile begins at 44, 348, with a ring of 5 around.
	for name, c := range map[string]struct {
		x, y int
		want imaging.Lab
	}{
		"paper":          {10, 10, imaging.ToLab(251, 250, 248)},
		"the first tile": {60, 44 + 112 - 40, imaging.ToLab(255, 208, 178)},
		"the ring":       {42, 400, imaging.ToLab(16, 122, 87)},
		"no ring":        {42, 100, imaging.ToLab(251, 250, 248)},
	} {
		if d := imaging.DeltaE(imaging.ToLab(p.At(c.x, c.y)), c.want); d > 4 {
			t.Errorf("%s: ΔE %.1f at %d, %d", name, d, c.x, c.y)
		}
	}
	// Many tiles are smaller, twelve of 96 in a row: 217 of them are 1548 × 3404, and 2000 are 29452 high.
	many := make([]finish.Tile, 217)
	for i := range many {
		many[i] = finish.Tile{Picture: tiles[0].Picture, Title: tiles[0].Title}
	}
	if sheet, err = finisher(func(*finish.Options) {}).Sheet(context.Background(), "s", many, art.Rights{}, nil); err != nil || sheet.Width != 1548 || sheet.Height != 3404 {
		t.Errorf("many tiles: %d×%d, %v", sheet.Width, sheet.Height, err)
	}
	for name, tiles := range map[string][]finish.Tile{"no tiles": nil, "no picture": {{Picture: []byte("Dear aunt")}}} {
		if _, err := finisher(func(*finish.Options) {}).Sheet(context.Background(), "s", tiles, art.Rights{}, nil); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// claims keeps what it is asked to sign, the master's first.
type claims struct {
	mu  sync.Mutex
	all *[]provenance.Claim // guarded by mu
}

func (c *claims) Sign(_ context.Context, _ string, data []byte, claim provenance.Claim) (provenance.Signed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.all = append(*c.all, claim)
	return provenance.Signed{Data: data}, nil
}

func TestPicturesFromElsewhereAreNotCalledGenerated(t *testing.T) {
	for name, x := range map[string]struct {
		side         int // of the picture that comes in; the master has 1024
		origin, want string
	}{
		"enlarged by a network":   {256, "", provenance.Composite},
		"large enough":            {1100, "", ""},
		"says that it was made":   {256, provenance.Generated, provenance.Generated},
		"says that it was edited": {1100, provenance.Composite, provenance.Composite},
	} {
		var signed []provenance.Claim
		in := input(t, x.side, x.side)
		in.Candidate, in.Origin = art.Candidate{}, x.origin
		out, err := finisher(func(o *finish.Options) { o.Signer = &claims{all: &signed} }).Finish(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := signed[0]
		if c.Actions[0].Action != "c2pa.opened" || len(c.Ingredients) != 1 || !c.Ingredients[0].Parent || c.Metadata["Iptc4xmpExt:DigitalSourceType"] != x.want {
			t.Errorf("%s: the master claims %+v", name, c)
		}
		if err := c.Lint(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		info, err := imaging.Probe(out.Master.Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := provenance.ParsePacket(info.XMP)
		if err != nil || m.SourceType != x.want || m.Prompt != "" {
			t.Errorf("%s: the metadata say %q of a prompt %q: %v", name, m.SourceType, m.Prompt, err)
		}
	}
}
