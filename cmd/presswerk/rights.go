package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/safety"
)

// rightsCmd keeps releases and clearances, and says which ones a brief needs.
type rightsCmd struct {
	List  rightsListCmd  `cmd:"" default:"withargs" help:"${rights_list}"`
	Clear rightsClearCmd `cmd:"" help:"${rights_clear}"`
	Need  rightsNeedCmd  `cmd:"" help:"${rights_need}"`
}

// rightsListCmd lists what is stored.
type rightsListCmd struct{}

// Run prints a line a clearance, the newest last.
func (c *rightsListCmd) Run(_ context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	all, err := ws.Clearances()
	if err != nil {
		return err
	}
	return g.answer(struct {
		Clearances []art.Clearance `json:"clearances"`
	}{append([]art.Clearance{}, all...)}, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, g.words.say("rights_none"))
		}
		for _, r := range all {
			fmt.Fprintf(w, "%s  %-16s %-30s %-8s %s – %-10s  %s  %s\n", r.ID, r.Kind, r.Subject, r.Result, r.Date, r.Until, r.By, r.Evidence)
		}
	})
}

// rightsClearCmd stores the answer of whoever holds a right.
type rightsClearCmd struct {
	Kind     string   `arg:"" help:"${arg_right}"`
	Subject  string   `arg:"" help:"${arg_right_subject}"`
	Evidence string   `name:"evidence" required:"" type:"existingfile" placeholder:"FILE" help:"${flag_evidence}"`
	By       string   `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Holder   string   `name:"holder" placeholder:"NAME" help:"${flag_holder}"`
	From     string   `name:"from" placeholder:"YYYY-MM-DD" help:"${flag_right_from}"`
	Until    string   `name:"until" placeholder:"YYYY-MM-DD" help:"${flag_right_until}"`
	Brand    []string `name:"brand" placeholder:"ID" help:"${flag_right_brand}"`
	Channel  []string `name:"channel" placeholder:"NAME" help:"${flag_right_channel}"`
	Result   string   `name:"result" default:"granted" placeholder:"granted|refused|revoked" help:"${flag_right_result}"`
	Note     string   `name:"note" help:"${flag_right_note}"`
}

// Run writes the record, with the evidence's SHA-256. The evidence lies in the workspace, so that it is backed up with it.
func (c *rightsClearCmd) Run(_ context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	data, err := os.ReadFile(c.Evidence)
	if err != nil {
		return fmt.Errorf("reading the evidence: %w", err)
	}
	abs, err := filepath.Abs(c.Evidence)
	if err != nil {
		return fmt.Errorf("finding the evidence: %w", err)
	}
	rel, err := filepath.Rel(ws.Dir, abs)
	if err != nil || strings.HasPrefix(rel, "..") {
		return art.Invalid("evidence", c.Evidence+" does not lie in the workspace", "put it into rights/ there")
	}
	r := art.Clearance{
		Kind: c.Kind, Subject: c.Subject, Result: c.Result, By: cmp.Or(c.By, g.settings.User), Holder: c.Holder, Date: cmp.Or(c.From, time.Now().Format(time.DateOnly)), Until: c.Until,
		Brands: c.Brand, Channels: c.Channel, Evidence: filepath.ToSlash(rel), SHA256: art.Digest(data), Note: c.Note,
	}
	known, err := ws.Clearances()
	if err != nil {
		return err
	}
	content, err := art.CanonicalJSON(r)
	if err != nil {
		return err
	}
	r.ID = "clr-" + art.Digest(fmt.Appendf(content, " %d", len(known)))[:10]
	if err := ws.AddClearance(r); err != nil {
		return err
	}
	return g.answer(r, func(w io.Writer) { fmt.Fprintln(w, g.words.say("rights_stored", r.ID, r.Kind, r.Subject, r.Result)) })
}

// rightsNeedCmd says which clearances a brief, or any words, ask for.
type rightsNeedCmd struct {
	Brief string `arg:"" optional:"" type:"existingfile" help:"${arg_brief}"`
	Text  string `name:"text" placeholder:"WORDS" help:"${flag_right_text}"`
	Brand string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
}

// Run lists them; exit 1 when one is missing.
func (c *rightsNeedCmd) Run(ctx context.Context, g *globals) error {
	found, err := c.concerns(ctx, g)
	if err != nil {
		return err
	}
	needs := append([]safety.Need{}, safety.Needs(found)...)
	err = g.answer(struct {
		Needs []safety.Need `json:"needs"`
	}{needs}, func(w io.Writer) {
		if len(needs) == 0 {
			fmt.Fprintln(w, g.words.say("rights_nothing"))
		}
		for _, n := range needs {
			fmt.Fprintln(w, g.words.say(map[bool]string{true: "rights_missing", false: "rights_there"}[n.Cleared == ""], n.Kind, n.Subject, cmp.Or(n.Cleared, n.Concern.Source)))
		}
	})
	if err == nil && slices.ContainsFunc(needs, func(n safety.Need) bool { return n.Cleared == "" }) {
		return errNo
	}
	return err
}

func (c *rightsNeedCmd) concerns(ctx context.Context, g *globals) ([]art.Concern, error) {
	if c.Brief == "" && c.Text == "" {
		return nil, art.Invalid("brief", "neither a brief nor words are named", "name a brief, or write --text WORDS")
	}
	if c.Brief != "" {
		ws, order, err := g.order(ctx, c.Brief)
		if err != nil {
			return nil, err
		}
		t := newTools(g)
		defer t.close() //nolint:errcheck // nothing was written
		t.ws = &ws
		engines, err := t.engines(ctx)
		if err != nil {
			return nil, err
		}
		p, err := factory.New(factory.Options{Engines: engines, Now: time.Now}).Plan(order)
		return p.Concerns, err
	}
	ws, err := g.workspace("")
	if err != nil {
		return nil, err
	}
	id, err := ws.onlyBrand(c.Brand)
	if err != nil {
		return nil, err
	}
	kit, err := ws.ReadKit(id)
	if err != nil {
		return nil, err
	}
	guide, err := ws.Guide(kit.Sector)
	if err != nil {
		return nil, err
	}
	return guide.Look([]safety.Field{{Name: "text", Words: c.Text}}, safety.For{Brand: id, On: time.Now()}), nil
}
