package provenance

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"presswerk/internal/art"
)

// Library is c2pa-rs' C library, loaded at run time without cgo. It is safe for concurrent use.
//
// Source: the C header of contentauth/c2pa-rs 0.91; handles returned by the *_with_* functions replace the one passed
// in, which must not be used or freed again.
type Library struct {
	version string
	streams table[*memory]
	signing table[func(data []byte) ([]byte, error)]
	calls   calls
	read    uintptr // callbacks; purego allows about 2000 for the life of a process, so there are six
	seek    uintptr
	write   uintptr
	flush   uintptr
	signed  uintptr
	asked   uintptr
}

// calls are the C functions, by their C names.
type calls struct {
	version, err                                                func() uintptr
	free                                                        func(uintptr) int32
	createStream                                                func(ctx, read, seek, write, flush uintptr) uintptr
	releaseStream                                               func(uintptr)
	readerWithManifest                                          func(reader uintptr, format string, stream uintptr, manifest unsafe.Pointer, size int) uintptr
	settingsNew, contextBuilderNew                              func() uintptr
	settingsUpdate                                              func(settings uintptr, text, format string) int32
	contextSetSettings                                          func(builder, settings uintptr) int32
	contextBuild, builderFromContext, readerFromContext, toJSON func(uintptr) uintptr
	toCrJSON                                                    func(reader uintptr) uintptr
	setError                                                    func(message string) int32
	resolverCreate                                              func(context, callback uintptr) uintptr
	contextSetResolver                                          func(builder, resolver uintptr) int32
	builderWithDefinition                                       func(builder uintptr, json string) uintptr
	addIngredient                                               func(builder uintptr, json, format string, stream uintptr) int32
	readerWithStream                                            func(reader uintptr, format string, stream uintptr) uintptr
	setIntent                                                   func(builder uintptr, intent, source int32) int32
	signerFromInfo                                              func(info unsafe.Pointer) uintptr
	signerCreate                                                func(context, callback uintptr, algorithm int32, certificates string, timestampURL unsafe.Pointer) uintptr
	builderSign                                                 func(builder uintptr, format string, source, dest, signer uintptr, manifest *uintptr) int64
}

// Open loads the library. What is missing or too old gives art.ErrUnavailable.
func Open(path string) (lib *Library, err error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("provenance: loading the C2PA library %s (run 'make setup'): %w: %w", path, err, art.ErrUnavailable)
	}
	l := &Library{}
	c := &l.calls
	for name, call := range map[string]any{
		"c2pa_version": &c.version, "c2pa_error": &c.err, "c2pa_free": &c.free,
		"c2pa_create_stream": &c.createStream, "c2pa_release_stream": &c.releaseStream,
		"c2pa_reader_with_manifest_data_and_stream": &c.readerWithManifest,
		"c2pa_settings_new":                         &c.settingsNew, "c2pa_settings_update_from_string": &c.settingsUpdate,
		"c2pa_context_builder_new": &c.contextBuilderNew, "c2pa_context_builder_set_settings": &c.contextSetSettings,
		"c2pa_context_builder_build": &c.contextBuild, "c2pa_builder_from_context": &c.builderFromContext,
		"c2pa_builder_with_definition": &c.builderWithDefinition, "c2pa_builder_add_ingredient_from_stream": &c.addIngredient,
		"c2pa_reader_from_context": &c.readerFromContext, "c2pa_reader_with_stream": &c.readerWithStream,
		"c2pa_reader_json": &c.toJSON, "c2pa_signer_from_info": &c.signerFromInfo, "c2pa_builder_sign": &c.builderSign,
		"c2pa_reader_crjson": &c.toCrJSON, "c2pa_signer_create": &c.signerCreate, "c2pa_builder_set_intent": &c.setIntent,
		"c2pa_http_resolver_create": &c.resolverCreate, "c2pa_context_builder_set_http_resolver": &c.contextSetResolver,
		"c2pa_error_set_last": &c.setError,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("provenance: %s lacks %s; it is another version than the one in setup/native.lock: %w", path, name, art.ErrUnavailable)
		}
		purego.RegisterFunc(call, symbol)
	}
	l.callbacks()
	l.version = l.text(c.version())
	return l, nil
}

// Version is what the library calls itself, such as "c2pa-c-ffi/0.91.3 c2pa-rs/0.91.3".
func (l *Library) Version() string { return l.version }

func (l *Library) callbacks() {
	l.read = purego.NewCallback(func(h uintptr, p *byte, n int) int {
		k, err := l.streams.get(h).Read(unsafe.Slice(p, n))
		if err != nil && !errors.Is(err, io.EOF) {
			return -1
		}
		return k
	})
	l.seek = purego.NewCallback(func(h uintptr, offset int, whence int32) int {
		k, err := l.streams.get(h).Seek(int64(offset), int(whence))
		if err != nil {
			return -1
		}
		return int(k)
	})
	l.write = purego.NewCallback(func(h uintptr, p *byte, n int) int {
		k, err := l.streams.get(h).Write(unsafe.Slice(p, n))
		if err != nil {
			return -1
		}
		return k
	})
	l.flush = purego.NewCallback(func(uintptr) int { return 0 })
	l.signed, l.asked = purego.NewCallback(l.signFor), purego.NewCallback(l.refuse)
}

// text copies a C string and frees it.
func (l *Library) text(p uintptr) string {
	if p == 0 {
		return ""
	}
	defer l.calls.free(p)
	var b []byte
	for q := p; ; q++ {
		c := **(**byte)(unsafe.Pointer(&q)) // q is memory of the C library, which Go's collector never moves
		if c == 0 {
			return string(b)
		}
		b = append(b, c)
	}
}

// failure is the library's last error on this thread. Calls and their error must share one: see locked.
func (l *Library) failure(doing string) error {
	return fmt.Errorf("provenance: %s: %s", doing, l.text(l.calls.err()))
}

// locked runs a sequence of calls on one thread, because the library keeps its last error by thread.
func locked[T any](do func() (T, error)) (T, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return do()
}

// stream lends a buffer to the library until done is called.
func (l *Library) stream(m *memory) (handle uintptr, done func()) {
	id := l.streams.add(m)
	s := l.calls.createStream(id, l.read, l.seek, l.write, l.flush)
	return s, func() { l.calls.releaseStream(s); l.streams.remove(id) }
}

// table addresses what Go lends to the library by small integers, so that no Go pointer crosses the border.
type table[T any] struct {
	mu   sync.Mutex
	next uintptr
	open map[uintptr]T
}

func (t *table[T]) add(v T) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[uintptr]T{}
	}
	t.next++
	t.open[t.next] = v
	return t.next
}

func (t *table[T]) get(id uintptr) T {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[id]
}

func (t *table[T]) remove(id uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, id)
}

// memory is a file in memory.
type memory struct {
	data   []byte
	offset int64
}

// Read implements io.Reader.
func (m *memory) Read(p []byte) (int, error) {
	if m.offset >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[m.offset:])
	m.offset += int64(n)
	return n, nil
}

// Write implements io.Writer; it grows the file where needed.
func (m *memory) Write(p []byte) (int, error) {
	if end := m.offset + int64(len(p)); end > int64(len(m.data)) {
		m.data = append(m.data, make([]byte, end-int64(len(m.data)))...)
	}
	n := copy(m.data[m.offset:], p)
	m.offset += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (m *memory) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += m.offset
	case io.SeekEnd:
		offset += int64(len(m.data))
	}
	if offset < 0 {
		return 0, errors.New("provenance: seeking before the beginning")
	}
	m.offset = offset
	return offset, nil
}
