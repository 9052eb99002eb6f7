package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

// stockImportCmd takes a picture that somebody has a licence for, without buying anything.
type stockImportCmd struct {
	File string `arg:"" name:"file" help:"${arg_stock_file}"`
	Kind string `name:"kind" placeholder:"NAME" help:"${flag_stock_kind}"`
	Comp bool   `name:"comp" help:"${flag_stock_comp}"`

	Record      string   `name:"license-record" type:"existingfile" placeholder:"FILE" help:"${flag_stock_record}"`
	Source      string   `name:"source" placeholder:"NAME" help:"${flag_stock_source}"`
	Content     string   `name:"content-id" placeholder:"ID" help:"${flag_stock_content}"`
	Reference   string   `name:"license-id" placeholder:"ID" help:"${flag_stock_reference}"`
	Document    string   `name:"license-file" type:"existingfile" placeholder:"FILE" help:"${flag_stock_document}"`
	Creator     string   `name:"creator" placeholder:"NAME" help:"${flag_stock_creator}"`
	Credit      string   `name:"credit" help:"${flag_stock_credit}"`
	Copyright   string   `name:"copyright" help:"${flag_stock_copyright}"`
	Terms       string   `name:"terms" placeholder:"URL" help:"${flag_stock_terms}"`
	Territories []string `name:"territories" sep:"," placeholder:"CODE,…" help:"${flag_stock_territories}"`
	Channels    []string `name:"channels" sep:"," placeholder:"NAME,…" help:"${flag_stock_channels}"`
	From        string   `name:"from" placeholder:"DAY" help:"${flag_stock_from}"`
	Until       string   `name:"until" placeholder:"DAY" help:"${flag_stock_until}"`
	Editorial   bool     `name:"editorial" help:"${flag_stock_editorial}"`
	Made        string   `name:"made" placeholder:"HOW" help:"${flag_stock_made}"`
	shelfFlags
	wordFlags
}

// Run takes the file, or the picture with this number of Adobe Stock, into its run.
func (c *stockImportCmd) Run(ctx context.Context, g *globals) error {
	by, err := c.by(g)
	if err != nil {
		return err
	}
	id, isNumber := int64(0), false
	if _, err := os.Stat(c.File); errors.Is(err, os.ErrNotExist) {
		if id, err = strconv.ParseInt(c.File, 10, 64); err == nil {
			isNumber = true
		}
	}
	l, o, err := c.shelf(ctx, g)
	if err != nil {
		return err
	}
	defer l.close()
	var license art.PictureLicense
	var picture []byte
	if isNumber {
		picture, license, err = c.fromAgency(ctx, l, id, by)
	} else {
		picture, license, err = c.fromFile(ctx, l)
	}
	if err != nil {
		return err
	}
	license.By = by
	if err := c.say(ctx, l, &license); err != nil {
		return err
	}
	return c.bring(ctx, l, o, license, picture)
}

// fromAgency fetches what the account has a licence for already, or the preview of anything.
func (c *stockImportCmd) fromAgency(ctx context.Context, l *line, id int64, by string) ([]byte, art.PictureLicense, error) {
	var none art.PictureLicense
	a, err := l.g.agency()
	if err != nil {
		return nil, none, err
	}
	file, err := a.File(ctx, id)
	if err != nil {
		return nil, none, err
	}
	b := buyer{l, a, file, cmp.Or(c.Kind, "Standard")}
	if c.Comp {
		p, err := a.FetchPreview(ctx, file)
		if err != nil {
			return nil, none, err
		}
		license, err := b.license(ctx, p.Bytes, by)
		license.Comp, license.Kind, license.Territories, license.Channels = true, "", nil, nil
		return p.Bytes, license, err
	}
	picture, day, err := b.owned(ctx)
	if errors.Is(err, art.ErrNotFound) {
		return nil, none, &art.FieldError{Field: "id", Reason: err.Error(), Remedy: fmt.Sprintf("buy one: presswerk stock license %d; or look at the preview with --comp", id), Kind: art.ErrRefused}
	}
	if err != nil {
		return nil, none, err
	}
	license, err := b.license(ctx, picture, by)
	license.From = day
	return picture, license, err
}

// fromFile reads a picture, and what it says of its own making.
func (c *stockImportCmd) fromFile(ctx context.Context, l *line) (picture []byte, license art.PictureLicense, err error) {
	if picture, err = readWhole(c.File); err != nil {
		return nil, license, err
	}
	if c.Record != "" {
		if license, err = readRecord(c.Record); err != nil {
			return nil, license, err
		}
	}
	license.Kind, license.Comp = cmp.Or(c.Kind, license.Kind), license.Comp || c.Comp
	if license.SourceType == "" && c.Made == "" {
		if license.SourceType, err = l.tools.originOf(ctx, picture); err != nil {
			return nil, license, fmt.Errorf("%s: %w", c.File, err)
		}
	}
	if license.Title.In(art.English) == "" {
		license.Title = art.Text{art.English: strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))}
	}
	return picture, license, nil
}

// readRecord reads what a licence says as JSON: a record of presswerk, or one that somebody wrote.
func readRecord(file string) (l art.PictureLicense, err error) {
	data, err := readWhole(file)
	if err != nil {
		return l, err
	}
	var whole struct { // as stock license --json prints it
		License json.RawMessage `json:"license"`
	}
	if json.Unmarshal(data, &whole) == nil && len(whole.License) > 0 {
		data = whole.License
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, art.Invalid("license-record", fmt.Sprintf("%s: %v", file, err), "write it as docs/stock.md shows")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return l, art.Invalid("license-record", file+" has something behind its record", "write one record")
	}
	return l, nil
}

// say lays what the command line says over the licence, and keeps its document.
func (c *stockImportCmd) say(ctx context.Context, l *line, license *art.PictureLicense) error {
	for _, f := range []struct {
		to   *string
		said string
	}{
		{&license.Source, c.Source},
		{&license.Content, c.Content},
		{&license.Reference, c.Reference},
		{&license.Creator, c.Creator},
		{&license.Credit, c.Credit},
		{&license.Copyright, c.Copyright},
		{&license.Terms, c.Terms},
		{&license.From, c.From},
		{&license.Until, c.Until},
	} {
		*f.to = cmp.Or(f.said, *f.to)
	}
	if len(c.Territories) > 0 {
		license.Territories = c.Territories
	}
	if len(c.Channels) > 0 {
		license.Channels = c.Channels
	}
	if c.Editorial {
		license.Purpose = art.NonCommercial
	}
	c.over(license)
	if err := c.making(license); err != nil || c.Document == "" {
		return err
	}
	data, err := readWhole(c.Document)
	if err != nil {
		return err
	}
	sum, err := l.blobs.Put(ctx, data)
	license.Document = &art.Document{Name: filepath.Base(c.Document), MIME: http.DetectContentType(data), SHA256: sum}
	return err
}

// making writes down how the picture came to be, where somebody says so.
func (c *stockImportCmd) making(license *art.PictureLicense) error {
	known := map[string]string{"camera": provenance.Capture, "edited": provenance.HumanEdits, "model": provenance.Generated, "composite": provenance.Composite}
	switch made, ok := known[c.Made]; {
	case c.Made == "":
	case ok:
		license.SourceType = made
	case strings.HasPrefix(c.Made, "http://cv.iptc.org/newscodes/digitalsourcetype/"):
		license.SourceType = c.Made
	default:
		return art.Invalid("made", fmt.Sprintf("nobody knows %q", c.Made), "say camera, edited, model or composite, or a whole IPTC digital source type")
	}
	return nil
}
