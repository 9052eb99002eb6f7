package main

import (
	"context"
	"fmt"
	"os"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/apart"
)

// readApart reads a picture that may be anybody's in a child process of this program.
func readApart(ctx context.Context, data []byte, l imaging.Limits) (*imaging.RGB, imaging.Info, error) {
	d, err := decoder()
	if err != nil {
		return nil, imaging.Info{}, err
	}
	return d.Read(ctx, data, l)
}

// probeApart is readApart without the pixels.
func probeApart(ctx context.Context, data []byte, l imaging.Limits) (imaging.Info, error) {
	d, err := decoder()
	if err != nil {
		return imaging.Info{}, err
	}
	return d.Probe(ctx, data, l)
}

func decoder() (apart.Decoder, error) {
	program, err := os.Executable()
	if err != nil {
		return apart.Decoder{}, fmt.Errorf("finding this program's file: %w: %w", err, art.ErrUnavailable)
	}
	return apart.Decoder{Program: program, Args: []string{"presswerk", apart.Word}}, nil
}

// child does what readApart asks for, when this process is such a child, and gives its exit code.
func child(args []string) (code int, is bool) {
	if len(args) != 2 || args[1] != apart.Word {
		return 0, false
	}
	if err := apart.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "presswerk:", err)
		return exitOutside, true
	}
	return exitDone, true
}
