package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine/adobestock"
	"presswerk/internal/factory"
	"presswerk/internal/ledger"
	"presswerk/internal/provenance"
)

// shelfFlags say where a picture goes and who says so.
type shelfFlags struct {
	For   string `name:"for" placeholder:"BRIEF" help:"${flag_stock_for}"`
	Brand string `name:"brand" placeholder:"ID" help:"${flag_stock_brand}"`
	RunID string `name:"run" placeholder:"RUN" help:"${flag_stock_run}"`
	By    string `name:"by" placeholder:"NAME" help:"${flag_by}"`
}

// wordFlags say what a picture is called and shows.
type wordFlags struct {
	Title   string `name:"title" help:"${flag_stock_title}"`
	TitleDE string `name:"title-de" help:"${flag_stock_title_de}"`
	Alt     string `name:"alt" help:"${flag_stock_alt}"`
	AltDE   string `name:"alt-de" help:"${flag_stock_alt_de}"`
}

// over lays the words over those that a licence has.
func (f wordFlags) over(l *art.PictureLicense) {
	l.Title, l.Alt = worded(l.Title, f.Title, f.TitleDE), worded(l.Alt, f.Alt, f.AltDE)
	if l.Alt.In(art.English) == "" {
		l.Alt = l.Title
	}
}

func worded(t art.Text, english, german string) art.Text {
	all := art.Text{}
	for lang, words := range map[art.Language]string{art.English: cmp.Or(english, t[art.English]), art.German: cmp.Or(german, t[art.German])} {
		if words != "" {
			all[lang] = words
		}
	}
	return all
}

// shelf opens the line and finds what a picture is for: a brief, a run that is there, or a brand's pictures in general.
func (f shelfFlags) shelf(ctx context.Context, g *globals) (*line, factory.Order, error) {
	if named := strings.Join([]string{f.For, f.Brand, f.RunID}, ""); named == "" || named != f.For && named != f.Brand && named != f.RunID {
		return nil, factory.Order{}, art.Invalid("for", "it isn't clear what the picture is for", "say one of --for BRIEF, --brand ID and --run RUN")
	}
	ws, err := g.workspace(f.For)
	if err != nil {
		return nil, factory.Order{}, err
	}
	var o factory.Order
	switch {
	case f.For != "":
		o, err = readOrder(ctx, ws, f.For)
	case f.Brand != "":
		if o.Kit, err = ws.ReadKit(f.Brand); err == nil {
			o.Brief = brandBrief(o)
			o.Logo, err = ws.ReadLogo(o.Kit)
		}
	}
	if err != nil {
		return nil, o, err
	}
	l, err := openLine(ctx, g, ws, lineOptions{Work: true})
	if err == nil && f.RunID != "" {
		var run art.RunView
		if run, err = l.db.Run(ctx, f.RunID); err != nil {
			l.close()
			return nil, o, err
		}
		o.Brief = run.Brief
	}
	return l, o, err
}

// brandBrief asks for pictures of a brand on all of its channels.
func brandBrief(o factory.Order) art.Brief {
	b := art.Brief{
		ID: o.Kit.ID, Brand: o.Kit.ID, Title: art.Text{art.English: "Licensed pictures", art.German: "Lizenzierte Bilder"}, Languages: []art.Language{art.English, art.German},
		Goal: art.Text{art.English: "Pictures that were not made here.", art.German: "Bilder, die nicht hier gemacht wurden."}, Approval: art.ApprovalReview,
	}
	for _, c := range o.Kit.Channels {
		b.Channels = append(b.Channels, c.Name)
	}
	return b
}

func (f shelfFlags) by(g *globals) (string, error) {
	by := cmp.Or(f.By, g.settings.User)
	if by == "" {
		return "", art.Invalid("by", "nobody is named", "say who buys or brings the picture: --by NAME")
	}
	return by, nil
}

// bring takes the picture into its run, has it judged, and says where it is.
func (f shelfFlags) bring(ctx context.Context, l *line, o factory.Order, license art.PictureLicense, picture []byte) error {
	g := l.g
	got, err := l.factory.Bring(ctx, o, f.RunID, license, picture)
	if err != nil {
		return err
	}
	if err := l.work(ctx, got.Run); err != nil {
		return err
	}
	run, err := l.db.Run(ctx, got.Run)
	if err != nil {
		return err
	}
	if _, err := (&makeCmd{}).follow(ctx, g, l, run); err != nil {
		return err
	}
	for _, warning := range got.Warnings {
		g.note("%s", g.words.say("stock_warning", warning))
	}
	return g.answer(got, func(w io.Writer) {
		key := "stock_brought"
		if got.Known {
			key = "stock_known"
		}
		fmt.Fprintln(w, g.words.say(key, got.Candidate, got.License.Source, got.Run))
	})
}

// stockLicenseCmd buys a licence.
type stockLicenseCmd struct {
	ID      int64  `arg:"" name:"id" help:"${arg_stock_id}"`
	Kind    string `name:"kind" default:"Standard" placeholder:"NAME" help:"${flag_stock_kind}"`
	Pay     bool   `name:"pay" help:"${flag_stock_pay}"`
	Overage bool   `name:"overage" help:"${flag_stock_overage}"`
	shelfFlags
	wordFlags
}

// Run buys the licence unless the account has it, fetches the file and takes it into its run.
func (c *stockLicenseCmd) Run(ctx context.Context, g *globals) error {
	by, err := c.by(g)
	if err != nil {
		return err
	}
	a, err := g.agency()
	if err != nil {
		return err
	}
	if err := a.Ready(true); err != nil {
		return err
	}
	l, o, err := c.shelf(ctx, g)
	if err != nil {
		return err
	}
	defer l.close()
	file, err := a.File(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := file.Usable(); err != nil {
		return err
	}
	b := buyer{l, a, file, c.Kind}
	picture, call, day, err := b.buy(ctx, o, c.Pay, c.Overage)
	if err != nil {
		return err
	}
	license, err := b.license(ctx, picture, by)
	if err != nil {
		return err
	}
	license.Call, license.From = call, day
	c.over(&license)
	return c.bring(ctx, l, o, license, picture)
}

// buyer gets one licence of one picture.
type buyer struct {
	line *line
	a    *adobestock.Agency
	file adobestock.File
	kind string
}

// buy gives the licensed file, the call that bought it, and the day since which it is licensed. What was bought through these books
// comes from them, also where nobody knew how it ended; what the account has beside is fetched and not bought.
func (b buyer) buy(ctx context.Context, o factory.Order, pay, beyond bool) (picture []byte, call, day string, err error) {
	deal := b.a.Deal(b.file, b.kind, beyond)
	books := b.line.factory.Ledger
	promised, err := books.Promised(ctx, deal.Key())
	if err != nil {
		return nil, "", "", err
	}
	if !promised {
		if picture, day, err = b.owned(ctx); err == nil || !errors.Is(err, art.ErrNotFound) {
			return picture, "", day, err
		}
		if err := b.mayPay(ctx, deal, pay, beyond); err != nil {
			return nil, "", "", err
		}
	}
	p, made, err := books.Render(ctx, deal, ledger.Order{Key: deal.Key(), Recipe: deal.Recipe(), Brand: o.Brief.Brand, Budgets: o.Brief.Budgets}, nil)
	return p.Bytes, made.ID, made.At.UTC().Format(time.DateOnly), err
}

// owned fetches what the account has a licence for, or gives art.ErrNotFound where it has none.
func (b buyer) owned(ctx context.Context) ([]byte, string, error) {
	day, owned, err := b.a.Owned(ctx, b.file.ID, b.kind)
	if err != nil {
		return nil, "", err
	}
	if !owned {
		return nil, "", fmt.Errorf("the account has no %s licence of %d: %w", b.kind, b.file.ID, art.ErrNotFound)
	}
	p, err := b.a.FetchBought(ctx, b.file.ID, b.kind)
	if errors.Is(err, art.ErrNotFound) {
		return nil, "", fmt.Errorf("the account has a %s licence of %d, and its history doesn't say where the file is; download it there and call presswerk stock import FILE (%s): %w", b.kind, b.file.ID, err.Error(), art.ErrUnavailable)
	}
	return p.Bytes, day, err
}

// mayPay says what a licence takes, and refuses to buy it unasked.
func (b buyer) mayPay(ctx context.Context, deal *adobestock.Deal, pay, beyond bool) error {
	offer, err := b.a.Ask(ctx, b.file.ID, b.kind)
	if err != nil {
		return err
	}
	if err := offer.Allows(beyond); err != nil || pay {
		return err
	}
	q, err := b.line.factory.Ledger.Quote(deal, deal.Recipe())
	if err != nil {
		return err
	}
	price := "prices.yaml knows no price of it"
	if q.Known {
		price = fmt.Sprintf("prices.yaml says %s %s", q.Amount, q.Currency)
	}
	return &art.FieldError{
		Field: "pay", Reason: fmt.Sprintf("a %s licence of %d costs something: %s %s", b.kind, b.file.ID, strings.TrimSpace(offer.Message), price), Remedy: "say --pay to buy it", Kind: art.ErrRefused,
	}
}

// license is what Adobe's licences say, and what the file tells of its making.
//
// Source: stock.adobe.com/api/license-terms, read 2026-11-26: anywhere in the world, without an end, in print, on websites and in social
// media; the line of credit.
func (b buyer) license(ctx context.Context, picture []byte, by string) (art.PictureLicense, error) {
	f := b.file
	page, _, _ := strings.Cut(f.Page, "?")
	l := art.PictureLicense{
		Source: "Adobe Stock", Content: strconv.FormatInt(f.ID, 10), Kind: b.kind, Title: art.Text{art.English: f.Title}, Creator: f.Creator, Credit: "© " + f.Creator + " - stock.adobe.com",
		Terms: "https://stock.adobe.com/license-terms", Acquire: page, Territories: []string{art.Everywhere}, Channels: []string{art.Everywhere}, By: by,
	}
	var err error
	if l.SourceType, err = b.line.tools.originOf(ctx, picture); err != nil {
		return l, err
	}
	if f.Generated {
		l.SourceType = provenance.Generated
	}
	return l, nil
}
