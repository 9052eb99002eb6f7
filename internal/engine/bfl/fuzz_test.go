package bfl

import (
	"encoding/json"
	"testing"

	"presswerk/internal/engine/wire"
)

// FuzzStates: whatever the service says of a job is read or refused, and files come with its end only.
func FuzzStates(f *testing.F) {
	for _, text := range []string{
		`{"status":"Pending","progress":0.5}`, `{"status":"Ready","result":{"sample":"https://x/y.png","seed":7}}`, `{"status":"Ready","result":null}`,
		`{"status":"Request Moderated","details":{"Moderation Reasons":["\ud800"]}}`, `{"status":"Error","details":[1]}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(wire.Service{Name: "bfl", Base: Base, Key: key})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var said result
		if json.Unmarshal(body, &said) != nil {
			return
		}
		if state, err := e.state(said); err == nil && len(state.Files) > 0 != (state.Done && state.Failure == nil && said.Result.Sample != "") {
			t.Errorf("%+v", state)
		}
	})
}
