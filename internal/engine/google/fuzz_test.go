package google

import (
	"encoding/json"
	"testing"

	"presswerk/internal/testkit"
)

// FuzzAnswers: whatever the service says gives a picture or an error, and never ends the program.
func FuzzAnswers(f *testing.F) {
	good, err := json.Marshal(candidate("STOP", data(testkit.PNG(f, 8, 8))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, text := range []string{
		`{}`, `{"candidates":[{}]}`, `{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"!"}}]}}]}`,
		`{"promptFeedback":{"blockReason":"OTHER"}}`, `{"candidates":[{"content":{"parts":[{"text":"\ud800"}]},"finishReason":"NO_IMAGE"}]}`,
	} {
		f.Add([]byte(text))
	}
	e, err := New(settings(f, Base))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var said answer
		if json.Unmarshal(body, &said) != nil {
			return
		}
		p, err := e.picture(said)
		if (err == nil) != (len(p.PixelsSHA256) == 64 && p.Width > 0 && p.Height > 0) {
			t.Errorf("%d×%d, %v", p.Width, p.Height, err)
		}
	})
}
