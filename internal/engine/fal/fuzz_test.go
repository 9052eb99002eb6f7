package fal

import (
	"encoding/json"
	"testing"
)

// FuzzOutputs: whatever a model gives is read or refused, and never ends the program.
func FuzzOutputs(f *testing.F) {
	for _, text := range []string{
		`{"images":[{"url":"https://x/y.png"}],"seed":7}`, `{"video":{"url":"https://x/y.mp4"}}`, `{"images":null,"video":null,"seed":1e308}`, `{"has_nsfw_concepts":[true]}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(settings(f, Base))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var made output
		if json.Unmarshal(body, &made) != nil {
			return
		}
		if state := e.state(made); state.Done == (state.Failure != nil) {
			t.Errorf("%+v", state)
		}
	})
}
