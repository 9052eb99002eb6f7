package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/comfyui"
)

func TestComfyUIIsNamedInTheEnvironment(t *testing.T) {
	env := map[string]string{"PRESSWERK_COMFYUI": " http://a:8188 ,http://ada:pass@b:8188,", "PRESSWERK_COMFYUI_WORKFLOWS": "/w", "XDG_DATA_HOME": "/d"}
	got := readComfy(func(name string) string { return env[name] })
	want := comfySettings{Servers: []string{"http://a:8188", "http://ada:pass@b:8188"}, Workflows: "/w", Snapshots: filepath.Join("/d", "presswerk", "comfyui")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// Without a server there is no engine; one that doesn't answer is there and says so.
func TestComfyUIEngine(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for _, servers := range [][]string{nil, {s.URL}} {
		tools := &tools{g: &globals{settings: settings{Comfy: comfySettings{Servers: servers, Snapshots: t.TempDir()}}}}
		all, err := tools.comfyui(t.Context())
		if err != nil || len(all) != len(servers) {
			t.Fatalf("%d engines, %v", len(all), err)
		}
		if len(all) > 0 {
			if info := all[0].Info(); info.Name != comfyui.Name || info.Ready || !strings.Contains(info.Reason, "start ComfyUI there") {
				t.Errorf("%+v", info)
			}
			registry, err := engine.NewRegistry(all...)
			if err == nil {
				err = pin(t.Context(), registry, comfyui.Name)
			}
			if !errors.Is(err, art.ErrNotFound) {
				t.Errorf("pinning what isn't there: %v", err)
			}
		}
		if err := tools.close(); err != nil {
			t.Error(err)
		}
	}
	tools := &tools{g: &globals{settings: settings{Comfy: comfySettings{Servers: []string{s.URL}, Workflows: "/nowhere"}}}}
	if _, err := tools.comfyui(t.Context()); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a folder that isn't there: %v", err)
	}
}
