package provenance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"presswerk/internal/art"
)

// options are what the library is told besides a manifest's definition.
type options struct {
	anchors string
	stamp   bool // time-stamps the manifest that the file already has
}

// settings writes the library's settings. Nothing is fetched but what signing was told to: by default the library would call the
// address that a stranger's file names. Without thumbnails a signature costs about 3.6 kB and 3 ms instead of up to 640 kB and 70 ms.
func (o options) settings() (string, error) {
	builder := map[string]any{
		"thumbnail": map[string]any{"enabled": false},
		"created_assertion_labels": []string{
			"c2pa.actions", "c2pa.actions.v2", "c2pa.ingredient", "c2pa.ingredient.v3", "c2pa.ai-disclosure", "c2pa.soft-binding",
			"c2pa.time-stamp",
		},
	}
	if o.stamp {
		builder["auto_timestamp_assertion"] = map[string]any{"enabled": true, "skip_existing": true, "fetch_scope": "parent"}
	}
	s := map[string]any{
		"version": 1,
		"verify":  map[string]any{"remote_manifest_fetch": false, "ocsp_fetch": false, "verify_after_sign": false},
		"builder": builder,
	}
	trust := map[string]any{"trust_config": strings.Join(purposes(), "\n")}
	if o.anchors != "" {
		trust["user_anchors"] = o.anchors
	}
	s["trust"] = trust
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("provenance: writing the C2PA settings: %w", err)
	}
	return string(text), nil
}

// purposes are the extended key usages of certificates that may sign claims, time stamps and what responders say. The library itself
// doesn't know the one that C2PA's own authorities issue for.
func purposes() []string {
	return []string{claimSigning().String(), "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"}
}

// signerInfo mirrors C2paSignerInfo: four C strings.
type signerInfo struct{ alg, certificates, key, timestampURL *byte }

func cString(s string) *byte {
	b := append([]byte(s), 0)
	return &b[0]
}

// Signed is a file with its manifest.
type Signed struct {
	Data    []byte
	Stamped bool
	Owed    string // why the time stamp that was asked for is missing; see Library.Stamp
}

// TimeStamp says in a record's words what became of the time stamp.
func (s Signed) TimeStamp() string {
	switch {
	case s.Stamped:
		return "stamped"
	case s.Owed != "":
		return "owed: " + s.Owed
	}
	return ""
}

// Sign returns the file with an embedded manifest that says what the claim says. It is the last step: any later change
// of the file breaks the manifest. The claim must keep the rules of Lint. A time stamp that can't be had stops nothing: the file is
// signed without it, and the answer says so.
func (l *Library) Sign(ctx context.Context, id *Identity, mime string, data []byte, claim Claim) (Signed, error) {
	definition, err := claim.definition()
	if err != nil {
		return Signed{}, err
	}
	if err := id.usable(claim.When); err != nil {
		return Signed{}, err
	}
	s := signing{id: id, mime: mime, data: data, definition: definition, ingredients: claim.Ingredients}
	if !claim.Stamp || id.Authority.Address == nil {
		out, err := l.run(ctx, s)
		return Signed{Data: out}, err
	}
	out, owed := l.stamped(ctx, s)
	if owed == nil {
		return Signed{Data: out, Stamped: true}, nil
	}
	if out, err = l.run(ctx, s); err != nil {
		return Signed{}, err
	}
	return Signed{Data: out, Owed: oneLine(owed)}, nil
}

// stamped is run with a time stamp, or an error.
func (l *Library) stamped(ctx context.Context, s signing) (out []byte, err error) {
	if s.authority, err = s.id.Authority.address(); err != nil {
		return nil, err
	}
	if out, err = l.run(ctx, s); err != nil {
		return nil, err
	}
	return out, l.checkStamp(ctx, s.mime, out, s.id)
}

// checkStamp reads back whether a signature is time-stamped: a library that left the stamp out would not say so.
func (l *Library) checkStamp(ctx context.Context, mime string, data []byte, id *Identity) error {
	r, err := l.Read(ctx, mime, data, id.Anchors())
	switch {
	case err != nil:
		return err
	case r.StampedAt == nil:
		return fmt.Errorf("provenance: the file came back without a time stamp that holds: %w", art.ErrUnavailable)
	}
	return nil
}

// Stamp puts a time stamp on the manifest of a file that was signed without one: an update manifest, which says nothing but when the
// one before was there. It gives art.ErrUnavailable where the authority can't be reached or is not configured.
func (l *Library) Stamp(ctx context.Context, id *Identity, generator Software, mime string, data []byte) ([]byte, error) {
	if err := id.usable(time.Time{}); err != nil {
		return nil, err
	}
	before, err := l.Read(ctx, mime, data, id.Anchors())
	if err != nil {
		return nil, err
	}
	if before.State != Trusted && before.State != Valid {
		return nil, art.Invalid("file", "its manifest is "+string(before.State), "sign the file first; only a manifest that holds is time-stamped")
	}
	definition, err := json.Marshal(map[string]any{"claim_generator_info": generator.info(), "title": before.Title})
	if err != nil {
		return nil, fmt.Errorf("provenance: writing the manifest: %w", err)
	}
	return l.stamped(ctx, signing{id: id, mime: mime, data: data, definition: string(definition), update: true})
}

// signing is one signature to make.
type signing struct {
	id          *Identity
	mime        string
	data        []byte
	definition  string
	ingredients []Ingredient
	authority   string // of time stamps; "" asks for none
	update      bool   // the file's own manifest is the parent, and only it is time-stamped
}

// updateIntent is C2paBuilderIntent's third value.
const updateIntent = 2

func (l *Library) run(ctx context.Context, s signing) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("provenance: signing: %w", err)
	}
	return locked(func() ([]byte, error) { return l.sign(ctx, s) })
}

func (l *Library) sign(ctx context.Context, s signing) ([]byte, error) {
	text, err := options{anchors: s.id.Anchors(), stamp: s.update}.settings()
	if err != nil {
		return nil, err
	}
	c2pa, err := l.context(text, s.update)
	if err != nil {
		return nil, err
	}
	defer l.calls.free(c2pa)
	builder, err := l.builder(c2pa, s)
	if err != nil {
		return nil, err
	}
	defer l.calls.free(builder)
	signer, failed, done, err := l.signer(ctx, s.id, s.authority)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &memory{}
	source, done := l.stream(&memory{data: s.data})
	defer done()
	dest, done := l.stream(out)
	defer done()
	var manifest uintptr
	if n := l.calls.builderSign(builder, s.mime, source, dest, signer, &manifest); n < 0 {
		return nil, errors.Join(*failed, l.failure("signing the "+s.mime+" file"))
	}
	l.calls.free(manifest)
	return bytes.Clone(out.data), nil
}

// builder makes a manifest that can be signed. The caller frees it.
func (l *Library) builder(c2pa uintptr, s signing) (uintptr, error) {
	builder := l.calls.builderFromContext(c2pa)
	if builder == 0 {
		return 0, l.failure("making a manifest")
	}
	if builder = l.calls.builderWithDefinition(builder, s.definition); builder == 0 {
		return 0, l.failure("reading the manifest's definition")
	}
	var err error
	if s.update && l.calls.setIntent(builder, updateIntent, 0) != 0 {
		err = l.failure("beginning an update manifest")
	}
	for _, i := range s.ingredients {
		err = errors.Join(err, l.addIngredient(builder, i))
	}
	if err != nil {
		l.calls.free(builder)
	}
	return builder, err
}

func (l *Library) addIngredient(builder uintptr, i Ingredient) error {
	definition, err := i.definition()
	if err != nil {
		return err
	}
	s, done := l.stream(&memory{data: i.Data})
	defer done()
	if l.calls.addIngredient(builder, definition, i.MIME, s) != 0 {
		return l.failure("adding the ingredient " + i.Title)
	}
	return nil
}
