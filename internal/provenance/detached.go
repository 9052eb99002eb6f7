package provenance

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// ReadDetached validates a manifest store against a file that does not have it any more. A file that was changed since it was signed
// gives Invalid with a code of Mismatches, and the rest of the report still says what was signed.
func (l *Library) ReadDetached(ctx context.Context, mime string, file []byte, m Manifest, anchors string) (Report, error) {
	store, broken, err := l.readStore(ctx, mime, file, m.Data, anchors)
	switch {
	case err != nil:
		return Report{}, err
	case store == nil:
		return unreadable(broken), nil
	}
	return store.report(), nil
}

// Mismatches are the codes that say: the manifest holds, and the file is no longer the bytes that were signed.
//
// Source: C2PA 2.3, "Validation status codes".
func Mismatches() []string {
	return []string{"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"}
}

// OnlyTheFileChanged tells whether nothing else is wrong with a detached manifest than that its file was changed since. A signer whom
// the anchors don't know is no fault of the manifest.
func (r Report) OnlyTheFileChanged() bool {
	changed := false
	for _, code := range r.Codes {
		switch {
		case slices.Contains(Mismatches(), code):
			changed = true
		case faulty(code):
			return false
		}
	}
	return changed && r.State == Invalid
}

// faulty tells codes by which a manifest doesn't hold from those that only note something.
func faulty(code string) bool {
	if code == "signingCredential.untrusted" {
		return false
	}
	for _, end := range []string{".mismatch", ".missing", ".invalid", ".malformed", ".revoked", ".expired", ".undeclared", ".inaccessible", ".multiple", ".required"} {
		if strings.HasSuffix(code, end) {
			return true
		}
	}
	return strings.HasPrefix(code, "general.error")
}

// readStore validates a file with its own manifest, or with a detached one. Where there is none that can be read, the store is nil
// and broken says what the library said.
func (l *Library) readStore(ctx context.Context, mime string, file, detached []byte, anchors string) (store *fullStore, broken string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("provenance: reading a manifest: %w", err)
	}
	text, err := options{anchors: anchors}.settings()
	if err != nil {
		return nil, "", err
	}
	text, err = locked(func() (string, error) {
		c2pa, err := l.context(text, false)
		if err != nil {
			return "", err
		}
		defer l.calls.free(c2pa)
		reader := l.calls.readerFromContext(c2pa)
		if reader == 0 {
			return "", l.failure("making a manifest reader")
		}
		s, done := l.stream(&memory{data: file})
		defer done()
		if len(detached) > 0 {
			reader = l.calls.readerWithManifest(reader, mime, s, unsafe.Pointer(&detached[0]), len(detached))
			runtime.KeepAlive(detached)
		} else {
			reader = l.calls.readerWithStream(reader, mime, s)
		}
		if reader == 0 {
			broken = l.text(l.calls.err())
			return "", nil
		}
		defer l.calls.free(reader)
		return l.text(l.calls.toJSON(reader)), nil
	})
	if err != nil || text == "" {
		return nil, broken, err
	}
	store = &fullStore{}
	if err := json.Unmarshal([]byte(text), &store.manifestStore); err != nil {
		return nil, "", fmt.Errorf("provenance: reading the report on a manifest: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &store.links); err != nil {
		return nil, "", fmt.Errorf("provenance: reading the report on a manifest: %w", err)
	}
	return store, "", nil
}
