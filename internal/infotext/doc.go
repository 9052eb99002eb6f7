// Package infotext reads and writes the texts in which other picture tools keep how a picture was made: A1111's
// "parameters", ComfyUI's graph, SwarmUI's and InvokeAI's JSON, Midjourney's prompt with its flags.
//
// Its nouns: a Picture is what a file's container says, an Entry one of its texts; a Record is what was understood of
// them: a recipe, what it lacks to be made again, and what has no place in a recipe, kept word for word. A Graph is
// ComfyUI's API format, and Slots say where in it the things stand that change from picture to picture.
//
//	record, err := infotext.Read(infotext.Picture{Name: "a.png", Texts: texts})
//	text, err := infotext.Write(infotext.Record{Recipe: recipe}, infotext.A1111)
//	lost, err := infotext.Lost(recipe, infotext.A1111) // fields that this text does not carry
//
// Names of samplers and curves are translated here and nowhere else (see samplers.go). The package does no I/O: imaging
// takes the texts out of files. It does not say whether a model is there, and never invents a number that a text lacks.
package infotext
