package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// FFmpeg gives the paths of ffmpeg and ffprobe.
func FFmpeg(t testing.TB) (ffmpeg, ffprobe string) {
	t.Helper()
	for _, p := range []struct {
		name string
		path *string
	}{{"ffmpeg", &ffmpeg}, {"ffprobe", &ffprobe}} {
		found, err := exec.LookPath(p.name)
		Need(t, err == nil, p.name+" (run 'make setup')")
		*p.path = found
	}
	return ffmpeg, ffprobe
}

// Film makes a small clip of ffmpeg's own test sources, such as "testsrc2=size=320x180:rate=24:duration=2". What follows are
// more arguments for the output. The name's ending decides about the format.
func Film(t testing.TB, name, source string, more ...string) []byte {
	t.Helper()
	ffmpeg, _ := FFmpeg(t)
	path := filepath.Join(t.TempDir(), name)
	args := append([]string{"-v", "error", "-y", "-f", "lavfi", "-i", source}, more...)
	if said, err := exec.CommandContext(t.Context(), ffmpeg, append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("making %s of %s: %v\n%s", name, source, err, said)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
