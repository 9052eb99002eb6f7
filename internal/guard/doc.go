// Package guard decides whether a change of model, adapter, sampler or engine may reach production.
//
// Its nouns: a sample is one score of one prompt on both sides; a Rule says which way a scorer is good and which
// difference does not matter; an interval is where the mean gain of the new side lies; a move changes a brand's pin.
//
//	all, overall := guard.Compare(pairs, guard.Rules(kit.Rubric, margins), 0.95) // better, equal, worse or unsure
//	policy, err := guard.Pin(policy, move, guards)                  // or why it must not move
//	probe = guard.Judge(probe, baseline, rules)                     // has a hosted engine changed its model?
//
// It is pure: it renders nothing (see factory), scores nothing (see judge), and keeps nothing (see store and workspace).
package guard
