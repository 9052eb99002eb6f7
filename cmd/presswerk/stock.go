package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine/adobe"
	"presswerk/internal/engine/adobestock"
	"presswerk/internal/engine/wire"
	"presswerk/internal/imaging"
)

// stockCmd brings pictures that were not made here, with the licence under which they came.
type stockCmd struct {
	Search  stockSearchCmd  `cmd:"" help:"${stock_search}"`
	License stockLicenseCmd `cmd:"" help:"${stock_license}"`
	Import  stockImportCmd  `cmd:"" help:"${stock_import}"`
	List    stockListCmd    `cmd:"" help:"${stock_list}"`
}

// stockKeys are the settings of Adobe Stock. One project of the Developer Console may hold it and Firefly.
type stockKeys struct {
	ID     string // ADOBE_STOCK_CLIENT_ID, else Firefly's
	Key    string // ADOBE_STOCK_CLIENT_SECRET, else Firefly's
	Scope  string // ADOBE_STOCK_SCOPES, as the console shows them
	Base   string // ADOBE_STOCK_BASE_URL
	Tokens string // ADOBE_STOCK_TOKENS_URL
}

func readStock(getenv func(string) string, h hosted) stockKeys {
	read := func(name, otherwise string) string { return cmp.Or(strings.TrimSpace(getenv(name)), otherwise) }
	k := stockKeys{Scope: read("ADOBE_STOCK_SCOPES", adobestock.Scope), Base: read("ADOBE_STOCK_BASE_URL", adobestock.Base), Tokens: read("ADOBE_STOCK_TOKENS_URL", adobe.Tokens)}
	if k.ID, k.Key = read("ADOBE_STOCK_CLIENT_ID", ""), read("ADOBE_STOCK_CLIENT_SECRET", ""); k.ID == "" {
		k.ID, k.Key = h.FireflyID, h.FireflyKey
	}
	return k
}

// agency makes the one who asks Adobe Stock. Nothing is asked yet.
func (g *globals) agency() (*adobestock.Agency, error) {
	k := g.settings.Hosted.Stock
	return adobestock.New(adobestock.Options{ClientID: k.ID, Tokens: strings.TrimSuffix(k.Tokens, "/"), Scope: k.Scope, Service: wire.Service{
		Name: adobestock.Name, Version: adobestock.Revision, Base: strings.TrimSuffix(k.Base, "/"), Key: k.Key, KeyFrom: "ADOBE_STOCK_CLIENT_ID and ADOBE_STOCK_CLIENT_SECRET",
		Now: time.Now, Pauses: wire.Pauses{Sleep: wire.Sleep},
	}})
}

// stockSearchCmd finds pictures.
type stockSearchCmd struct {
	Words       []string `arg:"" optional:"" help:"${arg_stock_words}"`
	Like        string   `name:"like" type:"existingfile" placeholder:"FILE" help:"${flag_stock_like}"`
	Similar     int64    `name:"similar" placeholder:"ID" help:"${flag_stock_similar}"`
	Limit       int      `name:"limit" default:"20" help:"${flag_stock_limit}"`
	Offset      int      `name:"offset" help:"${flag_stock_offset}"`
	Orientation string   `name:"orientation" placeholder:"SHAPE" help:"${flag_stock_orientation}"`
	Generated   string   `name:"generated" placeholder:"true|false" help:"${flag_stock_generated}"`
}

// Run prints a line for each picture. Nothing found is a no.
func (c *stockSearchCmd) Run(ctx context.Context, g *globals) error {
	a, err := g.agency()
	if err != nil {
		return err
	}
	q := adobestock.Query{Words: strings.Join(c.Words, " "), Similar: c.Similar, Limit: c.Limit, Offset: c.Offset, Orientation: c.Orientation, Generated: c.Generated}
	if c.Like != "" {
		if q.Like, err = likeness(ctx, c.Like); err != nil {
			return err
		}
	}
	total, files, err := a.Search(ctx, q)
	if err != nil {
		return err
	}
	err = g.answer(struct {
		Total int               `json:"total"`
		Files []adobestock.File `json:"files"`
	}{total, append([]adobestock.File{}, files...)}, func(w io.Writer) {
		for _, f := range files {
			notes := []string{f.Creator}
			if f.Licensed != "" {
				notes = append(notes, g.words.say("stock_owned", f.Licensed))
			}
			if f.Generated {
				notes = append(notes, g.words.say("stock_generated"))
			}
			fmt.Fprintf(w, "%-12d %5d×%-5d %s · %s\n", f.ID, f.Width, f.Height, f.Title, strings.Join(notes, " · "))
		}
		fmt.Fprintln(w, g.words.say("stock_found", len(files), total))
	})
	if err == nil && len(files) == 0 {
		return errNo
	}
	return err
}

// likeness is a small copy of a picture, without its texts: what leaves the house is what is compared.
func likeness(ctx context.Context, file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w: %w", file, err, art.ErrInvalid)
	}
	p, _, err := readApart(ctx, data, imaging.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	const side = 800
	if long := max(p.Width, p.Height); long > side {
		if p, err = imaging.Resize(p, max(1, p.Width*side/long), max(1, p.Height*side/long)); err != nil {
			return nil, err
		}
	}
	return imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 85})
}

// stockListCmd lists licences.
type stockListCmd struct{}

// Run prints a line for each licence, the newest first, with what has ended.
func (c *stockListCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	all, err := l.db.Licenses(ctx)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Licenses []art.PictureLicense `json:"licenses"`
	}{append([]art.PictureLicense{}, all...)}, func(w io.Writer) {
		for _, x := range all {
			until := cmp.Or(x.Until, "∞")
			if x.Until != "" && x.Until < time.Now().UTC().Format(time.DateOnly) {
				until = g.words.say("stock_ended", x.Until)
			}
			fmt.Fprintf(w, "%s  %-20s %-14s %s  %s · %s  %s\n", x.Picture[:12], x.Source, x.Kind, until, strings.Join(x.Channels, ","), strings.Join(x.Territories, ","), x.Title.In(g.words.lang))
		}
	})
}
