package wire

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"presswerk/internal/art"
)

// Form is a multipart form in the making. The first mistake is kept for Request.
type Form struct {
	body   bytes.Buffer
	writer *multipart.Writer
	err    error
}

// NewForm begins a form.
func NewForm() *Form {
	f := &Form{}
	f.writer = multipart.NewWriter(&f.body)
	return f
}

// Field adds a value.
func (f *Form) Field(name string, value any) {
	if f.err == nil {
		f.err = f.writer.WriteField(name, fmt.Sprint(value))
	}
}

// Picture adds a picture as a file with its type.
func (f *Form) Picture(field, name string, data []byte) {
	kind := http.DetectContentType(data)
	ending := strings.TrimPrefix(kind, "image/")
	if f.err != nil {
		return
	}
	if ending == kind {
		f.err = art.Invalid(field, "is no picture", "use PNG, JPEG or WebP")
		return
	}
	part, err := f.writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf("form-data; name=%q; filename=%q", field, name+"."+ending)}, "Content-Type": {kind},
	})
	if err == nil {
		_, err = part.Write(data)
	}
	f.err = err
}

// Request ends the form and makes a request of it.
func (f *Form) Request(path string, paid bool) (Request, error) {
	if f.err == nil {
		f.err = f.writer.Close()
	}
	if f.err != nil {
		return Request{}, fmt.Errorf("writing a form: %w", f.err)
	}
	return Request{Method: http.MethodPost, Path: path, Body: f.body.Bytes(), Type: f.writer.FormDataContentType(), Paid: paid}, nil
}
