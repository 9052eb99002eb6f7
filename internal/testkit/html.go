package testkit

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// ValidHTML asks html-validate about files.
func ValidHTML(t testing.TB, files ...string) {
	t.Helper()
	if len(files) == 0 {
		t.Error("there is no page")
		return
	}
	tool := Tool(t, "node/node_modules/html-validate/bin/html-validate.mjs")
	args := append([]string{tool, "--config", filepath.Join(Root(t), "setup", "node", "htmlvalidate.json")}, files...)
	if out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput(); err != nil {
		t.Errorf("html-validate: %v\n%s", err, out)
	}
}
