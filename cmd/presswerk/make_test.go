package main

import (
	"bytes"
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestTheStateInWhichARunRestsDecidesTheExitStatus(t *testing.T) {
	for _, c := range []struct {
		state art.RunState
		want  int
		says  string
	}{
		{art.RunPublished, 0, ""},
		{art.RunReview, 0, ""},
		{art.RunExplored, 0, ""},
		{art.RunEmpty, 1, ""},
		{art.RunFailed, 3, "no library; mend it and call make again"},
	} {
		var messages bytes.Buffer
		g := globals{err: &messages, words: words{"en"}}
		if got := g.end(outcome(art.RunView{Run: art.Run{State: c.state, Failure: "no library"}})); got != c.want || !strings.Contains(messages.String(), c.says) {
			t.Errorf("%s ends with %d and says %q", c.state, got, messages.String())
		}
	}
}

func TestARunRestsOnlyWhenItsSiteShowsWhatIsApproved(t *testing.T) {
	for name, c := range map[string]struct {
		state    art.RunState
		progress art.Progress
		want     bool
	}{
		"working":                  {art.RunWorking, art.Progress{}, false},
		"nobody has said a word":   {art.RunReview, art.Progress{Selected: 2}, true},
		"an approval on its way":   {art.RunReview, art.Progress{Selected: 2, Approved: 1}, false},
		"the approved is public":   {art.RunReview, art.Progress{Selected: 2, Approved: 1, Assets: 1, Published: 1}, true},
		"taken back, still public": {art.RunPublished, art.Progress{Selected: 1, Rejected: 1, Assets: 1, Published: 1}, false},
		"taken back":               {art.RunPublished, art.Progress{Selected: 1, Rejected: 1, Assets: 1}, true},
		"failed":                   {art.RunFailed, art.Progress{Approved: 1}, true},
	} {
		if got := (&makeCmd{}).rests(art.RunView{Run: art.Run{State: c.state}, Progress: c.progress}); got != c.want {
			t.Errorf("%s: rests %t", name, got)
		}
	}
}

func TestWhatKeptTheRendererFromWorkingIsTold(t *testing.T) {
	candidates := []art.CandidateView{{}, {Failure: "no library"}, {Failure: "no memory"}}
	if got := firstFailure(candidates); got != "no library" {
		t.Errorf("told is %q", got)
	}
}
