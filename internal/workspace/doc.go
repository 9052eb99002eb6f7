// Package workspace reads and makes the folders in which people work: briefs, brand kits and style tokens as YAML in a
// Git folder.
//
//	presswerk.yaml             name, version and budgets of the workspace
//	prices.yaml                what hosted engines cost, over the prices that come along
//	brands/<id>/kit.yaml       a brand kit, with its logo beside it
//	brands/<id>/guard.yaml     the brand's fixed prompts, with which models are compared
//	models/*.yaml              pins and their history, accepted licences, cards, dates on which hosted models go away
//	briefs/<id>.yaml           briefs
//	styles/<name>.yaml         style tokens
//	prompts/, experiments/     for later
//	.schemas/*.json            JSON Schemas, with which editors complete and check the YAML
//	.presswerk/, site/         database, pictures and keys; published pages: neither goes into Git
//
// Reading is strict: unknown keys, wrong types, double keys and missing fields are told with file, line and column, all
// at once, as Problems.
//
//	w, err := workspace.Find(".")
//	order, err := w.Load("briefs/breakfast-table.yaml")
//	commit, err := w.State(ctx) // which state of the folder that was
//
// Package workspace keeps no records (see store) and plans nothing (see plan).
package workspace
