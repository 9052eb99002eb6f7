package publish

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
)

//go:embed templates/*.html style.css guard.css compare.css review.css
var embedded embed.FS

// Site writes the campaign's site into dir, whole or not at all: it is made beside it and then takes its place.
func Site(ctx context.Context, c Campaign, dir string) error {
	if err := check(c); err != nil {
		return err
	}
	return replace(dir, func(tmp string) error {
		b, err := newBuilder(tmp, c.Brand.Colours)
		if err != nil {
			return err
		}
		return b.site(ctx, c)
	})
}

func check(c Campaign) error {
	if len(c.Languages) == 0 {
		return art.Invalid("languages", "the campaign has none", "name en or de in the brief")
	}
	for _, lang := range c.Languages {
		if catalogue()[lang] == nil {
			return art.Invalid("languages", fmt.Sprintf("pages cannot be written in %q", lang), "use en or de")
		}
	}
	if !strings.HasSuffix(c.BaseURL, "/") {
		return art.Invalid("base_url", fmt.Sprintf("%q does not end with a slash", c.BaseURL), "write it as https://example.com/campaign/")
	}
	return nil
}

// replace lets build fill a folder beside dir, and then puts it into dir's place.
func replace(dir string, build func(tmp string) error) (err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("publish: making %s: %w", parent, err)
	}
	tmp, err := os.MkdirTemp(parent, ".site-")
	if err != nil {
		return fmt.Errorf("publish: making a folder in %s (is the disk full?): %w", parent, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fmt.Errorf("publish: opening the new site to readers: %w", err)
	}
	if err := build(tmp); err != nil {
		return err
	}
	old := tmp + ".old"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("publish: setting the old site aside: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return errors.Join(fmt.Errorf("publish: putting the new site in place: %w", err), os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// builder writes the files of one site.
type builder struct {
	dir   string
	pages *template.Template
	style string // file name of the style sheet
}

func newBuilder(dir string, colours []art.Colour, more ...string) (*builder, error) {
	pages, err := templates()
	if err != nil {
		return nil, err
	}
	css := []byte(string(accents(colours)) + "\n")
	for _, name := range append([]string{"style.css"}, more...) {
		sheet, err := embedded.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("publish: reading the style sheet: %w", err)
		}
		css = append(css, sheet...)
	}
	b := &builder{dir: dir, pages: pages, style: "style." + art.Digest(css)[:10] + ".css"}
	return b, b.write(b.style, css)
}

func templates() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{"cell": func(c compareCell, w words) cellView { return cellView{c, w} }}).ParseFS(embedded, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("publish: reading the templates: %w", err)
	}
	return t, nil
}

func (b *builder) write(name string, data []byte) error {
	path := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("publish: making the folder of %s: %w", name, err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("publish: writing %s (is the disk full?): %w", name, err)
	}
	return nil
}

func (b *builder) page(name, tmpl string, data any) error {
	var out bytes.Buffer
	if err := b.pages.ExecuteTemplate(&out, tmpl, data); err != nil {
		return fmt.Errorf("publish: writing the page %s: %w", name, err)
	}
	return b.write(name, out.Bytes())
}

// page is the path of a page below the site's folder: the default language stands at the top, others in a folder.
func (c Campaign) page(lang art.Language, name string) string {
	if lang != c.Languages[0] {
		return lang + "/" + name
	}
	return name
}

// assetPage is an asset's page, without the folder of the language.
func assetPage(a art.Asset) string { return a.Slug + "-" + a.ID[:min(8, len(a.ID))] + ".html" }

func (b *builder) site(ctx context.Context, c Campaign) error {
	for _, a := range c.Assets {
		if err := b.asset(ctx, c, a); err != nil {
			return err
		}
	}
	if c.Sheet != nil {
		if err := b.write("images/"+c.Sheet.Name, c.Sheet.Data); err != nil {
			return err
		}
	}
	for _, lang := range c.Languages {
		if err := b.language(c, lang); err != nil {
			return err
		}
	}
	data, err := sitemap(c)
	if err != nil {
		return err
	}
	return b.write("sitemap.xml", data)
}

// asset writes an asset's picture files, byte by byte, and its recipe.
func (b *builder) asset(ctx context.Context, c Campaign, a art.Asset) error {
	for _, r := range allFiles(a) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("publish: copying pictures: %w", err)
		}
		data, err := c.Open(ctx, r.SHA256)
		if err != nil {
			return fmt.Errorf("publish: fetching %s: %w", r.Name, err)
		}
		if err := b.write("images/"+r.Name, data); err != nil {
			return err
		}
	}
	if a.Clip != nil {
		for _, t := range a.Clip.Tracks {
			data, err := c.Open(ctx, t.SHA256)
			if err != nil {
				return fmt.Errorf("publish: fetching %s: %w", t.Name, err)
			}
			if err := b.write("images/"+t.Name, data); err != nil {
				return err
			}
		}
	}
	if a.License != nil {
		return nil // nobody made it from a recipe
	}
	recipe := a.Planned.Recipe
	if !c.ShowPrompt {
		recipe.Prompt, recipe.NegativePrompt = "sha256:"+art.Digest([]byte(recipe.Prompt)), "sha256:"+art.Digest([]byte(recipe.NegativePrompt))
	}
	data, err := json.MarshalIndent(map[string]any{"id": a.Planned.ID, "recipe": recipe}, "", "  ")
	if err != nil {
		return fmt.Errorf("publish: writing the recipe of %s: %w", a.ID, err)
	}
	return b.write("recipes/"+a.Planned.ID+".json", append(data, '\n'))
}

// frame is what every page has.
type frame struct {
	Lang, OtherLang string
	Words           words
	Title           string
	Description     string
	Root            string // leads to the site's folder
	Style           string
	Canonical       string
	Alternate       string // the same page in the other language: from here
	AlternateURL    string // and in full
	Image           *imageObject
	LinkedData      template.JS
	Hero            *picture
	Brand           string
	Generator       string
	Up              string // leads to the page above the campaigns
}

func (b *builder) frame(c Campaign, lang art.Language, name string) frame {
	f := frame{
		Lang: lang, Words: catalogue()[lang], Style: b.style, Canonical: c.BaseURL + c.page(lang, name), Brand: c.Brand.Name.In(lang),
		Generator: c.Generator,
	}
	if lang != c.Languages[0] {
		f.Root = "../"
	}
	if filmed(c.Assets) {
		f.Words["footer"] = f.Words["footer_clips"]
	}
	f.Up = f.Root + "../index.html"
	for _, other := range c.Languages {
		if other == lang {
			continue
		}
		f.OtherLang, f.AlternateURL = other, c.BaseURL+c.page(other, name)
		f.Alternate = f.Root + c.page(other, name)
		if name == "" {
			f.Alternate += "index.html"
		}
	}
	return f
}

// galleryPage and picturePage are what the templates show.
type galleryPage struct {
	frame
	Heading, Goal, Audience, Figures, MadeAt, RunID string
	Lead                                            *card
	Cards                                           []card
	Sheet                                           *Sheet
	Palette                                         []art.Colour
}

type card struct {
	Picture     picture
	Title, Href string
	Length      string // of a clip
	AI          bool   // it has to be called generated
	Label       *label
}

type picturePage struct {
	frame
	Heading    string
	Picture    picture
	Video      *video // in the place of the picture, which is its poster then
	Lead       string
	Note       string // of an editor
	AI         bool
	Label      *label
	Making     []row
	Rights     []row
	License    string
	Acquire    string
	Files      []file
	Scores     []score
	Recipe     string
	Prev, Next *card
}

// language writes all pages in one language.
func (b *builder) language(c Campaign, lang art.Language) error {
	var cards []card
	var objects []imageObject
	root := b.frame(c, lang, "").Root
	for i, a := range c.Assets {
		sizes := cardSizes
		if i == 0 {
			sizes = heroSizes
		}
		cards = append(cards, card{newPicture(a, root, sizes, lang, i == 0), a.Title.In(lang), assetPage(a), length(a), Generated(a), newLabel(a, lang)})
		if o, ok := describe(c, a, c.page(lang, assetPage(a)), lang); ok {
			objects = append(objects, o)
		}
	}
	if err := b.gallery(c, lang, cards, objects); err != nil {
		return err
	}
	for i, a := range c.Assets {
		if err := b.picture(c, lang, a, neighbours(cards, i)); err != nil {
			return err
		}
	}
	return nil
}

// neighbours are the cards before and after, or nil at the ends.
func neighbours(cards []card, i int) [2]*card {
	var n [2]*card
	if i > 0 {
		n[0] = &cards[i-1]
	}
	if i+1 < len(cards) {
		n[1] = &cards[i+1]
	}
	return n
}

func (b *builder) gallery(c Campaign, lang art.Language, cards []card, objects []imageObject) error {
	p := galleryPage{
		frame: b.frame(c, lang, ""), Heading: c.Run.Brief.Title.In(lang), Goal: c.Run.Brief.Goal.In(lang),
		Audience: c.Run.Brief.Audience.In(lang), Figures: figures(c, catalogue()[lang]), MadeAt: c.MadeAt.UTC().Format("2006-01-02"),
		RunID: c.Run.ID, Sheet: c.Sheet, Palette: c.Brand.Colours,
	}
	p.Title, p.Description = p.Heading+" · "+p.Brand, p.Goal
	if len(cards) > 0 {
		p.Lead, p.Cards, p.Hero = &cards[0], cards[1:], &cards[0].Picture
	}
	if len(objects) > 0 {
		p.Image = &objects[0]
		var err error
		if p.LinkedData, err = script(objects); err != nil {
			return err
		}
	}
	return b.page(c.page(lang, "index.html"), "gallery.html", p)
}

func (b *builder) picture(c Campaign, lang art.Language, a art.Asset, near [2]*card) error {
	w, name := catalogue()[lang], assetPage(a)
	f := b.frame(c, lang, name)
	hero := newPicture(a, f.Root, pageSizes, lang, true)
	f.Hero = &hero
	f.Title, f.Description = a.Title.In(lang)+" · "+f.Brand, a.Alt.In(lang)
	if o, ok := describe(c, a, c.page(lang, name), lang); ok {
		f.Image = &o
		var err error
		if f.LinkedData, err = script([]imageObject{o}); err != nil {
			return err
		}
	}
	p := picturePage{
		frame: f, Heading: a.Title.In(lang), Picture: hero, Video: newVideo(a, f.Root, lang), Lead: lead(a, w), Note: note(a, lang), AI: Generated(a), Label: newLabel(a, lang), Making: making(c, a, w), Files: files(a, f.Root, w),
		Scores: scores(c, a, lang), Recipe: f.Root + "recipes/" + a.Planned.ID + ".json", License: a.Rights.License,
		Acquire: a.Rights.AcquireURL, Prev: near[0], Next: near[1],
		Rights: []row{{w["credit"], a.Rights.Credit}, {w["copyright"], a.Rights.Copyright}, {w["mining"], a.Rights.DataMining}},
	}
	if a.License != nil {
		p.Recipe = ""
	}
	if p.Video != nil {
		p.Hero = nil
		if p.Label == nil {
			p.Lead = w["ai_clip"]
		}
	}
	if !offered(a) {
		p.Files = nil
	}
	return b.page(c.page(lang, name), "picture.html", p)
}

// indexPage is the page above the campaigns.
type indexPage struct {
	frame
	Cards []indexCard
}

type indexCard struct {
	Card
	Heading, BrandName, AltText, Date, LangFolder string
}

// Index writes the page above the sites in dir, a sitemap index and robots.txt. Each file is replaced whole.
func Index(ctx context.Context, cards []Card, baseURL, dir string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish: writing the index: %w", err)
	}
	return mergeInto(dir, func(tmp string) error {
		b, err := newBuilder(tmp, nil)
		if err != nil {
			return err
		}
		for _, lang := range []art.Language{art.English, art.German} {
			if err := b.index(cards, lang, baseURL); err != nil {
				return err
			}
		}
		var maps sitemapIndex
		for _, c := range cards {
			maps.Sitemaps = append(maps.Sitemaps, siteURL{Loc: baseURL + c.Folder + "/sitemap.xml", Mod: c.MadeAt.UTC().Format("2006-01-02")})
		}
		data, err := xmlFile(maps)
		if err != nil {
			return err
		}
		if err := b.write("robots.txt", []byte("User-agent: *\nAllow: /\nSitemap: "+baseURL+"sitemap.xml\n")); err != nil {
			return err
		}
		return b.write("sitemap.xml", data)
	})
}

func (b *builder) index(cards []Card, lang art.Language, baseURL string) error {
	w := catalogue()[lang]
	p := indexPage{frame: frame{Lang: lang, Words: w, Style: b.style, Title: w["campaigns"], Description: w["campaigns_text"], OtherLang: w["other_lang"]}}
	name := "index.html"
	p.Alternate, p.Canonical, p.AlternateURL = "de/index.html", baseURL, baseURL+"de/"
	if lang == art.German {
		name, p.Root, p.Alternate = "de/index.html", "../", "../index.html"
		p.Canonical, p.AlternateURL = baseURL+"de/", baseURL
	}
	for _, c := range cards {
		p.Cards = append(p.Cards, indexCard{c, c.Title.In(lang), c.Brand.In(lang), c.Alt.In(lang), c.MadeAt.UTC().Format("2006-01-02"), c.folder(lang)})
	}
	return b.page(name, "index.html", p)
}

// mergeInto builds files in a folder beside dir and moves them one by one into it.
func mergeInto(dir string, build func(tmp string) error) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("publish: making %s: %w", dir, err)
	}
	tmp, err := os.MkdirTemp(dir, ".index-")
	if err != nil {
		return fmt.Errorf("publish: making a folder in %s (is the disk full?): %w", dir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := build(tmp); err != nil {
		return err
	}
	return filepath.WalkDir(tmp, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(tmp, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), 0o755)
		}
		return os.Rename(path, filepath.Join(dir, rel))
	})
}

// bar is the head of a page.
type bar struct {
	frame
	Home, Name string
}

// Bar gives the head of a page: where the brand's name leads and what it is.
func (f frame) Bar(home, name string) bar { return bar{f, home, name} }

// folder is where a campaign's pages in a language are, below its own folder; without that language, the default ones.
func (c Card) folder(lang art.Language) string {
	for i, l := range c.Languages {
		if l == lang && i > 0 {
			return lang + "/"
		}
	}
	return ""
}
