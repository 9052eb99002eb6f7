package runway

import (
	"encoding/json"
	"testing"
)

// FuzzTasks: whatever the service says of a task is read or refused, and never ends the program.
func FuzzTasks(f *testing.F) {
	for _, text := range []string{
		`{"status":"SUCCEEDED","output":["https://x/y.png"],"cost":{"credits":5}}`, `{"status":"FAILED","failureCode":"SAFETY.INPUT.TEXT"}`,
		`{"status":"CANCELLED"}`, `{"status":"RUNNING","progress":1e308}`, `{"status":"DREAMING"}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(settings(f, Base))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var said task
		if json.Unmarshal(body, &said) != nil {
			return
		}
		if state := e.state(said); state.Done && (state.Failure != nil || said.Status != "SUCCEEDED") || state.Failure != nil && said.Status == "SUCCEEDED" {
			t.Errorf("%+v of %+v", state, said)
		}
	})
}
