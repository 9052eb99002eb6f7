package publish

import (
	"context"
	"time"

	"presswerk/internal/art"
)

// Campaign is all that one site is made of.
type Campaign struct {
	Run        art.Run
	Candidates []art.CandidateView // for the scores behind each asset, and the figures of the run
	Assets     []art.Asset         // in the order in which they are shown
	Brand      Brand
	Languages  []art.Language // the first is the default; at least one of "en" and "de"
	BaseURL    string         // where the site's folder will be reached; ends with "/"
	Sheet      *Sheet         // contact sheet of all candidates, or nil
	Open       func(ctx context.Context, sha256 string) ([]byte, error)
	Generator  string // "Presswerk 0.1.0"
	MadeAt     time.Time
	ShowPrompt bool // print the prompt's words instead of their hash
}

// Brand is what the pages show of a brand kit.
type Brand struct {
	Name    art.Text
	Owner   string
	Colours []art.Colour
	Rights  art.Rights
}

// Sheet is a finished contact sheet.
type Sheet struct {
	Name          string // file name
	Width, Height int
	Data          []byte
}

// Card is one campaign on the page above them.
type Card struct {
	Folder    string // of its site, relative to the index
	Title     art.Text
	Brand     art.Text
	Count     int
	MadeAt    time.Time
	Image     string // path of a small picture below Folder
	Alt       art.Text
	Width     int
	Height    int
	Languages []art.Language // of the site, the default first
	Unmarked  bool           // the small picture is none that has to be called generated
}
