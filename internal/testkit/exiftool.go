package testkit

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// Exiftool runs the npm package's exiftool, which is newer than Debian's and knows IPTC's AI fields.
func Exiftool(t testing.TB, args ...string) ([]byte, error) {
	t.Helper()
	return exec.CommandContext(t.Context(), "perl", append([]string{Tool(t, "node/node_modules/exiftool-vendored.pl/bin/exiftool")}, args...)...).Output()
}

// Tags validates files and reads their tags with exiftool, in the files' order.
func Tags(t testing.TB, files ...string) []map[string]any {
	t.Helper()
	out, err := Exiftool(t, append([]string{"-validate", "-warning", "-error", "-a", "-j", "-G1", "-struct", "-charset", "iptc=utf8", "-XMP:all", "-IPTC:all"}, files...)...)
	if err != nil {
		t.Fatalf("exiftool: %v", err)
	}
	var tags []map[string]any
	if err := json.Unmarshal(out, &tags); err != nil {
		t.Fatal(err)
	}
	if len(tags) != len(files) {
		t.Fatalf("exiftool read %d of %d files", len(tags), len(files))
	}
	return tags
}
