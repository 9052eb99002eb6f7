// Package tiny is what a new engine begins as: a service that draws one picture for a text. A test adds it to the program, to
// show that this takes a folder, a line in main and a line in docs/layers.txt.
package tiny
