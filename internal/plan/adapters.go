package plan

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// adapters finds the LoRAs that parameters name among those that the engine has, and pins each to its bytes. One that isn't
// there, that was trained on another model, or that a production may not use is refused.
func (b *builder) adapters(named []art.LoRA, c art.Capabilities) ([]art.LoRA, []art.Refusal) {
	var found []art.LoRA
	var refused []art.Refusal
	for i, l := range named {
		at := fmt.Sprintf("parameters.loras[%d]", i)
		refuse := func(reason, remedy string) {
			refused = append(refused, art.Refusal{Field: at, Reason: reason, Remedy: remedy})
		}
		a, ok := adapterOf(l, c.LoRAs)
		if !ok {
			var names []string
			for _, k := range c.LoRAs {
				names = append(names, k.Name)
			}
			refuse(fmt.Sprintf("%s has no LoRA %q", c.Engine, strings.TrimSpace(l.Name+" "+short(l.SHA256))), suggest(l.Name, names)+"; train one with presswerk train lora, or add one with presswerk models add")
			continue
		}
		if !c.Fits(a.Base) {
			refuse(
				fmt.Sprintf("the LoRA %s was trained on %s, and the picture is made with %s", a.Name, a.Base.Told(), c.Model.Told()),
				fmt.Sprintf("make it with %s, or train the LoRA again on %s", a.Base.Name, c.Model.Name),
			)
			continue
		}
		if b.in.Brief.Run == art.Production {
			name, _, _ := strings.Cut(a.Name, "@")
			refused = append(refused, b.carded(at, name, a.Card)...)
		}
		l.Name, l.SHA256 = a.Name, a.SHA256
		found = append(found, l)
	}
	return found, refused
}

// adapterOf finds a LoRA by its name with or without the version, and by its bytes where these are named. A name without a
// version means the last one that the engine lists.
func adapterOf(l art.LoRA, known []art.Adapter) (art.Adapter, bool) {
	for _, a := range slices.Backward(known) {
		name, _, _ := strings.Cut(a.Name, "@")
		if (l.Name == a.Name || l.Name == name) && (l.SHA256 == "" || l.SHA256 == a.SHA256) {
			return a, true
		}
	}
	return art.Adapter{}, false
}
