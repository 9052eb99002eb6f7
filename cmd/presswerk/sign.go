package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/softbinding"
)

// signCmd is about the workspace's signing key, its certificates, and the time stamps that files are owed.
type signCmd struct {
	Show     signShowCmd     `cmd:"" default:"1" help:"${sign_show}"`
	Request  signRequestCmd  `cmd:"" help:"${sign_request}"`
	Install  signInstallCmd  `cmd:"" help:"${sign_install}"`
	External signExternalCmd `cmd:"" help:"${sign_external}"`
	Lock     signLockCmd     `cmd:"" help:"${sign_lock}"`
	Renew    signRenewCmd    `cmd:"" help:"${sign_renew}"`
	Stamp    signStampCmd    `cmd:"" help:"${sign_stamp}"`
}

// signState is what there is to say of a signing key.
type signState struct {
	Algorithm string    `json:"algorithm"`
	Key       string    `json:"key"` // "file", "encrypted" or "command"
	Signer    string    `json:"signer"`
	Issuer    string    `json:"issuer"`
	Expires   time.Time `json:"expires"`
	Days      int       `json:"days"` // until then
	Ending    bool      `json:"ending"`
	Authority string    `json:"ta_url,omitempty"`
}

func (g *globals) signState(ws workspaceDir, id *provenance.Identity) signState {
	left, soon := id.Ending(time.Now())
	subject, issuer := id.Names()
	return signState{id.Algorithm, id.Kept, subject, issuer, id.Expires, int(left.Hours() / 24), soon, ws.Signing.StampURL}
}

// signing opens the key of the workspace around, which is made on first use.
func (g *globals) signing() (workspaceDir, *provenance.Identity, error) {
	ws, err := g.workspace("")
	if err != nil {
		return ws, nil, err
	}
	id, err := provenance.LoadOrCreate(ws.signing(), ws.Name, time.Now(), rand.Reader, g.keys())
	return ws, id, err
}

// say answers with the state of the key that is there now.
func (g *globals) saySigning(ws workspaceDir) error {
	id, err := provenance.LoadOrCreate(ws.signing(), ws.Name, time.Now(), rand.Reader, g.keys())
	if err != nil {
		return err
	}
	s := g.signState(ws, id)
	return g.answer(s, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("sign_state", s.Signer, s.Issuer, s.Algorithm, s.Key, s.Expires.Format(time.DateOnly), s.Days))
		if s.Authority != "" {
			fmt.Fprintln(w, g.words.say("sign_authority", s.Authority))
		}
		if s.Ending {
			fmt.Fprintln(w, g.words.say("sign_ending", s.Expires.Format(time.DateOnly), s.Days))
		}
	})
}

type signShowCmd struct{}

// Run says who signs, until when, and with which key.
func (*signShowCmd) Run(g *globals) error {
	ws, _, err := g.signing()
	if err != nil {
		return err
	}
	return g.saySigning(ws)
}

type signRequestCmd struct {
	Organisation string `name:"organisation" placeholder:"NAME" help:"${flag_sign_organisation}"`
	Name         string `name:"name" default:"Presswerk claim signer" help:"${flag_sign_name}"`
	Out          string `short:"o" name:"out" type:"path" placeholder:"FILE" help:"${flag_sign_out}"`
}

// Run writes a certificate request for the key that is there.
func (c *signRequestCmd) Run(g *globals) error {
	ws, id, err := g.signing()
	if err != nil {
		return err
	}
	organisation := c.Organisation
	if organisation == "" {
		organisation = ws.Name
	}
	request, err := id.CSR(organisation, c.Name)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, request); err != nil {
			return err
		}
	}
	return g.answer(struct {
		Request string `json:"request"`
		File    string `json:"file,omitempty"`
	}{string(request), c.Out}, func(w io.Writer) {
		if c.Out == "" {
			fmt.Fprint(w, string(request))
			return
		}
		fmt.Fprintln(w, c.Out)
	})
}

type signInstallCmd struct {
	Chain string `arg:"" type:"existingfile" help:"${arg_sign_chain}"`
	Root  string `name:"root" type:"existingfile" placeholder:"FILE" help:"${flag_sign_root}"`
}

// Run puts an authority's certificates in the place of the workspace's own.
func (c *signInstallCmd) Run(g *globals) error {
	ws, _, err := g.signing()
	if err != nil {
		return err
	}
	chain, root, err := readChain(c.Chain, c.Root)
	if err != nil {
		return err
	}
	if err := provenance.Install(ws.signing(), chain, root, g.keys()); err != nil {
		return err
	}
	return g.saySigning(ws)
}

// readChain reads certificates, and their root where it stands in a file of its own.
func readChain(chainFile, rootFile string) (chain, root string, err error) {
	data, err := os.ReadFile(chainFile)
	if err != nil {
		return "", "", fmt.Errorf("reading %s: %w", chainFile, err)
	}
	if rootFile == "" {
		return string(data), "", nil
	}
	anchor, err := os.ReadFile(rootFile)
	if err != nil {
		return "", "", fmt.Errorf("reading %s: %w", rootFile, err)
	}
	return string(data), string(anchor), nil
}

type signExternalCmd struct {
	Chain   string   `name:"chain" type:"existingfile" required:"" placeholder:"FILE" help:"${arg_sign_chain}"`
	Root    string   `name:"root" type:"existingfile" required:"" placeholder:"FILE" help:"${flag_sign_root}"`
	Command []string `arg:"" passthrough:"" help:"${arg_sign_command}"`
}

// Run lets a program sign from now on, after it has signed a word rightly. Which program stands among the keys of this machine, not in the
// workspace's files: who clones a workspace runs nobody's program.
func (c *signExternalCmd) Run(ctx context.Context, g *globals) error {
	ws, _, err := g.signing()
	if err != nil {
		return err
	}
	chain, root, err := readChain(c.Chain, c.Root)
	if err != nil {
		return err
	}
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return art.Invalid("command", "is missing", "write it behind --")
	}
	if err := provenance.UseCommand(ctx, ws.signing(), command, chain, root, g.keys()); err != nil {
		return err
	}
	return g.saySigning(ws)
}

type signLockCmd struct{}

// Run encrypts the key with the passphrase of the environment.
func (*signLockCmd) Run(g *globals) error {
	ws, _, err := g.signing()
	if err != nil {
		return err
	}
	if len(g.settings.SigningPassphrase) < 8 {
		return art.Invalid("passphrase", "there is none, or it is shorter than 8 characters", "set PRESSWERK_SIGNING_PASSPHRASE, or PRESSWERK_SIGNING_PASSPHRASE_FILE")
	}
	if err := provenance.Seal(ws.signing(), seal(g.settings.SigningPassphrase)); err != nil {
		return err
	}
	return g.saySigning(ws)
}

type signRenewCmd struct{}

// Run makes new keys and certificates of the workspace's own.
func (*signRenewCmd) Run(g *globals) error {
	ws, _, err := g.signing()
	if err != nil {
		return err
	}
	if _, err := provenance.Renew(ws.signing(), ws.Name, time.Now(), rand.Reader); err != nil {
		return err
	}
	return g.saySigning(ws)
}

type signStampCmd struct{}

// Run asks for the time stamps that files are owed, because the authority could not be reached when they were made. Exit 1 while some are
// still owed.
func (*signStampCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	answer, err := l.stampOwed(ctx)
	if err != nil {
		return err
	}
	if err := g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("sign_stamped", len(answer.Stamped), answer.Owed))
		if answer.Reason != "" {
			fmt.Fprintln(w, answer.Reason)
		}
	}); err != nil {
		return err
	}
	if answer.Owed > 0 {
		return errNo
	}
	return nil
}

// stamping is what came of asking for the stamps that files are owed.
type stamping struct {
	Stamped []string `json:"stamped"`          // assets
	Owed    int      `json:"owed"`             // assets that still wait
	Reason  string   `json:"reason,omitempty"` // why the last of these does
}

// stampOwed asks for the time stamps that assets are owed.
func (l *line) stampOwed(ctx context.Context) (stamping, error) {
	answer := stamping{Stamped: []string{}}
	id, err := l.tools.identity(l.ws)
	if err != nil {
		return answer, err
	}
	lib, err := l.tools.library()
	if err != nil {
		return answer, err
	}
	assets, err := l.db.Assets(ctx, "")
	if err != nil {
		return answer, err
	}
	for _, a := range assets {
		stamped, err := l.stampAsset(ctx, lib, id, &a)
		if stamped > 0 {
			kept, err := softbinding.Keeper{Blobs: l.blobs, Now: time.Now}.Keep(ctx, a)
			if err != nil {
				return answer, err
			}
			if err := l.commit(ctx, art.Change{Stamped: []art.Asset{a}, Manifests: kept}); err != nil {
				return answer, err
			}
			answer.Stamped = append(answer.Stamped, a.ID)
		}
		if err != nil {
			answer.Owed, answer.Reason = answer.Owed+1, err.Error()
		}
	}
	return answer, nil
}

// stampAsset stamps the files of an asset that are owed a time stamp, and writes it into the asset. It stops at the first that fails.
func (l *line) stampAsset(ctx context.Context, lib *provenance.Library, id *provenance.Identity, a *art.Asset) (stamped int, err error) {
	files := []*art.Rendition{&a.Master}
	if a.Clip != nil {
		for i := range a.Clip.Files {
			files = append(files, &a.Clip.Files[i])
		}
	}
	for _, f := range files {
		if !strings.HasPrefix(f.TimeStamp, "owed") {
			continue
		}
		data, err := l.blobs.Get(ctx, f.SHA256)
		if err != nil {
			return stamped, err
		}
		if data, err = lib.Stamp(ctx, id, provenance.Software{Name: "Presswerk", Version: version}, f.MIME, data); err != nil {
			return stamped, err
		}
		if f.SHA256, err = l.blobs.Put(ctx, data); err != nil {
			return stamped, err
		}
		f.Bytes, f.TimeStamp = int64(len(data)), "stamped"
		stamped++
	}
	return stamped, nil
}
