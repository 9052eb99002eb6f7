package firefly

import (
	"encoding/json"
	"testing"

	"presswerk/internal/engine/adobe"
	"presswerk/internal/engine/wire"
)

// FuzzStates: whatever the service says of a job is read or refused, and files come with its end only.
func FuzzStates(f *testing.F) {
	for _, text := range []string{
		`{"status":"running","progress":50}`, `{"status":"succeeded","result":{"outputs":[{"seed":7,"image":{"url":"https://x/y.png"}}]}}`,
		`{"status":"succeeded","result":{"outputs":[{"presignedUrl":"https://x/y.png"}]}}`, `{"status":"succeeded"}`, `{"status":"failed","error_code":"prompt_unsafe","message":"\ud800"}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(Options{Service: wire.Service{Name: "firefly", Base: Base, Key: secret}, ClientID: client, Tokens: adobe.Tokens})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var said status
		if json.Unmarshal(body, &said) != nil {
			return
		}
		if state, err := e.state(e.links, said); err == nil && len(state.Files) > 0 && (!state.Done || state.Failure != nil) {
			t.Errorf("%+v", state)
		}
	})
}
