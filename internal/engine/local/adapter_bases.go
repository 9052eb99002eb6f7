package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
)

// shelved lists the LoRAs in the folders: what each was trained on, and its card. One that can't be read is told.
func (e *Engine) shelved() (all []art.Adapter, wrong []string) {
	seen := map[string]bool{}
	for _, dir := range e.options.Adapters {
		files, err := filepath.Glob(filepath.Join(dir, "*"+adapterEnding))
		if err != nil {
			continue // the pattern is fixed: it is well formed
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), adapterEnding)
			if seen[name] {
				continue
			}
			seen[name] = true
			a, err := e.adapterAt(file, name)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("LoRA %s: %v", name, err))
				continue
			}
			all = append(all, a)
		}
	}
	for _, a := range e.options.SealedAdapters {
		if !seen[a.Name] {
			all = append(all, a)
		}
	}
	newestLast(all)
	return all, wrong
}

func (e *Engine) adapterAt(path, name string) (art.Adapter, error) {
	a := art.Adapter{Name: name}
	file, err := os.Open(path)
	if err != nil {
		return a, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return a, err
	}
	tensors, err := lowrank.OpenSafetensors(file, info.Size())
	if err != nil {
		return a, err
	}
	a.Base = lowrank.BaseOf(tensors)
	if a.SHA256, err = e.hasher.file(path); err != nil {
		return a, err
	}
	if e.options.Card != nil {
		bare, _, _ := strings.Cut(name, "@")
		a.Card = e.options.Card(bare, "")
	}
	return a, nil
}

// made refuses a LoRA that was trained on another model, naming both.
func (f *Folder) made(l *lowrank.Safetensors) error {
	base := lowrank.BaseOf(l)
	own := art.Capabilities{Model: f.Ref(), Checkpoint: f.about.Checkpoint}
	if own.Fits(base) {
		return nil
	}
	return fmt.Errorf("it was trained on %s, and this model is %s; make the picture with the former, or train it again: %w", base.Told(), f.Ref().Told(), art.ErrMismatch)
}

// newestLast sorts names so that of "name@version" the later version comes later; numbers count as numbers.
func newestLast(all []art.Adapter) {
	slices.SortStableFunc(all, func(a, b art.Adapter) int { return strings.Compare(natural(a.Name), natural(b.Name)) })
}

// natural pads the numbers of a name, so that they sort by size.
func natural(name string) string {
	var out, run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			fmt.Fprintf(&out, "%020s", run.String())
			run.Reset()
		}
	}
	for _, c := range name {
		if c >= '0' && c <= '9' {
			run.WriteRune(c)
			continue
		}
		flush()
		out.WriteRune(c)
	}
	flush()
	return out.String()
}
