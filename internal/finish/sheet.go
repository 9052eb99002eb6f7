package finish

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// Tile is one picture of a contact sheet.
type Tile struct {
	Picture  []byte
	Title    string // beside the number, such as "rank 3"
	Note     string // below, such as the value that the matrix varied
	Selected bool
}

// Measures of a contact sheet in pixels.
const (
	tileGap   = 28
	labelRoom = 52
	sheetEdge = 44
	ringWidth = 5
)

// tileSize gives the side of a tile and how many stand in a row. A run of 2000 pictures, the most that a plan may hold,
// must stay below the 65535 pixels that a JPEG can be high.
func tileSize(n int) (side, columns int) {
	if n > 216 {
		return 96, 12
	}
	return 224, min(6, n)
}

// sheetColours: paper, ink, quiet ink, ring of the selected.
func sheetColours() (paper, ink, quiet, ring color.RGBA) {
	return color.RGBA{251, 250, 248, 255}, color.RGBA{29, 27, 34, 255}, color.RGBA{95, 90, 104, 255}, color.RGBA{16, 122, 87, 255}
}

// Sheet draws the tiles in rows and finishes the sheet as one JPEG with XMP and a manifest: it is made of generated
// pictures only, so it is one itself. No tiles give art.ErrInvalid.
func (f *Finisher) Sheet(ctx context.Context, name string, tiles []Tile, rights art.Rights, alt art.Text) (File, error) {
	if len(tiles) == 0 {
		return File{}, art.Invalid("tiles", "a contact sheet of no pictures shows nothing", "render something first")
	}
	canvas, err := drawSheet(ctx, tiles)
	if err != nil {
		return File{}, fmt.Errorf("finish: drawing the contact sheet: %w", err)
	}
	m := provenance.Metadata{
		Title: alt, Description: alt, Alt: alt, Creator: rights.Creator, Credit: rights.Credit, Copyright: rights.Copyright,
		WebStatement: rights.License, LicensorName: rights.Creator, LicensorURL: rights.AcquireURL, SourceType: provenance.Generated,
		System: f.o.Generator.Name, SystemVersion: f.o.Generator.Version, DataMining: rights.DataMining,
	}
	data, err := imaging.Encode(canvas, imaging.Encoding{Format: imaging.JPEG, Quality: 88, XMP: m.Packet()})
	if err != nil {
		return File{}, fmt.Errorf("finish: writing the contact sheet: %w", err)
	}
	if data, err = provenance.WithIIM(data, m); err != nil {
		return File{}, fmt.Errorf("finish: writing the contact sheet: %w", err)
	}
	file := File{Data: data, Rendition: art.Rendition{
		Name: name + ".jpg", Format: "jpeg", MIME: "image/jpeg", Width: canvas.Width, Height: canvas.Height, ColourSpace: "srgb",
	}}
	file, err = f.sign(ctx, file, provenance.Claim{Title: file.Name, Actions: []provenance.Action{
		{Action: "c2pa.created", SourceType: provenance.Generated, Description: "contact sheet of generated pictures", Software: &f.o.Generator},
	}})
	if err != nil {
		return File{}, fmt.Errorf("finish: signing the contact sheet: %w", err)
	}
	return file, nil
}

// drawSheet lays the tiles out in rows.
func drawSheet(ctx context.Context, tiles []Tile) (*imaging.RGB, error) {
	side, columns := tileSize(len(tiles))
	rows := (len(tiles) + columns - 1) / columns
	size := image.Rect(0, 0, 2*sheetEdge+columns*(side+tileGap)-tileGap, 2*sheetEdge+rows*(side+labelRoom+tileGap)-tileGap)
	paper, ink, quiet, ring := sheetColours()
	canvas := image.NewRGBA(size)
	draw.Draw(canvas, size, image.NewUniform(paper), image.Point{}, draw.Src)
	bold, err := face(gomedium.TTF)
	if err != nil {
		return nil, err
	}
	plain, err := face(goregular.TTF)
	if err != nil {
		return nil, err
	}
	for i, t := range tiles {
		at := image.Pt(sheetEdge+i%columns*(side+tileGap), sheetEdge+i/columns*(side+labelRoom+tileGap))
		if t.Selected {
			draw.Draw(canvas, image.Rect(at.X-ringWidth, at.Y-ringWidth, at.X+side+ringWidth, at.Y+side+ringWidth), image.NewUniform(ring), image.Point{}, draw.Src)
			draw.Draw(canvas, image.Rect(at.X, at.Y, at.X+side, at.Y+side), image.NewUniform(paper), image.Point{}, draw.Src) // beside a picture that isn't square
		}
		if err := drawTile(ctx, canvas, at, side, t.Picture); err != nil {
			return nil, err
		}
		write(canvas, bold, ink, at.X, at.Y+side+24, side, fmt.Sprintf("%d", i+1))
		write(canvas, plain, quiet, at.X+34, at.Y+side+24, side-34, t.Title)
		write(canvas, plain, quiet, at.X, at.Y+side+44, side, t.Note)
	}
	out, err := imaging.NewRGB(size.Dx(), size.Dy())
	if err != nil {
		return nil, err
	}
	for i, j := 0, 0; i < len(out.Pix); i, j = i+3, j+4 {
		copy(out.Pix[i:i+3], canvas.Pix[j:j+3])
	}
	return out, nil
}

func drawTile(ctx context.Context, canvas *image.RGBA, at image.Point, side int, data []byte) error {
	p, err := imaging.Decode(ctx, data, imaging.Limits{})
	if err != nil {
		return err
	}
	long := max(p.Width, p.Height)
	small, err := imaging.Resize(p, max(1, p.Width*side/long), max(1, p.Height*side/long))
	if err != nil {
		return err
	}
	dx, dy := (side-small.Width)/2, (side-small.Height)/2
	for y := range small.Height {
		for x := range small.Width {
			r, g, b := small.At(x, y)
			canvas.SetRGBA(at.X+dx+x, at.Y+dy+y, color.RGBA{r, g, b, 255})
		}
	}
	return nil
}

// textSize is that of the labels in pixels.
const textSize = 16

func face(ttf []byte) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("reading the type face: %w", err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingFull})
}

// write draws a line of text and cuts it at the width.
func write(canvas *image.RGBA, f font.Face, c color.Color, x, y, width int, text string) {
	for font.MeasureString(f, text).Ceil() > width-8 && len(text) > 1 {
		r := []rune(text)
		text = string(r[:len(r)-2]) + "…"
	}
	d := font.Drawer{Dst: canvas, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
