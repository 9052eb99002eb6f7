package judge

import "presswerk/internal/vision"

// Networks opens the networks that scorers look with, by the name of their file. It is safe for concurrent use.
type Networks interface {
	// Open gives a network, which is loaded when the first picture needs it. One that isn't here gives art.ErrUnavailable and
	// what to do.
	Open(name string) (vision.Runner, error)
	// SHA256 is that of the network's file; "" where it isn't here.
	SHA256(name string) string
}

// PanelWith is the default panel and those scorers that need networks. A network that isn't there is told by its score,
// which is then not available.
func PanelWith(n Networks, e Embedders) Panel {
	panel := DefaultPanel()
	panel = append(panel, textScorers(n)...)
	panel = append(panel, peopleScorers(n)...)
	panel = append(panel, onClaim{n})
	panel = append(panel, logoScorers()...)
	panel = append(panel, embeddingScorers(e)...)
	return panel
}
