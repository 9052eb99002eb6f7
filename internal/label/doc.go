// Package label says what laws, codes and platforms want of generated pictures: which label people see, which marks machines
// read, what a page says, and whether a person has to decide first.
//
// Its nouns: a Table is the dated list of Rules, with sources; a Use is where a picture goes; art.Labelling is what is wanted of
// one picture there; a Lack is a file that does not have it.
//
//	t, err := label.Rules()
//	want := t.Want(label.Use{Usage: usage, Channels: channels, Day: "2026-11-26"}, label.Picture{Origin: label.Origin(nil), Disclosure: d})
//	err = label.Refuse(want, asset)
//
// The package decides nothing about a picture: whether it could mislead is a person's word. It draws nothing and writes no files
// either; finish and publish do. The table is no legal advice.
package label
