package model

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// IndexFile is what makes a folder a pipeline: diffusers' list of its networks.
const IndexFile = "model_index.json"

// PartOfFolder tells whether a file of a model folder, named by its slash path, is part of the model: model_index.json and
// all that lies in sub-folders. What lies beside them (our model.json, cards, notices) is not, and hidden files never are.
func PartOfFolder(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return strings.Contains(name, "/") || name == IndexFile
}

// FolderDigest is the identity of a model folder: the SHA-256 over lines "SHA-256, two spaces, slash path, newline",
// sorted by path, as sha256sum writes them.
func FolderDigest(sums map[string]string) string {
	names := make([]string, 0, len(sums))
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	var lines strings.Builder
	for _, name := range names {
		fmt.Fprintf(&lines, "%s  %s\n", sums[name], name)
	}
	return art.Digest([]byte(lines.String()))
}
