package main

import (
	"context"
	"os/exec"

	"presswerk/internal/clip"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// clips finds ffmpeg and ffprobe among the programs of this machine. Where they are missing, whoever needs them says so.
func (t *tools) clips() *clip.Tool {
	o := clip.Options{Threads: t.g.settings.Threads}
	if path, err := exec.LookPath("ffmpeg"); err == nil {
		o.FFmpeg = path
	}
	if path, err := exec.LookPath("ffprobe"); err == nil {
		o.FFprobe = path
	}
	return clip.New(o)
}

// poster is the frame of a clip that is fingerprinted.
func (t *tools) poster(ctx context.Context, data []byte) (*imaging.RGB, error) {
	tool := t.clips()
	file, _, err := tool.Probe(ctx, data)
	if err != nil {
		return nil, err
	}
	return tool.Poster(ctx, data, file)
}

// reel is what the judge sees of a clip: its poster and its frames.
func (t *tools) reel(ctx context.Context, data []byte) (*imaging.RGB, *judge.Reel, error) {
	tool := t.clips()
	file, _, err := tool.Probe(ctx, data)
	if err != nil {
		return nil, nil, err
	}
	p, err := tool.Poster(ctx, data, file)
	if err != nil {
		return nil, nil, err
	}
	reel, err := factory.Reel(ctx, tool, data, file)
	return p, reel, err
}

// checkClips looks for the programs that clips need.
func (t *tools) checkClips(ctx context.Context) finding {
	f := finding{Name: "ffmpeg", Remedy: "make setup"}
	version, err := t.clips().Version(ctx)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.OK, f.Detail = true, version
	return f
}
