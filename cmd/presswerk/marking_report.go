package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/provenance/robustness"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/sheet"
)

// markingReportCmd measures what the invisible watermark survives.
type markingReportCmd struct {
	Pictures string   `name:"pictures" type:"existingdir" placeholder:"DIR" help:"${flag_marking_pictures}"`
	Limit    int      `name:"limit" default:"100" placeholder:"N" help:"${flag_marking_limit}"`
	Attacks  []string `name:"attacks" placeholder:"NAME,…" help:"${flag_marking_attacks}"`
	Crops    int      `name:"crops" default:"2000" placeholder:"N" help:"${flag_marking_crops}"`
	Searched int      `name:"searched" default:"200" placeholder:"N" help:"${flag_marking_searched}"`
	Side     int      `name:"side" default:"1024" placeholder:"PIXELS" help:"${flag_marking_side}"`
	PSNR     float64  `name:"psnr" default:"44" placeholder:"DB" help:"${flag_marking_psnr}"`
	Beside   []string `name:"beside" placeholder:"METHOD:N,…" help:"${flag_marking_beside}"`
	Peer     string   `name:"peer" type:"path" default:"bench/marking/peer.py" placeholder:"FILE" help:"${flag_marking_peer}"`
	Python   string   `name:"python" placeholder:"PROGRAM" help:"${flag_marking_python}"`
	Out      string   `short:"o" name:"out" type:"path" default:"marking-report" placeholder:"DIR" help:"${flag_marking_out}"`
}

// Run measures, goes on where an earlier run of the same settings ended, and writes the page; exit 1 when a number was read that
// nobody had hidden.
func (c *markingReportCmd) Run(ctx context.Context, g *globals) (err error) {
	switch {
	case c.Limit < 1:
		return art.Invalid("limit", fmt.Sprintf("%d are none", c.Limit), "ask for one or more")
	case c.Side < 256 || c.Side > 8192:
		return art.Invalid("side", fmt.Sprintf("%d pixels are out of range", c.Side), "choose 256 to 8192")
	case c.Crops < 0 || c.Searched < 0 || c.Searched > c.Crops:
		return art.Invalid("crops", fmt.Sprintf("%d crops, %d of them searched", c.Crops, c.Searched), "name none or more, and search no more than there are")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written with it
	plan, closePeers, err := c.plan(ctx, g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePeers()) }()
	settings := robustness.Settings{Version: version, Side: c.Side, PSNR: c.PSNR}
	book, err := openMarkingBook(filepath.Join(c.Out, "records.jsonl"), settings)
	if err != nil {
		return err
	}
	keys := plan.Keys()
	records, known := book.of(keys)
	told := time.Now()
	begun, before := told, len(records)
	stopped := plan.Run(ctx, known, func(r robustness.Record) error {
		records = append(records, r)
		if time.Since(told) >= pause {
			told = time.Now()
			left := time.Since(begun) / time.Duration(len(records)-before) * time.Duration(len(keys)-len(records))
			g.note("%s", g.words.say("marking_progress", len(records), len(keys), left.Round(time.Minute)))
		}
		return book.add(r)
	})
	if err := errors.Join(book.close(), onlyOther(stopped)); err != nil {
		return err
	}
	report := robustness.NewReport(settings, records, len(keys))
	report.Made = time.Now().UTC()
	return errors.Join(c.tell(g, report), stopped)
}

// onlyOther is an error that isn't the person's wish to stop: after that there is still a page to write.
func onlyOther(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// plan collects what is to be measured, and starts the peers.
func (c *markingReportCmd) plan(ctx context.Context, g *globals) (plan robustness.Plan, closePeers func() error, err error) {
	var peers []*markingPeer
	closePeers = func() (err error) {
		for _, p := range peers {
			err = errors.Join(err, p.close())
		}
		return err
	}
	attacks, err := robustness.AttacksNamed(c.Attacks)
	if err != nil {
		return plan, closePeers, err
	}
	pictures, err := markingPictures(ctx, g, c.Pictures, c.Side, c.Limit)
	if err != nil {
		return plan, closePeers, err
	}
	mark := watermark.New([]byte("marking-report")) // what survives doesn't hang on the key
	plan = robustness.Plan{
		Subjects: []robustness.Subject{{Scheme: robustness.Own{Mark: mark, PSNR: c.PSNR}}}, Attacks: attacks, Pictures: pictures,
		Side: c.Side, Mark: mark, Crops: c.Crops, Searched: c.Searched,
	}
	for _, b := range c.Beside {
		method, number, _ := strings.Cut(b, ":")
		n, err := strconv.Atoi(cmp.Or(number, "0"))
		if err != nil || n < 0 {
			return plan, closePeers, errors.Join(art.Invalid("beside", fmt.Sprintf("%q has no number of pictures", b), "write it as dwtDctSvd:20"), closePeers())
		}
		p, err := startPeer(ctx, cmp.Or(c.Python, g.settings.Python, "python3"), c.Peer, method)
		if err != nil {
			return plan, closePeers, errors.Join(err, closePeers())
		}
		peers = append(peers, p)
		plan.Subjects = append(plan.Subjects, robustness.Subject{Scheme: p, Pictures: n})
	}
	return plan, closePeers, nil
}

// tell writes the page and the answer.
func (c *markingReportCmd) tell(g *globals, r robustness.Report) error {
	files, err := sheet.Pages(r.Page)
	if err != nil {
		return err
	}
	if files["report.json"], err = json.MarshalIndent(r, "", "  "); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := g.writePages(c.Out, files); err != nil {
		return err
	}
	if err := g.answer(r, func(w io.Writer) { markingText(w, g.words, r) }); err != nil {
		return err
	}
	if r.Wrong() > 0 {
		return errNo
	}
	return nil
}

func markingText(w io.Writer, words words, r robustness.Report) {
	for _, p := range r.Pictures {
		fmt.Fprintln(w, words.say("marking_group", p.Count, words.say("marking_"+string(p.Group))))
	}
	for _, s := range r.Schemes {
		fmt.Fprintln(w, words.say("marking_scheme", s.Scheme, s.Pictures, s.PSNR.Median, s.SSIM.Median, s.EmbedMS.Median, s.DetectMS.Median))
		for _, a := range s.All {
			fmt.Fprintf(w, "    %-28s %4d / %-4d %5.1f %% (%.1f–%.1f)\n", a.Name, a.Count, a.Tried, 100*a.Share, 100*a.Low, 100*a.High)
		}
	}
	for _, f := range r.Unmarked {
		key := "marking_crops"
		if f.Searched {
			key = "marking_searched"
		}
		fmt.Fprintln(w, words.say(key, f.Crops, f.Found, 100*f.Upper, f.Peak.Most))
	}
}

// markingBook keeps records, one a line below the settings, so that an interrupted run loses nothing.
type markingBook struct {
	file *os.File
	kept []robustness.Record
}

// openMarkingBook reads what is kept and goes on behind it. A last line that was cut off is written over.
func openMarkingBook(path string, settings robustness.Settings) (*markingBook, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("keeping records: %w: %w", err, art.ErrUnavailable)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("keeping records: %w: %w", err, art.ErrUnavailable)
	}
	b := &markingBook{file: f}
	if err := b.read(settings); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return b, nil
}

func (b *markingBook) read(settings robustness.Settings) error {
	data, err := io.ReadAll(b.file)
	if err != nil {
		return err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	head, rest, _ := bytes.Cut(whole, []byte("\n"))
	if len(whole) == 0 {
		if _, err := b.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return errors.Join(b.file.Truncate(0), b.add(settings))
	}
	var was robustness.Settings
	if err := json.Unmarshal(head, &was); err != nil || was != settings {
		return &art.FieldError{Field: "out", Reason: "there are records of another program or other settings", Remedy: "name another folder with --out", Kind: art.ErrConflict}
	}
	for line := range bytes.Lines(rest) {
		var r robustness.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return art.Invalid("out", "a record can't be read: "+err.Error(), "take that line out")
		}
		b.kept = append(b.kept, r)
	}
	if err := b.file.Truncate(int64(len(whole))); err != nil {
		return err
	}
	_, err = b.file.Seek(int64(len(whole)), io.SeekStart)
	return err
}

// of are the kept records that belong to a plan, once each.
func (b *markingBook) of(keys map[string]bool) (records []robustness.Record, known map[string]bool) {
	known = map[string]bool{}
	for _, r := range b.kept {
		if key := r.Key(); keys[key] && !known[key] {
			known[key] = true
			records = append(records, r)
		}
	}
	return records, known
}

func (b *markingBook) add(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = b.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keeping a record (is the disk full?): %w", err)
	}
	return nil
}

func (b *markingBook) close() error { return b.file.Close() }
