package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/infotext"
	"presswerk/internal/provenance"
)

// importCmd reads how pictures of other tools were made.
type importCmd struct {
	Files []string      `arg:"" optional:"" help:"${arg_import}"`
	Out   string        `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_recipes_out}"`
	Watch string        `name:"watch" type:"existingdir" placeholder:"DIR" help:"${flag_watch}"`
	Every time.Duration `name:"every" default:"2s" placeholder:"TIME" help:"${flag_watch_every}"`
	Once  bool          `name:"once" help:"${flag_watch_once}"`
	By    string        `name:"by" placeholder:"NAME" help:"${flag_by}"`
}

// imported is what became of one file. Recipe is absent where there is an error.
type imported struct {
	File    string           `json:"file"`
	Source  infotext.Source  `json:"source,omitempty"`
	Recipe  *art.Recipe      `json:"recipe,omitempty"`
	Missing []string         `json:"missing"`
	Kept    []infotext.Entry `json:"kept,omitempty"`
	Notes   []string         `json:"notes,omitempty"`
	Written string           `json:"written,omitempty"`
	Error   string           `json:"error,omitempty"`
}

// noteDamaged says that the file breaks off behind its texts.
const noteDamaged = "damaged"

// Run reads every file, whatever becomes of the others. A file that says nothing is a no (exit 1), one that cannot be read
// bad input (exit 2).
func (c *importCmd) Run(ctx context.Context, g *globals) error {
	switch {
	case c.Watch != "" && len(c.Files) > 0:
		return art.Invalid("watch", "files and a folder to watch are named", "say one of them")
	case c.Watch != "":
		return c.watch(ctx, g)
	case len(c.Files) == 0:
		return art.Invalid("files", "nothing is named", "name pictures, an archive of them, or a folder with --watch")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written through it
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", c.Out, err)
		}
	}
	answer := struct {
		Files []imported `json:"files"`
	}{[]imported{}}
	silent, broken := 0, 0
	used := map[string]bool{}
	for _, file := range c.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := eachPicture(ctx, file, func(name string, one imported, err error) error {
			if err == nil && c.Out != "" {
				one.Written, err = writeRecipe(c.Out, name, *one.Recipe, used)
				if err != nil {
					return err // the disk, which the next file needs as well
				}
			}
			switch {
			case errors.Is(err, art.ErrNotFound):
				silent++
				one = imported{File: name, Missing: []string{}, Error: g.words.say("import_silent")}
			case err != nil:
				broken++
				one = imported{File: name, Missing: []string{}, Error: err.Error()}
			}
			answer.Files = append(answer.Files, one)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := g.answer(answer, func(w io.Writer) { g.importedText(w, answer.Files) }); err != nil {
		return err
	}
	switch {
	case broken > 0:
		return fmt.Errorf("%s: %w", g.words.say("import_broken", broken, len(answer.Files)), art.ErrInvalid)
	case silent > 0:
		return errNo
	default:
		return nil
	}
}

func importFile(ctx context.Context, file string) (imported, error) {
	data, err := readWhole(file)
	if err != nil {
		return imported{}, err
	}
	return importData(ctx, file, data)
}

// importData reads what the bytes of a file say.
func importData(ctx context.Context, file string, data []byte) (imported, error) {
	picture, damage, err := readTexts(ctx, file, data)
	if err != nil {
		return imported{}, err
	}
	r, err := infotext.Read(picture)
	if damage != nil && errors.Is(err, art.ErrNotFound) {
		return imported{}, damage
	}
	if err != nil {
		return imported{}, err
	}
	if damage != nil {
		r.Notes = append(r.Notes, noteDamaged)
	}
	return imported{File: file, Source: r.Source, Recipe: &r.Recipe, Missing: r.Missing, Kept: r.Kept, Notes: r.Notes}, nil
}

// readWhole reads a file that isn't too large.
func readWhole(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", err, art.ErrInvalid)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file: %w", file, art.ErrInvalid)
	case info.Size() > maxImport:
		return nil, fmt.Errorf("%s has %d bytes, and %d are the limit: %w", file, info.Size(), maxImport, art.ErrInvalid)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return data, nil
}

// readTexts gives the texts of a picture, or a text file as one. Damage is what is wrong with a file whose texts could
// be read in part.
func readTexts(ctx context.Context, file string, data []byte) (p infotext.Picture, damage, err error) {
	p.Name = filepath.Base(file)
	if imaging.Sniff(data) == "" {
		if text := string(data); utf8.Valid(data) && !strings.ContainsRune(text, 0) {
			p.Texts = []infotext.Entry{{Name: "text", Value: text}}
			return p, nil, nil
		}
		return p, nil, fmt.Errorf("%s is neither a picture nor a text: %w", file, art.ErrInvalid)
	}
	texts, damage := imaging.Texts(data, imaging.Limits{})
	for _, t := range texts {
		p.Texts = append(p.Texts, infotext.Entry{Name: t.Key, Value: t.Value})
	}
	header, err := probeApart(ctx, data, imaging.Limits{})
	if err != nil {
		if damage == nil {
			damage = err
		}
		return p, damage, nil
	}
	p.Width, p.Height = header.Width, header.Height
	p.Texts = append(p.Texts, packetTexts(header.XMP)...)
	return p, damage, nil
}

// maxImport is the size of a file that is read: imaging's own limit.
const maxImport = 128 << 20

// packetTexts are what an XMP packet says for people; a packet that is no XML says nothing.
func packetTexts(packet []byte) []infotext.Entry {
	if len(packet) == 0 {
		return nil
	}
	m, err := provenance.ParsePacket(packet)
	if err != nil {
		return nil
	}
	var all []infotext.Entry
	for _, e := range []infotext.Entry{{Name: "xmp:AIPromptInformation", Value: m.Prompt}, {Name: "xmp:Description", Value: m.Description.In(art.English)}} {
		if e.Value != "" && !strings.HasPrefix(e.Value, "sha256:") {
			all = append(all, e)
		}
	}
	return all
}

// writeRecipe writes DIR/NAME.json, with a number where two files have one name.
func writeRecipe(dir, file string, r art.Recipe, used map[string]bool) (string, error) {
	stem := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	name := stem
	for i := 2; used[name]; i++ {
		name = stem + "-" + strconv.Itoa(i)
	}
	used[name] = true
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the recipe of %s down: %w", file, err)
	}
	path := filepath.Join(dir, name+".json")
	return path, writeWhole(path, append(text, '\n'))
}
