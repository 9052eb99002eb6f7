package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
	"presswerk/internal/testkit"
)

// storeProcess is the program as a process of its own, with a store of its own.
type storeProcess struct {
	exe   string
	store string
}

func newStoreProcess(t *testing.T) storeProcess {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return storeProcess{exe, filepath.Join(t.TempDir(), "models")}
}

func (p storeProcess) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, p.exe)
	c.Args = append([]string{"presswerk"}, args...) // TestMain makes this test binary the program
	c.Dir = filepath.Dir(p.store)
	c.Env = append(os.Environ(), "PRESSWERK_STORE="+p.store, "XDG_CACHE_HOME="+p.store+"-cache", "LC_ALL=C", "HF_TOKEN=", "PRESSWERK_MIRRORS=")
	return c
}

func (p storeProcess) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.command(t.Context(), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("presswerk %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// whole fails when the store holds a model of which a byte is missing.
func (p storeProcess) whole(t *testing.T) int {
	t.Helper()
	s := modelstore.New(p.store, time.Now)
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if d, err := s.Verify(t.Context(), m, nil); err != nil || len(d) > 0 {
			t.Fatalf("%s is damaged: %+v, %v", m.Ref(), d, err)
		}
	}
	return len(all)
}

// A pull that is killed leaves no model, and the next one goes on where it stopped.
func TestAKilledPullGoesOn(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testkit.Root(t), "internal", "engine", "local", "testdata", "lora", "tiny-peft.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var ranges []string
	half := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if r.Method == http.MethodGet {
			ranges = append(ranges, r.Header.Get("Range"))
		}
		first := len(ranges) == 1 && r.Method == http.MethodGet
		mu.Unlock()
		w.Header().Set("ETag", `"1"`)
		if !first {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		w.(http.Flusher).Flush()
		close(half)
		<-r.Context().Done() // until the client is dead
	}))
	defer server.Close()
	p := newStoreProcess(t)
	c := p.command(t.Context(), "models", "pull", server.URL+"/style.safetensors")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-half
	for p.partial(t) < int64(len(data)/2) { // until what was sent is on the disk
		time.Sleep(time.Millisecond)
	}
	if err := c.Process.Kill(); err != nil { // SIGKILL: nothing can be tidied up
		t.Fatal(err)
	}
	_ = c.Wait()
	if n := p.whole(t); n != 0 {
		t.Errorf("%d models are there", n)
	}
	out := p.must(t, "models", "pull", server.URL+"/style.safetensors")
	if want := fmt.Sprintf("bytes=%d-", len(data)/2); len(ranges) != 2 || ranges[1] != want || !strings.Contains(out, "going on after") {
		t.Errorf("asked for %q, want %q at last\n%s", ranges, want, out)
	}
	if n := p.whole(t); n != 1 {
		t.Errorf("%d models are there", n)
	}
	if got, err := os.ReadFile(filepath.Join(p.store, "loras", "style.safetensors")); err != nil || art.Digest(got) != art.Digest(data) {
		t.Errorf("it is another file, %v", err)
	}
}

// partial is how many bytes of a download are on the disk.
func (p storeProcess) partial(t *testing.T) int64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.store, "partial", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !strings.HasSuffix(f, ".json") {
			n += info.Size()
		}
	}
	return n
}

// An import that is killed, again and again, a little later each time, never leaves half a model, and ends whole.
func TestAKilledImportIsNeverHalf(t *testing.T) {
	from := newStoreProcess(t)
	dir := filepath.Join(t.TempDir(), "big")
	for i := range 20 {
		to := filepath.Join(dir, fmt.Sprintf("part-%02d.onnx", i))
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(to, bytes.Repeat([]byte{byte(i)}, 1<<20), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	bundle := filepath.Join(t.TempDir(), "b.tar")
	from.must(t, "models", "add", dir)
	from.must(t, "models", "export", "big", "-o", bundle)
	p := newStoreProcess(t)
	kills := 0
	for pause := 2 * time.Millisecond; ; pause += pause/2 + time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), pause) // its end is SIGKILL
		err := p.command(ctx, "models", "import", bundle, "--key", bundle+".pub").Run()
		cancel()
		n := p.whole(t)
		if err == nil {
			if n != 1 {
				t.Errorf("it ended, and %d models are there", n)
			}
			break
		}
		kills++
	}
	if left, err := filepath.Glob(filepath.Join(p.store, "tmp", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind after %d kills: %v, %v", kills, left, err)
	}
	p.must(t, "models", "verify")
}
