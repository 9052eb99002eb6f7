package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Tab is a browser's tab.
type Tab context.Context

// Screen is what a page is looked at with.
type Screen struct {
	Name          string
	Width, Height int64
	Scale         float64 // device pixels per CSS pixel
	Dark          bool
}

// Screens are the ones that every page has to look good on.
func Screens() []Screen {
	return []Screen{
		{"desktop", 1400, 900, 1, false},
		{"dark", 1400, 900, 1, true},
		{"phone", 390, 844, 3, false},
		{"phone-dark", 390, 844, 3, true},
		{"4k", 3840, 2160, 1, false},
	}
}

// Browser opens a headless Chromium with one empty tab, for the length of the test.
func Browser(t testing.TB) Tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	Need(t, err == nil, "chromium (run 'make setup')")
	limit, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(stop)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	allocator, stopAllocator := chromedp.NewExecAllocator(limit, options...)
	t.Cleanup(stopAllocator)
	tab, stopTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(tab); err != nil && tab.Err() == nil {
			t.Logf("closing the browser: %v", err)
		}
		stopTab()
	})
	Do(t, tab) // starts it: the end of a browser that was never started is waited for in vain
	return tab
}

// Show opens a page on a screen.
func Show(t testing.TB, tab Tab, s Screen, address string) {
	t.Helper()
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatalf("setting the colour scheme: %v", err)
	}
	Do(t, tab, chromedp.EmulateViewport(s.Width, s.Height, chromedp.EmulateScale(s.Scale)), chromedp.Navigate(address))
}

// Do takes steps in a tab.
func Do(t testing.TB, tab Tab, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		t.Fatal(err)
	}
}

// Evaluate gives the value of a JavaScript expression; a promise is waited for.
func Evaluate[T any](t testing.TB, tab Tab, expression string) T {
	t.Helper()
	v, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Until waits until a JavaScript expression is true.
func Until(t testing.TB, tab Tab, expression string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok, err := chromedp.Run(tab, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
	}
	Keep(t, tab, "timeout")
	t.Fatalf("after %v still not: %s", limit, expression)
}

// Accessible fails the test with every rule that axe finds broken on the page that is open.
func Accessible(t testing.TB, tab Tab, page string) {
	t.Helper()
	script, err := os.ReadFile(Tool(t, "node/node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	Do(t, tab, chromedp.Evaluate[chromedp.Void](string(script)+";0"))
	found := Evaluate[[]string](t, tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v =>
		v.id + ": " + v.help + "\n    " + v.nodes.map(n => n.target.join(" ") + " " + (n.any[0] ? n.any[0].message : "")).join("\n    ")))`)
	for _, f := range found {
		t.Errorf("%s: %s", page, f)
	}
}

// Keep writes a picture of the whole page to PRESSWERK_SCREENSHOTS, where somebody wants to look.
func Keep(t testing.TB, tab Tab, name string) {
	t.Helper()
	dir := os.Getenv("PRESSWERK_SCREENSHOTS")
	if dir == "" {
		return
	}
	data, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Logf("taking a picture of %s: %v", name, err)
		return
	}
	file := fmt.Sprintf("%s-%s.png", strings.ReplaceAll(t.Name(), "/", "-"), name)
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
		t.Log(err)
	}
}
