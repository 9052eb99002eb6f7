// Package icc reads ICC profiles and turns colours from one into the other. It is the only user of LittleCMS, which it loads at
// run time.
//
// Its nouns: a Profile says what the numbers of a picture mean; a Transform turns numbers under one profile into numbers under
// another; an Intent says what becomes of colours that the other one lacks.
//
//	lib, err := icc.Open("")
//	press, err := lib.Read(fogra39)
//	t, err := lib.Transform(srgb, press, icc.Options{Intent: icc.Perceptual})
//	defer t.Close()
//	err = t.Do(cmyk, rgb) // 16 bits a channel
//
// Profiles of displays that are defined by their primaries are written here from the published figures: see SRGB and DisplayP3.
// The package knows nothing of files of pictures or of printing.
package icc
