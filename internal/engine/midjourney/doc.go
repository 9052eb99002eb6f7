// Package midjourney lets people make pictures in Midjourney for a run: it writes prompts in Midjourney's dialect, and keeps
// the run's pictures open until somebody has brought them.
//
// Midjourney has no interface for programs, and its terms forbid to act as if one were a person: nothing is sent there, fetched
// from there, or automated. A picture is asked for like any other, and its call stays accepted. A person copies the prompt
// (presswerk export BRIEF --as midjourney), and what comes back is matched with the prompt (presswerk import --watch).
//
//	text, err := midjourney.Prompt(recipe) // "a fox, ink --ar 3:2 --no text --seed 7 --v 7"
//
// Source: for flags and their ranges, package infotext.
package midjourney
