// Package art holds the words of Presswerk: what a person asks for, what is made of it, and what is said
// and decided about it. It does no I/O and depends on nothing else in the tree.
//
// The nouns, in the order in which work flows:
//
//	Brief → Plan (Recipes, Refusals, Cost) → Candidate → Verdict → Selection → Decision → Asset → Rendition → Publication
//
// A Run is one Brief going down that line. A Job is one step of a Run; a Change is everything that one job
// wants to write, committed at once or not at all.
//
// Values are written once. A correction is a new value, and "current" is a question put to the store.
//
//	id, err := recipe.ID() // SHA-256 of the canonical JSON; equal recipes are rendered once
//
// Package art does not parse files, render, score or store: see workspace, engine, judge and store.
package art
