package store

import (
	"testing"
	"time"

	"presswerk/internal/art"
)

// The median of what was bought counts, not what failed, nor what an earlier picture was taken for.
func TestMeasuredIsTheMedianOfTheNewestCalls(t *testing.T) {
	db := open(t)
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	call := func(id, model string, seconds int, state art.CallState) {
		t.Helper()
		at = at.Add(time.Minute)
		c := art.Call{ID: id, Key: id, Attempt: 1, Engine: "far", Model: model, At: at, CallOutcome: art.CallOutcome{State: art.CallRequested, Changed: at}}
		if err := db.Intend(t.Context(), c, nil); err != nil {
			t.Fatal(err)
		}
		o := art.CallOutcome{State: state, Changed: at}
		if state == art.CallDone {
			o.Picture = &art.CallPicture{Image: "ab", Elapsed: time.Duration(seconds) * time.Second}
		}
		if _, err := db.Settle(t.Context(), id, o); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 { // the oldest ten were quicker
		call("old"+string(rune('a'+i)), "sky", 1+(i/10)*7, art.CallDone)
	}
	for id, s := range map[string]int{"a": 30, "b": 10, "c": 20, "d": 400} {
		call(id, "cloud", s, art.CallDone)
	}
	call("e", "cloud", 0, art.CallFailed)
	call("f", "cloud", 0, art.CallDone) // resolved by a person: nobody knows its time
	got, err := db.Measured(t.Context())
	if err != nil || len(got) != 2 || got[0] != (art.Measured{Engine: "far", Model: "cloud", Seconds: 25, Calls: 4}) || got[1].Calls != 50 || got[1].Seconds != 22 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Own servers that end with the program have no calls: their candidates tell. One that was taken from an earlier picture, or
// that a call brought, doesn't.
func TestCandidatesWithoutACallAreMeasuredToo(t *testing.T) {
	db := open(t)
	change := aRun()
	change.NewCandidates, change.Rendered, change.Fingerprints, change.Verdicts = nil, nil, nil, nil
	for i, c := range []art.Candidate{{Elapsed: 8 * time.Second}, {Elapsed: 2 * time.Second}, {Elapsed: time.Second, Call: "x"}, {Elapsed: time.Second, Reused: true}, {Elapsed: 6 * time.Second}} {
		c.ID, c.Run, c.Index = "hero-1-00"+string(rune('1'+i)), "hero-1", i
		c.Planned.ID, c.Planned.Engine, c.Planned.Model.Name = "r"+c.ID, "box", "sd15"
		change.NewCandidates = append(change.NewCandidates, art.Candidate{ID: c.ID, Run: c.Run, Index: i, Planned: c.Planned})
		c.Image, c.RenderedAt = "ab", noon()
		change.Rendered = append(change.Rendered, c)
	}
	commit(t, db, change)
	got, err := db.Measured(t.Context())
	if err != nil || len(got) != 1 || got[0] != (art.Measured{Engine: "box", Model: "sd15", Seconds: 6, Calls: 3}) {
		t.Errorf("%+v, %v", got, err)
	}
}
