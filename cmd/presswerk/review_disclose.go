package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"presswerk/internal/art"
)

// stanceFlags say whether a picture could mislead.
type stanceFlags struct {
	CouldMislead string   `name:"could-mislead" enum:"yes,no," default:"" placeholder:"yes|no" help:"${flag_could_mislead}"`
	Shows        []string `name:"shows" sep:"," placeholder:"WHAT,…" help:"${flag_shows}"`
	Artistic     bool     `name:"artistic" help:"${flag_artistic}"`
	StandardEdit bool     `name:"standard-edit" help:"${flag_standard_edit}"`
	Note         string   `name:"note" placeholder:"WORDS" help:"${flag_note}"`
	NoteDE       string   `name:"note-de" placeholder:"WORDS" help:"${flag_note_de}"`
}

// stance is what the flags say, or nil where they say nothing.
func (f stanceFlags) stance(reason string) (*art.Stance, error) {
	if f.CouldMislead == "" {
		if len(f.Shows) > 0 || f.Artistic || f.StandardEdit || f.Note != "" || f.NoteDE != "" {
			return nil, art.Invalid("--could-mislead", "is missing", "write yes where somebody could take the picture for real, else no")
		}
		return nil, nil //nolint:nilnil // nothing was said, and that is no error
	}
	yes := f.CouldMislead == "yes"
	s := art.Stance{CouldMislead: &yes, Shows: f.Shows, Artistic: f.Artistic, StandardEdit: f.StandardEdit, Reason: reason}
	for lang, words := range map[art.Language]string{art.English: f.Note, art.German: f.NoteDE} {
		if words != "" {
			if s.Note == nil {
				s.Note = art.Text{}
			}
			s.Note[lang] = words
		}
	}
	return &s, nil
}

// approveCmd approves, and may say in the same breath whether the picture could mislead.
type approveCmd struct {
	decideCmd
	stanceFlags
}

// Run writes the word on misleading first: it is asked before an approval.
func (c *approveCmd) Run(ctx context.Context, g *globals) (err error) {
	if c.disclosed, err = c.stance(c.Reason); err != nil {
		return err
	}
	return c.decideCmd.Run(ctx, g)
}

// discloseCmd says whether a candidate could mislead.
type discloseCmd struct {
	Candidate string `arg:"" help:"${arg_candidate}"`
	By        string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason    string `name:"reason" help:"${flag_disclose_reason}"`
	stanceFlags
}

// Run writes the word down, and lists all words on the candidate where none is said. What is published is written again.
func (c *discloseCmd) Run(ctx context.Context, g *globals) error {
	s, err := c.stance(c.Reason)
	if err != nil {
		return err
	}
	l, err := openHere(ctx, g, lineOptions{Work: s != nil})
	if err != nil {
		return err
	}
	defer l.close()
	v, err := l.db.Candidate(ctx, c.Candidate)
	if err != nil {
		return err
	}
	if s == nil {
		return c.list(ctx, g, l, v)
	}
	if err := l.disclose(ctx, v.ID, c.By, *s); err != nil {
		return err
	}
	if err := l.work(ctx, v.Run); err != nil {
		return err
	}
	run, err := l.db.Run(ctx, v.Run)
	if err != nil {
		return err
	}
	if run, err = (&makeCmd{}).follow(ctx, g, l, run); err != nil {
		return err
	}
	all, err := l.db.Disclosures(ctx, v.ID)
	if err != nil {
		return err
	}
	d := all[len(all)-1]
	if err := g.answer(d, func(w io.Writer) { fmt.Fprintln(w, disclosureLine(g.words, d)) }); err != nil {
		return err
	}
	if run.State == art.RunFailed {
		return outcome(run)
	}
	return nil
}

// list prints what was said, the oldest first, and what the rules want now.
func (c *discloseCmd) list(ctx context.Context, g *globals, l *line, v art.CandidateView) error {
	all, err := l.db.Disclosures(ctx, v.ID)
	if err != nil {
		return err
	}
	run, err := l.db.Run(ctx, v.Run)
	if err != nil {
		return err
	}
	want, counts, err := l.factory.Labelling(v, run.Run)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Disclosures []art.Disclosure `json:"disclosures"`
		Counts      *art.Disclosure  `json:"counts"` // the word that counts now, a person's or the brief's or the kit's
		Labelling   art.Labelling    `json:"labelling"`
	}{append([]art.Disclosure{}, all...), counts, want}, func(w io.Writer) {
		for _, d := range all {
			fmt.Fprintln(w, disclosureLine(g.words, d))
		}
		if len(all) == 0 && counts != nil {
			fmt.Fprintln(w, disclosureLine(g.words, *counts))
		}
		if len(want.Decide) > 0 && counts == nil {
			fmt.Fprintln(w, g.words.say("disclose_missing", strings.Join(want.Decide, ", ")))
		}
	})
}

// disclose writes a word down in somebody's name.
func (l *line) disclose(ctx context.Context, candidate, by string, s art.Stance) error {
	d := art.Disclosure{Candidate: candidate, Stance: s, By: by}
	if d.By == "" {
		d.By = l.g.settings.User
	}
	return l.factory.Disclose(ctx, d)
}

// undisclosed is the line below a candidate on which rules want a word, or "".
func undisclosed(g *globals, l *line, v art.CandidateView, run art.Run) string {
	if v.Decision != nil || v.Selection == nil || !v.Selection.Selected || run.Kind != art.Production {
		return ""
	}
	want, d, err := l.factory.Labelling(v, run)
	if err != nil || d != nil || len(want.Decide) == 0 {
		return ""
	}
	return g.words.say("disclose_missing", strings.Join(want.Decide, ", "))
}

func disclosureLine(w words, d art.Disclosure) string {
	key := "disclosed_no"
	switch {
	case d.Misleads() && d.Artistic:
		key = "disclosed_artistic"
	case d.Misleads():
		key = "disclosed_yes"
	}
	return w.say(key, d.Candidate, d.By, d.At.UTC().Format("2006-01-02 15:04"), d.Reason)
}
