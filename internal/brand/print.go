package brand

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Condition names the printing condition whose profile comes along.
const Condition = "fogra39"

// checkPrint looks at what a channel on paper asks for.
func checkPrint(p *problems, field string, c art.Print) {
	for _, side := range []struct {
		name string
		mm   float64
	}{{"width_mm", c.WidthMM}, {"height_mm", c.HeightMM}} {
		if !(side.mm >= art.LeastPageMM && side.mm <= art.MostPageMM) {
			p.add(field+"."+side.name, fmt.Sprintf("a side of %g mm is not printed", side.mm), fmt.Sprintf("use %d to %d", art.LeastPageMM, art.MostPageMM))
		}
	}
	if !(c.BleedMM >= 0 && c.BleedMM <= art.MostBleedMM) {
		p.add(field+".bleed_mm", fmt.Sprintf("%g mm is out of range", c.BleedMM), fmt.Sprintf("use 0 to %d; 3 is usual", art.MostBleedMM))
	}
	if c.MaxInk != 0 && !(c.MaxInk >= art.LeastInk && c.MaxInk <= art.MostInk) {
		p.add(field+".tac", fmt.Sprintf("%g %% is no limit of ink", c.MaxInk), fmt.Sprintf("use %d to %d", art.LeastInk, art.MostInk))
	}
	if !(c.MinPPI == 0 || c.MinPPI >= 30 && c.MinPPI <= 2400) {
		p.add(field+".min_ppi", fmt.Sprintf("%g pixels an inch is out of range", c.MinPPI), "use 30 to 2400; 300 is usual")
	}
	if c.Intent != "" && !slices.Contains(art.PrintIntents(), c.Intent) {
		p.add(field+".intent", fmt.Sprintf("there is no rendering intent %q", c.Intent), choose(c.Intent, art.PrintIntents()))
	}
	if c.Standard != "" && !slices.Contains(art.PrintStandards(), c.Standard) {
		p.add(field+".standard", fmt.Sprintf("PDF/X is not written as %q", c.Standard), choose(c.Standard, art.PrintStandards()))
	}
	if c.Profile != "" && c.Profile != Condition && (path.IsAbs(c.Profile) || strings.Contains(c.Profile, "..") || !slices.Contains([]string{".icc", ".icm"}, path.Ext(c.Profile))) {
		p.add(field+".profile", fmt.Sprintf("%q names no profile", c.Profile), "write "+Condition+", or the path of an .icc file inside the workspace")
	}
}

// checkArchive looks at how masters of 16 bits are to be kept.
func checkArchive(p *problems, a art.Archive) {
	if a.Format != "" && !slices.Contains(art.ArchiveFormats(), a.Format) {
		p.add("finishing.archive.format", fmt.Sprintf("archives are not kept as %q", a.Format), choose(a.Format, art.ArchiveFormats()))
	}
	if a.Profile != "" && !slices.Contains(art.ArchiveProfiles(), a.Profile) {
		p.add("finishing.archive.profile", fmt.Sprintf("archives have no profile %q", a.Profile), choose(a.Profile, art.ArchiveProfiles()))
	}
}
