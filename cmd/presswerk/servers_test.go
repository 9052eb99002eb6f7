package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/engine/sdapi"
)

func TestServersHaveNames(t *testing.T) {
	for list, want := range map[string][]serverSetting{
		"":                                    nil,
		"http://a:1":                          {{"sdapi", "http://a:1"}},
		" http://a:1 ,http://b,":              {{"sdapi", "http://a:1"}, {"sdapi-2", "http://b"}},
		"box=http://u:p@a:1/x, http://b/?k=v": {{"box", "http://u:p@a:1/x"}, {"sdapi-2", "http://b/?k=v"}},
	} {
		if got := readServers(list); !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %v", list, got)
		}
	}
}

// A server may be started after Presswerk.
func TestServersAreAskedAgain(t *testing.T) {
	var there atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !there.Load() || r.URL.Path != "/sdcpp/v1/capabilities" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"model":{"stem":"tiny"},"samplers":["euler"],"supported_modes":["img_gen"]}`)
	}))
	defer s.Close()
	e, err := sdapi.New(sdapi.Options{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	connect(t.Context(), []*sdapi.Engine{e})
	if e.Info().Ready {
		t.Error("ready without a server")
	}
	there.Store(true)
	go reconnect(t.Context(), []*sdapi.Engine{e}, time.Millisecond)
	for !e.Info().Ready {
		time.Sleep(time.Millisecond)
	}
}
