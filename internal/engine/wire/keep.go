package wire

import (
	"bytes"
	"encoding/json"
	"strings"

	"presswerk/internal/art"
)

// Heard is what is read of an answer together with its bytes, which are kept for the record.
type Heard[T any] struct {
	Said  T
	Bytes []byte
}

// UnmarshalJSON reads what is said and keeps the bytes.
func (h *Heard[T]) UnmarshalJSON(data []byte) error {
	h.Bytes = bytes.Clone(data)
	return json.Unmarshal(data, &h.Said)
}

// maxKept is how long a text of an answer may be to be kept: what is longer is a picture in base64.
const maxKept = 4096

// Keep is an answer as it is kept for the record: without secrets, and with the SHA-256 of longer texts in their place, as
// pictures are kept for themselves. Links lose what stands behind their question mark. What is no JSON is kept as it is.
func (c *Client) Keep(answer []byte) []byte {
	if len(answer) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	var said any
	if err := d.Decode(&said); err != nil {
		return c.Redact(answer)
	}
	short, err := json.Marshal(shortened(said))
	if err != nil {
		return c.Redact(answer)
	}
	return c.Redact(short)
}

func shortened(said any) any {
	switch v := said.(type) {
	case string:
		address, query, signed := strings.Cut(v, "?")
		switch {
		case (strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://")) && signed && query != "": // which opens the picture for whoever has it
			return address + "?…"
		case len(v) > maxKept:
			return "sha256:" + art.Digest([]byte(v))
		}
	case []any:
		for i := range v {
			v[i] = shortened(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = shortened(v[name])
		}
	}
	return said
}
