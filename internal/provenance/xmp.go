package provenance

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// XMP namespaces.
const (
	nsRDF       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsDC        = "http://purl.org/dc/elements/1.1/"
	nsPhotoshop = "http://ns.adobe.com/photoshop/1.0/"
	nsRights    = "http://ns.adobe.com/xap/1.0/rights/"
	nsPlus      = "http://ns.useplus.org/ldf/xmp/1.0/"
	nsCore      = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
	nsExt       = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
	nsTC260     = "http://www.tc260.org.cn/ns/AIGC/1.0/"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	vocabulary  = "http://ns.useplus.org/ldf/vocab/"
)

// Metadata is what the XMP packet of a picture says. Empty fields are left out.
//
// Source: IPTC Photo Metadata Standard 2025.1 and PLUS LDF, as tabled in the project's reference notes.
type Metadata struct {
	Title         art.Text
	Description   art.Text
	Alt           art.Text // for people who do not see the picture
	Creator       string
	Credit        string
	Copyright     string
	WebStatement  string // URL of the licence
	LicensorName  string
	LicensorURL   string // where a licence can be had
	SourceType    string // a digital source type
	System        string // AI system used
	SystemVersion string
	Prompt        string // the words, or "sha256:…"
	PromptWriter  string
	DataMining    string // PLUS code, such as "DMI-PROHIBITED-AIMLTRAINING"
	Keywords      []string
	AIGC          AIGC
}

// AIGC is the implicit label of China's GB 45438-2025, a JSON object in one XMP property. Without a label it is left out.
//
// Source: TC260's practice guide PG-20258A as public programs write it, which ExifTool shows as XMP-TC260:Aigc; the guide itself was not read.
type AIGC struct {
	Label      string `json:"Label"`             // "1" generated, "2" perhaps, "3" suspected
	Producer   string `json:"ContentProducer"`   // name or number of who made it
	ProduceID  string `json:"ProduceID"`         // the producer's number for it
	Reserved1  string `json:"ReservedCode1"`     // for the producer's own safeguards
	Propagator string `json:"ContentPropagator"` // name or number of who spreads it
	SpreadID   string `json:"PropagateID"`       // the spreader's number for it
	Reserved2  string `json:"ReservedCode2"`     // for the spreader's own safeguards
}

// text is the property's value, or nothing.
func (a AIGC) text() string {
	if a.Label == "" {
		return ""
	}
	data, _ := json.Marshal(a) // strings alone never fail
	return string(data)
}

// Packet writes the metadata as an XMP packet. Equal metadata gives equal bytes.
func (m Metadata) Packet() []byte {
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"" + nsRDF + "\">\n  <rdf:Description rdf:about=\"\"")
	for _, ns := range [][2]string{
		{"dc", nsDC}, {"photoshop", nsPhotoshop}, {"xmpRights", nsRights}, {"plus", nsPlus}, {"Iptc4xmpCore", nsCore}, {"Iptc4xmpExt", nsExt}, {"TC260", nsTC260},
	} {
		if ns[1] == nsTC260 && m.AIGC.Label == "" {
			continue
		}
		fmt.Fprintf(&b, "\n    xmlns:%s=\"%s\"", ns[0], ns[1])
	}
	marked, mining := "", ""
	if m.Copyright != "" {
		marked = "True"
	}
	if m.DataMining != "" {
		mining = vocabulary + m.DataMining
	}
	for _, a := range [][2]string{
		{"photoshop:Credit", m.Credit},
		{"xmpRights:WebStatement", m.WebStatement},
		{"xmpRights:Marked", marked},
		{"Iptc4xmpExt:DigitalSourceType", m.SourceType},
		{"Iptc4xmpExt:AISystemUsed", m.System},
		{"Iptc4xmpExt:AISystemVersionUsed", m.SystemVersion},
		{"Iptc4xmpExt:AIPromptInformation", m.Prompt},
		{"Iptc4xmpExt:AIPromptWriterName", m.PromptWriter},
		{"plus:DataMining", mining},
	} {
		if a[1] != "" {
			fmt.Fprintf(&b, "\n    %s=\"%s\"", a[0], escape(a[1]))
		}
	}
	b.WriteString(">\n")
	list(&b, "dc:creator", "Seq", m.Creator)
	list(&b, "dc:subject", "Bag", m.Keywords...)
	alternatives(&b, "dc:title", m.Title)
	alternatives(&b, "dc:description", m.Description)
	if m.Copyright != "" {
		alternatives(&b, "dc:rights", art.Text{art.English: m.Copyright})
	}
	alternatives(&b, "Iptc4xmpCore:AltTextAccessibility", m.Alt)
	if m.LicensorName != "" || m.LicensorURL != "" {
		fmt.Fprintf(&b, "   <plus:Licensor><rdf:Seq><rdf:li rdf:parseType=\"Resource\"><plus:LicensorName>%s</plus:LicensorName><plus:LicensorURL>%s</plus:LicensorURL></rdf:li></rdf:Seq></plus:Licensor>\n",
			escape(m.LicensorName), escape(m.LicensorURL))
	}
	if label := m.AIGC.text(); label != "" {
		fmt.Fprintf(&b, "   <TC260:AIGC>%s</TC260:AIGC>\n", escape(label))
	}
	b.WriteString("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>")
	return b.Bytes()
}

// list writes an ordered or unordered list of the values that say something.
func list(b *bytes.Buffer, name, kind string, values ...string) {
	var items strings.Builder
	for _, v := range values {
		if v != "" {
			fmt.Fprintf(&items, "<rdf:li>%s</rdf:li>", escape(v))
		}
	}
	if items.Len() > 0 {
		fmt.Fprintf(b, "   <%s><rdf:%s>%s</rdf:%s></%s>\n", name, kind, items.String(), kind, name)
	}
}

// alternatives writes words in several languages; the English ones, or the first, are the default.
func alternatives(b *bytes.Buffer, name string, t art.Text) {
	if t.In(art.English) == "" {
		return
	}
	fmt.Fprintf(b, "   <%s><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li>", name, escape(t.In(art.English)))
	for _, lang := range t.Languages() {
		if t[lang] != "" {
			fmt.Fprintf(b, "<rdf:li xml:lang=\"%s\">%s</rdf:li>", escape(lang), escape(t[lang]))
		}
	}
	fmt.Fprintf(b, "</rdf:Alt></%s>\n", name)
}

// escape makes text safe inside XML; what XML cannot hold becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}

// ParsePacket reads the fields that Metadata knows out of any XMP packet, whether they stand as attributes or as
// elements. What is no XML gives art.ErrInvalid.
func ParsePacket(packet []byte) (Metadata, error) {
	var m Metadata
	d := xml.NewDecoder(bytes.NewReader(packet))
	d.Strict = true
	var path []xml.Name
	lang := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return Metadata{}, fmt.Errorf("provenance: the XMP packet is damaged: %w: %w", err, art.ErrInvalid)
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name)
			if len(path) > 64 {
				return Metadata{}, fmt.Errorf("provenance: the XMP packet is nested too deep: %w", art.ErrInvalid)
			}
			for _, a := range t.Attr {
				if a.Name.Space == nsXML && a.Name.Local == "lang" {
					lang = a.Value
				} else if t.Name.Space == nsRDF && t.Name.Local == "Description" {
					m.set(a.Name, "", a.Value)
				}
			}
		case xml.EndElement:
			path, lang = path[:len(path)-1], ""
		case xml.CharData:
			if words := strings.TrimSpace(string(t)); words != "" {
				if name, ok := property(path); ok {
					m.set(name, lang, words)
				}
			}
		}
	}
}

// property is the innermost element that is not RDF's own.
func property(path []xml.Name) (xml.Name, bool) {
	for _, name := range slices.Backward(path) {
		if name.Space != nsRDF {
			return name, true
		}
	}
	return xml.Name{}, false
}

// set keeps the value of one property, if Metadata knows it.
func (m *Metadata) set(name xml.Name, lang, value string) {
	words := map[string]*art.Text{
		nsDC + "title": &m.Title, nsDC + "description": &m.Description, nsCore + "AltTextAccessibility": &m.Alt,
	}
	if t, ok := words[name.Space+name.Local]; ok {
		if *t == nil {
			*t = art.Text{}
		}
		if lang == "" || lang == "x-default" {
			if _, there := (*t)[art.English]; there {
				return
			}
			lang = art.English
		}
		(*t)[lang] = value
		return
	}
	single := map[string]*string{
		nsDC + "creator": &m.Creator, nsDC + "rights": &m.Copyright, nsPhotoshop + "Credit": &m.Credit,
		nsRights + "WebStatement": &m.WebStatement, nsPlus + "LicensorName": &m.LicensorName, nsPlus + "LicensorURL": &m.LicensorURL,
		nsExt + "DigitalSourceType": &m.SourceType, nsExt + "AISystemUsed": &m.System, nsExt + "AISystemVersionUsed": &m.SystemVersion,
		nsExt + "AIPromptInformation": &m.Prompt, nsExt + "AIPromptWriterName": &m.PromptWriter,
	}
	switch field, ok := single[name.Space+name.Local]; {
	case ok && *field == "":
		*field = value
	case name.Space == nsDC && name.Local == "subject":
		m.Keywords = append(m.Keywords, value)
	case name.Space == nsPlus && name.Local == "DataMining":
		m.DataMining = strings.TrimPrefix(value, vocabulary)
	case name.Space == nsTC260 && name.Local == "AIGC":
		var a AIGC
		if json.Unmarshal([]byte(value), &a) == nil && slices.Contains([]string{"1", "2", "3"}, a.Label) { // what a stranger wrote otherwise says nothing
			m.AIGC = a
		}
	}
}
