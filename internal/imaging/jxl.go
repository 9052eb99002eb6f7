package imaging

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The boxes of ISO/IEC 18181-2 that a JPEG XL file with metadata starts with.
const (
	jxlSignature = "\x00\x00\x00\x0cJXL \r\n\x87\n"
	jxlFileType  = "\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl "
)

// wrapJXL puts a bare codestream and an XMP packet into a container. libvips 8.14 writes codestreams and drops the packet.
func wrapJXL(data, xmp []byte) []byte {
	if bytes.HasPrefix(data, []byte(jxlSignature)) {
		return data
	}
	out := slices.Concat([]byte(jxlSignature), []byte(jxlFileType))
	if len(xmp) > 0 {
		out = append(out, isoBox("xml ", xmp)...)
	}
	return append(out, isoBox("jxlc", data)...)
}

func isoBox(kind string, body []byte) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(kind), body)
}

// packetOfJXL finds the XMP packet among a file's boxes, or nil. Boxes that reach beyond the file end the search.
func packetOfJXL(data []byte) []byte {
	for len(data) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		kind := string(data[4:8])
		if size == 1 && len(data) >= 16 {
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size == 0 {
			size = uint64(len(data)) // to the end of the file
		}
		if size < head || size > uint64(len(data)) {
			return nil
		}
		if kind == "xml " {
			return data[head:size]
		}
		data = data[size:]
	}
	return nil
}
