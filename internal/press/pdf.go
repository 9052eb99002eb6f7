package press

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"presswerk/internal/art"
)

// Standards of PDF/X that are written here.
const (
	X4 = "x-4" // ISO 15930-7:2010
	X3 = "x-3" // ISO 15930-6:2003
)

// Document is what a PDF file says besides its picture.
type Document struct {
	Title    string
	Standard string // X4 or X3
	Producer string // the program
	Made     time.Time
	XMP      []byte // a packet of XMP about the picture, to which what PDF/X wants is added; nil begins a new one
}

// PDF writes a file with one page. Equal arguments give equal bytes. The picture is compressed without loss, since ink is counted and
// what JPEG makes of it is not.
func (p *Press) PDF(s *Separation, page Page, d Document) ([]byte, error) {
	if d.Standard != X4 && d.Standard != X3 {
		return nil, art.Invalid("standard", fmt.Sprintf("PDF/%s is not written", strings.ToUpper(d.Standard)), "use x-4 or x-3")
	}
	packet, err := d.packet()
	if err != nil {
		return nil, err
	}
	picture, err := flated(upFiltered(s.Pix, 4*s.Width))
	if err != nil {
		return nil, err
	}
	profile, err := flated(p.Profile)
	if err != nil {
		return nil, err
	}
	content, err := flated(page.content())
	if err != nil {
		return nil, err
	}
	media, bleed, trim := page.boxes()
	w := &pdfWriter{}
	w.header(d.Standard)
	w.object("<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R/OutputIntents[<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier %s/OutputCondition %s/RegistryName(http://www.color.org)/Info %s/DestOutputProfile 6 0 R>>]>>",
		textString(p.identifier()), textString(p.Title), textString(p.Title))
	w.object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	marks := ""
	if page.Marks {
		marks = "/ColorSpace<</All[/Separation/All/DeviceCMYK<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[1 1 1 1]/N 1>>]>>"
	}
	w.object("<</Type/Page/Parent 2 0 R/MediaBox%s/BleedBox%s/TrimBox%s/Resources<</XObject<</Picture 5 0 R>>%s>>/Contents 4 0 R>>", media, bleed, trim, marks)
	w.stream("/Filter/FlateDecode", content)
	w.stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceCMYK/BitsPerComponent 8/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns %d>>", s.Width, s.Height, 4*s.Width), picture)
	w.stream("/N 4/Filter/FlateDecode", profile)
	w.stream("/Type/Metadata/Subtype/XML", packet)
	w.object("%s", d.info())
	return w.finish(8), nil
}

// identifier is what the output intent calls the condition; one outside the registry is told by its profile alone.
func (p *Press) identifier() string {
	if p.Name == "" {
		return "Custom"
	}
	return p.Name
}

// String writes a box as PDF does.
func (b box) String() string {
	return fmt.Sprintf("[%s %s %s %s]", number(b[0]), number(b[1]), number(b[2]), number(b[3]))
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }

// content draws the picture to the bleed, and the marks in all inks.
func (p Page) content() []byte {
	_, bleed, trim := p.boxes()
	var b bytes.Buffer
	fmt.Fprintf(&b, "q %s 0 0 %s %s %s cm /Picture Do Q\n", number(bleed[2]-bleed[0]), number(bleed[3]-bleed[1]), number(bleed[0]), number(bleed[1]))
	if !p.Marks {
		return b.Bytes()
	}
	b.WriteString("q /All CS 1 SCN 0.25 w\n")
	near, far := points(p.gap()), points(p.gap()+markLength)
	for _, x := range []int{0, 2} {
		for _, y := range []int{1, 3} {
			left, below := float64(x-1), float64(y-2) // −1 or 1: the way out
			fmt.Fprintf(&b, "%s %s m %s %s l S\n", number(trim[x]+left*near), number(trim[y]), number(trim[x]+left*far), number(trim[y]))
			fmt.Fprintf(&b, "%s %s m %s %s l S\n", number(trim[x]), number(trim[y]+below*near), number(trim[x]), number(trim[y]+below*far))
		}
	}
	b.WriteString("Q\n")
	return b.Bytes()
}

// version is the standard as files call it.
func (d Document) version() string {
	if d.Standard == X3 {
		return "PDF/X-3:2003"
	}
	return "PDF/X-4"
}

func (d Document) info() string {
	made := d.Made.UTC().Format("D:20060102150405Z")
	s := fmt.Sprintf("<</Title %s/Creator %s/Producer %s/CreationDate(%s)/ModDate(%s)/Trapped/False", textString(d.Title), textString(d.Producer), textString(d.Producer), made, made)
	if d.Standard == X3 {
		s += "/GTS_PDFXVersion(" + d.version() + ")"
	}
	return s + ">>"
}

// packet adds to the picture's XMP what PDF/X wants: dates, producer, trapping, version and an identity.
//
// Source: ISO 15930-7:2010, 6.4 and 6.7 to 6.9.
func (d Document) packet() ([]byte, error) {
	base := d.XMP
	if len(base) == 0 {
		base = fmt.Appendf(nil, "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"+
			"  <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title></rdf:Description>\n"+
			" </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>", escaped(d.Title))
	}
	end := bytes.LastIndex(base, []byte("</rdf:RDF>"))
	if end < 0 {
		return nil, art.Invalid("xmp", "the packet has no rdf:RDF", "give a packet of XMP, or none")
	}
	made := d.Made.UTC().Format("2006-01-02T15:04:05Z")
	var b bytes.Buffer
	b.Write(base[:end])
	fmt.Fprintf(&b, "  <rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\" xmlns:pdfxid=\"http://www.npes.org/pdfx/ns/id/\"\n"+
		"    xmp:CreatorTool=\"%[1]s\" xmp:CreateDate=\"%[2]s\" xmp:ModifyDate=\"%[2]s\" xmp:MetadataDate=\"%[2]s\" pdf:Producer=\"%[1]s\" pdf:Trapped=\"False\"\n"+
		"    xmpMM:DocumentID=\"uuid:%[3]s\" xmpMM:VersionID=\"1\" xmpMM:RenditionClass=\"default\"", escaped(d.Producer), made, d.identity())
	if d.Standard == X4 {
		fmt.Fprintf(&b, " pdfxid:GTS_PDFXVersion=\"%s\"", d.version())
	}
	b.WriteString("/>\n ")
	b.Write(base[end:])
	return b.Bytes(), nil
}

// identity is a UUID made of what the document says, so that equal documents have equal ones.
func (d Document) identity() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00", d.Title, d.Standard, d.Made.UTC().Format(time.RFC3339Nano))
	h.Write(d.XMP)
	sum := h.Sum(nil)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, of RFC 9562: made by one's own rules
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}

// textString writes words as PDF does: UTF-16 in hexadecimal digits, unless they are plain ASCII.
func textString(s string) string {
	plain := true
	for _, r := range s {
		plain = plain && r >= ' ' && r < 127
	}
	if plain {
		return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s) + ")"
	}
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// upFiltered stores every row as its difference from the one above, which compresses better.
//
// Source: PNG, section 9.2, filter type 2, as PDF's predictor 12 takes it.
func upFiltered(pix []uint8, row int) []byte {
	out := make([]byte, 0, len(pix)+len(pix)/row)
	for i := 0; i < len(pix); i += row {
		out = append(out, 2)
		for j := i; j < i+row; j++ {
			above := uint8(0)
			if i > 0 {
				above = pix[j-row]
			}
			out = append(out, pix[j]-above)
		}
	}
	return out
}

func flated(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("press: compressing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("press: compressing: %w", err)
	}
	return b.Bytes(), nil
}

// pdfWriter lays objects one after the other and remembers where.
//
// Source: ISO 32000-1:2008, 7.5.
type pdfWriter struct {
	b  bytes.Buffer
	at []int
}

func (w *pdfWriter) header(standard string) {
	version := "1.6"
	if standard == X3 {
		version = "1.4"
	}
	w.b.WriteString("%PDF-" + version + "\n%\xe2\xe3\xcf\xd3\n")
}

func (w *pdfWriter) object(format string, args ...any) {
	w.at = append(w.at, w.b.Len())
	fmt.Fprintf(&w.b, "%d 0 obj\n", len(w.at))
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteString("\nendobj\n")
}

func (w *pdfWriter) stream(keys string, data []byte) {
	w.at = append(w.at, w.b.Len())
	fmt.Fprintf(&w.b, "%d 0 obj\n<<%s/Length %d>>\nstream\n", len(w.at), keys, len(data))
	w.b.Write(data)
	w.b.WriteString("\nendstream\nendobj\n")
}

// finish writes the table of objects. The identity of the file is its own digest.
func (w *pdfWriter) finish(info int) []byte {
	id := sha256.Sum256(w.b.Bytes())
	start := w.b.Len()
	fmt.Fprintf(&w.b, "xref\n0 %d\n0000000000 65535 f \n", len(w.at)+1)
	for _, at := range w.at {
		fmt.Fprintf(&w.b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w.b, "trailer\n<</Size %d/Root 1 0 R/Info %d 0 R/ID[<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(w.at)+1, info, id[:16], id[:16], start)
	return w.b.Bytes()
}
