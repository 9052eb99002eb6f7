package replicate

import (
	"encoding/json"
	"testing"
)

// FuzzPredictions: whatever the service says of what was made is read or refused, and never ends the program.
func FuzzPredictions(f *testing.F) {
	for _, text := range []string{
		`{"output":"https://x/y.png"}`, `{"output":["https://x/y.png"],"logs":"Using seed: 7"}`, `{"output":null}`, `{"output":[1]}`, `{"output":{"a":[]},"error":"E005 flagged"}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(settings(f, Base))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var said prediction
		if json.Unmarshal(body, &said) != nil {
			return
		}
		state, err := e.made(said)
		if err == nil && !state.Done {
			t.Errorf("%+v", state)
		}
		if e.failed(said.Error) == nil {
			t.Error("a failure is none")
		}
	})
}
