package sdapi

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// parameters reads the last line of the text in which stable-diffusion.cpp keeps how a picture was made: "RNG" → "cuda". A
// file without one, or one that breaks off, gives none.
func parameters(file []byte) map[string]string {
	all := map[string]string{}
	lines := strings.Split(strings.TrimSpace(pngText(file, "parameters")), "\n")
	for part := range strings.SplitSeq(lines[len(lines)-1], ", ") {
		if key, value, ok := strings.Cut(part, ": "); ok {
			all[strings.TrimSpace(key)] = value
		}
	}
	return all
}

// pngText finds a text of a PNG by its key.
//
// Source: PNG (third edition), 5.3 and 11.3.3.2: a chunk is length, type, data and a checksum, and tEXt is key, 0, text.
func pngText(file []byte, key string) string {
	const signature, frame = "\x89PNG\r\n\x1a\n", 12
	rest, ok := bytes.CutPrefix(file, []byte(signature))
	for ok && len(rest) >= frame {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-frame) {
			break
		}
		if kind, data := string(rest[4:8]), rest[8:8+n]; kind == "tEXt" {
			if text, found := bytes.CutPrefix(data, append([]byte(key), 0)); found {
				return string(text)
			}
		}
		rest = rest[frame+n:]
	}
	return ""
}
