package icc

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf16"
)

// chromaticity is a colour's x and y of CIE 1931.
type chromaticity struct{ x, y float64 }

// display is an RGB space that is defined by its primaries. All here have the white D65 and the tone curve of sRGB.
type display struct {
	name             string
	red, green, blue chromaticity
}

// SRGB is the profile of IEC 61966-2-1.
func SRGB() []byte {
	return display{name: "sRGB", red: chromaticity{0.64, 0.33}, green: chromaticity{0.30, 0.60}, blue: chromaticity{0.15, 0.06}}.profile()
}

// DisplayP3 is the profile of the displays that show more than sRGB: the primaries of DCI-P3, the white and curve of sRGB.
//
// Source: SMPTE EG 432-1:2010 for the primaries, IEC 61966-2-1 for the rest.
func DisplayP3() []byte {
	return display{name: "Display P3", red: chromaticity{0.680, 0.320}, green: chromaticity{0.265, 0.690}, blue: chromaticity{0.150, 0.060}}.profile()
}

type matrix [3][3]float64

func (m matrix) times(n matrix) matrix {
	var out matrix
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out[i][j] += m[i][k] * n[k][j]
			}
		}
	}
	return out
}

func (m matrix) apply(v [3]float64) [3]float64 {
	var out [3]float64
	for i := range 3 {
		out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	return out
}

// inverse is by cofactors; primaries never lie on one line.
func (m matrix) inverse() matrix {
	cofactor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	det := m[0][0]*cofactor(0, 0) + m[0][1]*cofactor(0, 1) + m[0][2]*cofactor(0, 2)
	var out matrix
	for i := range 3 {
		for j := range 3 {
			out[i][j] = cofactor(j, i) / det
		}
	}
	return out
}

func (c chromaticity) xyz() [3]float64 { return [3]float64{c.x / c.y, 1, (1 - c.x - c.y) / c.y} }

// d50 is the white of the space through which profiles speak, in the digits of ICC.1.
func d50() [3]float64 { return [3]float64{0.9642, 1, 0.8249} }

// d65 is the white of displays.
func d65() chromaticity { return chromaticity{0.3127, 0.3290} }

// adaptation turns colours under D65 into such under D50.
//
// Source: ICC.1:2022, annex E, with the Bradford matrix.
func adaptation() matrix {
	bradford := matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	from, to := bradford.apply(d65().xyz()), bradford.apply(d50())
	return bradford.inverse().times(matrix{{to[0] / from[0]}, {0, to[1] / from[1]}, {0, 0, to[2] / from[2]}}).times(bradford)
}

// colorants are the primaries at full light under D50, one a column.
func (d display) colorants() matrix {
	r, g, b := d.red.xyz(), d.green.xyz(), d.blue.xyz()
	primaries := matrix{{r[0], g[0], b[0]}, {r[1], g[1], b[1]}, {r[2], g[2], b[2]}}
	s := primaries.inverse().apply(d65().xyz())
	return adaptation().times(primaries.times(matrix{{s[0]}, {0, s[1]}, {0, 0, s[2]}}))
}

// profile writes version 4.3 of the format, with the date of its specification, so that the bytes are always the same.
//
// Source: ICC.1:2010, sections 7 to 10.
func (d display) profile() []byte {
	c, a := d.colorants(), adaptation()
	curve := signed("para", 0, 0, 0, 0, 0, 3, 0, 0) // function type 3, then g, a, b, c, d
	curve = fixed(curve, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	xyz := func(v [3]float64) []byte { return fixed(signed("XYZ ", 0, 0, 0, 0), v[:]...) }
	column := func(j int) []byte { return xyz([3]float64{c[0][j], c[1][j], c[2][j]}) }
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", localized(d.name)},
		{"cprt", localized("No copyright, use freely")},
		{"wtpt", xyz(d50())},
		{"chad", fixed(signed("sf32", 0, 0, 0, 0), slices.Concat(a[0][:], a[1][:], a[2][:])...)},
		{"rXYZ", column(0)},
		{"gXYZ", column(1)},
		{"bXYZ", column(2)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	}
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	start, before := 128+4+12*len(tags), map[string]int{}
	for _, t := range tags {
		at, known := before[string(t.data)]
		if !known { // equal tags share their bytes
			at = start + len(body)
			before[string(t.data)] = at
			body = append(body, t.data...)
			body = append(body, make([]byte, -len(body)&3)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(at))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
	}
	return slices.Concat(header(start+len(body)), table, body)
}

func header(size int) []byte {
	h := make([]byte, 128)
	binary.BigEndian.PutUint32(h, uint32(size))
	copy(h[8:], []byte{4, 0x30, 0, 0})
	copy(h[12:], "mntrRGB XYZ ")
	for i, n := range []uint16{2010, 12, 1, 0, 0, 0} {
		binary.BigEndian.PutUint16(h[24+2*i:], n)
	}
	copy(h[36:], "acsp")
	copy(h[68:], fixed(nil, 0.9642, 1, 0.8249))
	return h
}

// signed begins an element of a type with some bytes.
func signed(kind string, more ...byte) []byte { return append([]byte(kind), more...) }

// fixed appends numbers as s15Fixed16.
func fixed(b []byte, numbers ...float64) []byte {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(n*65536))))
	}
	return b
}

// localized is a text in English as multiLocalizedUnicode.
func localized(text string) []byte {
	units := utf16.Encode([]rune(text))
	b := signed("mluc", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12)
	b = append(b, "enUS"...)
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(units)))
	b = binary.BigEndian.AppendUint32(b, 28)
	for _, u := range units {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}
