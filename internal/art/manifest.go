package art

import "time"

// Manifest is the signed manifest of one file, kept so that it is found again when somebody has taken it off.
type Manifest struct {
	ID     string    `json:"id"`     // label of the active manifest: "urn:c2pa:…"
	Asset  string    `json:"asset"`  // whose file it is
	File   string    `json:"file"`   // its name
	MIME   string    `json:"mime"`   // of the file
	SHA256 string    `json:"sha256"` // of the manifest's bytes in the blob store
	Bytes  int64     `json:"bytes"`
	Mark   uint64    `json:"mark,omitempty"`   // the number that a watermark hides in the file; 0 where none does
	PDQ    string    `json:"pdq,omitempty"`    // of the file's pixels, lower-case hex; "" where they are too plain for one, and of clips
	Pixels string    `json:"pixels,omitempty"` // digest of the decoded pixels; "" of clips
	KeptAt time.Time `json:"kept_at"`
}

// ManifestDeletion is the record that the manifests of an asset were deleted. Its files keep theirs.
type ManifestDeletion struct {
	Asset     string    `json:"asset"`
	Manifests []string  `json:"manifests"` // labels of those that were deleted
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// Door says who may ask, without a key, whether a picture comes from here: by the page and API of 'presswerk serve' that verify a file,
// and by the Soft Binding Resolution API. The zero value lets nobody in.
type Door struct {
	Public    bool `json:"public" yaml:"public"`                             // whether anybody may ask
	PerMinute int  `json:"per_minute,omitempty" yaml:"per_minute,omitempty"` // requests of one address; 0 takes 20
	MaxBytes  int  `json:"max_bytes,omitempty" yaml:"max_bytes,omitempty"`   // of an upload; 0 takes 32 MiB
	Proxies   int  `json:"proxies,omitempty" yaml:"proxies,omitempty"`       // own proxies in front, whose X-Forwarded-For is believed; 0 believes none
}

// OrDefaults fills in what is left out.
func (d Door) OrDefaults() Door {
	if d.PerMinute == 0 {
		d.PerMinute = 20
	}
	if d.MaxBytes == 0 {
		d.MaxBytes = 32 << 20
	}
	return d
}

// Check tells what is wrong with the settings, by their field.
func (d Door) Check(field string) (found []*FieldError) {
	for _, x := range []struct {
		name   string
		value  int
		atMost int
		remedy string
	}{
		{"per_minute", d.PerMinute, 6000, "write how many requests one address may send in a minute, 1 to 6000"},
		{"max_bytes", d.MaxBytes, 64 << 20, "write how many bytes an upload may have, up to 67108864"},
		{"proxies", d.Proxies, 8, "write how many proxies of your own stand in front, 0 to 8"},
	} {
		if x.value < 0 || x.value > x.atMost {
			found = append(found, &FieldError{Field: field + "." + x.name, Reason: "is out of range", Remedy: x.remedy})
		}
	}
	return found
}
