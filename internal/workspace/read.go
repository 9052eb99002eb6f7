package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/prompt"
)

// Order is a brief with all that it names.
type Order struct {
	Brief  art.Brief
	Kit    brand.Kit
	Styles []brand.Style
	// Pictures are the files that brief and kit name by their paths.
	Pictures map[string][]byte
	Logo     []byte // the kit's
}

// Load reads a brief with its brand kit and the style tokens of its list and its matrix. What is wrong in any of these
// files comes back at once, as Problems.
func (w Workspace) Load(path string) (Order, error) {
	var o Order
	d, err := w.brief(path, &o.Brief)
	if err != nil {
		return o, err
	}
	var elsewhere Problems
	if o.Brief.Brand != "" {
		kit, err := w.ReadKit(o.Brief.Brand)
		if more := d.blame("brand", err); more != nil {
			elsewhere = append(elsewhere, more...)
		} else if err == nil {
			o.Kit = kit
		}
	}
	d.place(brand.CheckBrief(o.Brief, o.Kit))
	pictures, missing := w.pictures(o.Brief, o.Kit)
	o.Pictures = pictures
	if o.Logo, err = w.ReadLogo(o.Kit); err != nil {
		return o, err
	}
	d.place(missing)
	for _, ref := range brand.StyleNames(o.Brief) {
		s, err := w.readStyle(ref)
		elsewhere = append(elsewhere, d.blame(d.placeOf(ref), err)...)
		o.Styles = append(o.Styles, s)
	}
	return o, append(d.found, elsewhere...).err()
}

// ReadBrief reads one brief alone. A relative path is one from the current folder or, where nothing is there, from the
// workspace. Its ID is the file's name without the extension.
func (w Workspace) ReadBrief(path string) (art.Brief, error) {
	var b art.Brief
	d, err := w.brief(path, &b)
	if err != nil {
		return b, err
	}
	d.place(brand.CheckBrief(b, brand.Kit{}))
	return b, d.found.err()
}

// brief reads the file without looking at what it says.
func (w Workspace) brief(path string, b *art.Brief) (*decoder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("workspace: reading the brief: %w", err)
	}
	if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(path) {
		abs = filepath.Join(w.Dir, path)
	}
	d, err := w.read(abs, b)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, w.notFound("brief", path, "briefs")
	}
	if err != nil {
		return nil, err
	}
	b.ID = strings.TrimSuffix(filepath.Base(abs), filepath.Ext(abs))
	if !brand.ValidName(b.ID) {
		d.found = append(d.found, Problem{File: d.file, Reason: fmt.Sprintf("%q is no name for a brief", b.ID), Remedy: "name the file with a–z, 0–9 and hyphens"})
	}
	if d.where["legal"] == nil {
		d.place([]*art.FieldError{{Field: "legal", Reason: "is missing", Remedy: "list what must not appear, or say that there is nothing: legal: {no_gos: []}"}})
	}
	return d, nil
}

// ReadKit reads a brand kit by the name of its folder. An unknown one gives art.ErrNotFound with those that exist.
func (w Workspace) ReadKit(id string) (brand.Kit, error) {
	var k brand.Kit
	if !brand.ValidName(id) {
		return k, art.Invalid("brand", fmt.Sprintf("%q is no name of a brand kit", id), "use a–z, 0–9 and hyphens")
	}
	d, err := w.read(filepath.Join("brands", id, "kit.yaml"), &k)
	if errors.Is(err, fs.ErrNotExist) {
		return k, w.notFound("brand", id, "brands")
	}
	if err != nil {
		return k, err
	}
	k.ID = id
	d.place(k.Check())
	if k.Logo.File != "" && !strings.ContainsAny(k.Logo.File, `/\`) && k.Logo.File != ".." {
		data, err := w.ReadLogo(k)
		if err != nil {
			d.place([]*art.FieldError{{Field: "logo.file", Reason: fmt.Sprintf("%s does not lie beside the kit, or can't be read", k.Logo.File), Remedy: "put it there, or take the line out"}})
		}
		k.Logo.SHA256 = art.Digest(data)
	}
	return k, d.found.err()
}

// ReadLogo reads the logo that a kit names; nil where it names none.
func (w Workspace) ReadLogo(k brand.Kit) ([]byte, error) {
	if k.Logo.File == "" {
		return nil, nil
	}
	return w.picture(filepath.ToSlash(filepath.Join("brands", k.ID, k.Logo.File)))
}

// Files reads the files that a kit names, by their SHA-256, and has the kit name its picture of identity by it as well.
func (w Workspace) Files(k *brand.Kit) (map[string][]byte, error) {
	files := map[string][]byte{}
	logo, err := w.ReadLogo(*k)
	if err != nil {
		return nil, err
	}
	files[k.Logo.SHA256] = logo
	pictures, bad := w.pictures(art.Brief{}, *k)
	for _, problem := range bad {
		return nil, problem
	}
	for path, data := range pictures {
		sum := art.Digest(data)
		files[sum] = data
		if path == k.Identity {
			k.Identity = "sha256:" + sum
		}
	}
	return files, nil
}

// ReadStyles reads style tokens, "name" or "name@version", in the asked order.
func (w Workspace) ReadStyles(refs []string) ([]brand.Style, error) {
	var styles []brand.Style
	var found Problems
	for _, ref := range refs {
		s, err := w.readStyle(ref)
		var p Problems
		switch {
		case errors.As(err, &p):
			found = append(found, p...)
		case err != nil:
			return nil, err
		}
		styles = append(styles, s)
	}
	return styles, found.err()
}

// readStyle reads styles/<name>.yaml. A reference to a version that the file no longer has looks for
// styles/<name>@<version>.yaml.
func (w Workspace) readStyle(ref string) (brand.Style, error) {
	name, version := brand.SplitStyle(ref)
	var s brand.Style
	if !brand.ValidName(name) {
		return s, art.Invalid("styles", fmt.Sprintf("%q is no name of a style token", ref), `write "name" or "name@version"`)
	}
	d, err := w.read(filepath.Join("styles", name+".yaml"), &s)
	if err == nil && version != "" && version != strconv.Itoa(s.Version) {
		if _, err := strconv.Atoi(version); err != nil {
			return s, art.Invalid("styles", fmt.Sprintf("%q is no version of a style token", version), "versions are whole numbers")
		}
		newest := s.Version
		s = brand.Style{}
		d, err = w.read(filepath.Join("styles", name+"@"+version+".yaml"), &s)
		if errors.Is(err, fs.ErrNotExist) {
			return s, &art.FieldError{
				Field: "styles", Reason: fmt.Sprintf("style token %q is there in version %d, not in %s", name, newest, version),
				Remedy: fmt.Sprintf("write %s@%d, or bring the old one back as styles/%s.yaml", name, newest, ref), Kind: art.ErrNotFound,
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return s, w.notFound("styles", name, "styles")
	}
	if err != nil {
		return s, err
	}
	s.Name = name
	d.place(s.Check())
	return s, d.found.err()
}

// notFound says that a file or folder is missing, and what there is.
func (w Workspace) notFound(field, name, folder string) error {
	var there []string
	entries, _ := os.ReadDir(filepath.Join(w.Dir, folder)) // an unreadable folder has nothing to offer
	for _, e := range entries {
		if n := strings.TrimSuffix(e.Name(), ".yaml"); e.IsDir() || n != e.Name() {
			there = append(there, n)
		}
	}
	remedy := "there are: " + strings.Join(there, ", ")
	if len(there) == 0 {
		remedy = "the folder " + folder + " is empty"
	} else if near := prompt.Nearest(name, there); near != "" {
		remedy = fmt.Sprintf("did you mean %q? There are: %s", near, strings.Join(there, ", "))
	}
	return &art.FieldError{Field: field, Reason: fmt.Sprintf("%s has no %q", folder, name), Remedy: remedy, Kind: art.ErrNotFound}
}

// blame takes an error about something that the file names. What is wrong inside the named file is handed back; anything
// else is told at the field that names it.
func (d *decoder) blame(field string, err error) Problems {
	var inside Problems
	if err == nil || errors.As(err, &inside) {
		return inside
	}
	e := &art.FieldError{Field: field, Reason: err.Error()}
	if told, ok := errors.AsType[*art.FieldError](err); ok {
		e.Reason, e.Remedy = told.Reason, told.Remedy
	}
	d.place([]*art.FieldError{e})
	return nil
}

// placeOf finds where the file names something: the path of the first scalar with this value.
func (d *decoder) placeOf(value string) string {
	best := ""
	for path, n := range d.where {
		if n.Value == value && (strings.HasPrefix(path, "styles[") || strings.HasPrefix(path, "matrix[")) && (best == "" || path < best) {
			best = path
		}
	}
	if best == "" {
		return "styles"
	}
	return best
}
