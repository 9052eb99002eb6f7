package workspace

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/safety"
)

//go:embed safety/*.yaml safety/policies/*.yaml safety/redteam/* safety/bias/*
var safetyFiles embed.FS

// Files of the policy for words, in a workspace and among those that come along.
const (
	safetyDir      = "safety"
	policiesDir    = "safety/policies"
	clearancesFile = "rights/clearances.yaml"
)

// clearances is rights/clearances.yaml.
type clearances struct {
	Clearances []art.Clearance `yaml:"clearances"` // who has given leave for what, the newest last
}

// Guide is the policy for words by which a sector's briefs are planned: what comes along, then the workspace's own
// safety/*.yaml and safety/policies/*.yaml, and the clearances that are stored. "" is the general policy. The zero Workspace
// has none of its own.
func (w Workspace) Guide(sector string) (*safety.Guide, error) {
	lexicon, policies, err := w.safety()
	if err != nil {
		return nil, err
	}
	if sector == "" {
		sector = safety.General
	}
	policy, err := safety.Resolve(policies, sector)
	if err != nil {
		return nil, err
	}
	var cleared []art.Clearance
	if w.Dir != "" {
		if cleared, err = w.Clearances(); err != nil {
			return nil, err
		}
	}
	return safety.NewGuide(lexicon, policy, cleared)
}

// Policies lists all policies, each worked out with what it extends.
func (w Workspace) Policies() ([]safety.Policy, error) {
	_, all, err := w.safety()
	if err != nil {
		return nil, err
	}
	resolved := make([]safety.Policy, len(all))
	for i, p := range all {
		if resolved[i], err = safety.Resolve(all, p.Name); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

// Suite is the red team's that comes along.
func Suite() (safety.Suite, error) {
	var s safety.Suite
	data, err := safetyFiles.ReadFile("safety/redteam/suite.yaml")
	if err != nil {
		return s, fmt.Errorf("workspace: the red team's suite: %w", err)
	}
	return DecodeSuite("suite.yaml", data)
}

// RedTeamBaseline is what a policy that comes along let through when the suite was last looked at; ok is false for others.
func RedTeamBaseline(policy string) (b safety.Baseline, ok bool, err error) {
	data, err := safetyFiles.ReadFile(BaselinesFile)
	if err != nil {
		return b, false, fmt.Errorf("workspace: the red team's baselines: %w", err)
	}
	var all []safety.Baseline
	if err := json.Unmarshal(data, &all); err != nil {
		return b, false, fmt.Errorf("workspace: the red team's baselines: %w", err)
	}
	i := slices.IndexFunc(all, func(b safety.Baseline) bool { return b.Target == policy })
	if i < 0 {
		return b, false, nil
	}
	return all[i], true, nil
}

// BaselinesFile holds the baselines that come along, below this package.
const BaselinesFile = "safety/redteam/baselines.json"

// BiasSet is the neutral prompts that come along, or those of a file.
func BiasSet(file string, data []byte) (art.BiasSet, error) {
	var s art.BiasSet
	if file == "" {
		var err error
		if data, err = safetyFiles.ReadFile("safety/bias/prompts.yaml"); err != nil {
			return s, fmt.Errorf("workspace: the neutral prompts: %w", err)
		}
		file = "prompts.yaml"
	}
	d := decode(file, data, &s)
	d.place(checkBias(s))
	return s, d.found.err()
}

func checkBias(s art.BiasSet) []*art.FieldError {
	var bad []*art.FieldError
	if s.Version < 1 {
		bad = append(bad, &art.FieldError{Field: "version", Reason: "is missing or below 1", Remedy: "count up with each change"})
	}
	if len(s.Prompts) == 0 {
		bad = append(bad, &art.FieldError{Field: "prompts", Reason: "is empty", Remedy: "list neutral prompts"})
	}
	for i, p := range s.Prompts {
		same := slices.ContainsFunc(s.Prompts[:i], func(o art.BiasPrompt) bool { return o.Name == p.Name })
		if p.Name == "" || same || !p.Words.Has(art.English) {
			bad = append(bad, &art.FieldError{Field: fmt.Sprintf("prompts[%d]", i), Reason: "has no name of its own, or no English words", Remedy: "write both"})
		}
	}
	return bad
}

// DecodeSuite reads a red team's suite strictly; file is how messages call it.
func DecodeSuite(file string, data []byte) (safety.Suite, error) {
	var s safety.Suite
	d := decode(file, data, &s)
	d.place(s.Check())
	return s, d.found.err()
}

// safety reads lexicon and policies. A workspace's policy of a name that comes along takes its place, and may not loosen what
// is locked there.
func (w Workspace) safety() (safety.Lexicon, []safety.Policy, error) {
	lexicon, policies, err := w.safetyOf(shipped)
	if err != nil || w.Dir == "" {
		return lexicon, policies, err
	}
	own, more, err := w.safetyOf(w.own)
	if err != nil {
		return lexicon, policies, err
	}
	for _, p := range more {
		i := slices.IndexFunc(policies, func(o safety.Policy) bool { return o.Name == p.Name })
		if i >= 0 {
			return lexicon, policies, Problems{{File: policiesDir + "/" + p.Name + ".yaml", Reason: "a policy of this name comes along", Remedy: "give it another name, and write extends: " + p.Name}}
		}
		policies = append(policies, p)
	}
	return lexicon.Joined(own), policies, nil
}

// listed is one file of a folder of policies.
type listed struct {
	name string // without the extension
	read func(out any) (*decoder, error)
}

// shipped lists the YAML files of a folder that comes along.
func shipped(dir string) ([]listed, error) {
	names, err := fs.Glob(safetyFiles, dir+"/*.yaml")
	var all []listed
	for _, n := range names {
		all = append(all, listed{strings.TrimSuffix(path.Base(n), ".yaml"), func(out any) (*decoder, error) {
			data, err := safetyFiles.ReadFile(n)
			return decode(n, data, out), err
		}})
	}
	return all, err
}

// own lists the YAML files of a folder of the workspace.
func (w Workspace) own(dir string) ([]listed, error) {
	names, err := filepath.Glob(filepath.Join(w.Dir, filepath.FromSlash(dir), "*.yaml"))
	var all []listed
	for _, n := range names {
		all = append(all, listed{strings.TrimSuffix(filepath.Base(n), ".yaml"), func(out any) (*decoder, error) { return w.read(n, out) }})
	}
	return all, err
}

func (w Workspace) safetyOf(list func(dir string) ([]listed, error)) (l safety.Lexicon, policies []safety.Policy, err error) {
	var found Problems
	files, err := list(safetyDir)
	if err != nil {
		return l, nil, fmt.Errorf("workspace: listing %s: %w", safetyDir, err)
	}
	for _, f := range files {
		var part safety.Lexicon
		d, err := f.read(&part)
		if err != nil {
			return l, nil, err
		}
		found = append(found, d.found...)
		l = l.Joined(part)
	}
	if files, err = list(policiesDir); err != nil {
		return l, nil, fmt.Errorf("workspace: listing %s: %w", policiesDir, err)
	}
	for _, f := range files {
		p := safety.Policy{Name: f.name}
		d, err := f.read(&p)
		if err != nil {
			return l, nil, err
		}
		found = append(found, d.found...)
		policies = append(policies, p)
	}
	return l, policies, found.err()
}

// Clearances reads what is stored of clearances, the oldest first. A workspace without any has none.
func (w Workspace) Clearances() ([]art.Clearance, error) {
	var c clearances
	d, err := w.read(filepath.FromSlash(clearancesFile), &c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.place(safety.CheckClearances(c.Clearances))
	return c.Clearances, d.found.err()
}

// AddClearance stores one more clearance. Earlier records stay.
func (w Workspace) AddClearance(c art.Clearance) error {
	known, err := w.Clearances()
	if err != nil {
		return err
	}
	all := append(slices.Clip(known), c)
	if bad := safety.CheckClearances(all); len(bad) > 0 {
		return bad[0]
	}
	return w.writeRecord(clearancesFile, "Releases and clearances: who has given leave for what, until when, with the evidence. Written by \"presswerk rights clear\"; the newest record counts.", clearances{all})
}
