package main

import (
	"fmt"
	"strings"
	"testing"
)

// Services without a key are there and say which one they lack; a key stands in nothing that is shown.
func TestServicesNeedNothingButAKey(t *testing.T) {
	for _, key := range []string{"", "very-secret"} {
		g := &globals{settings: settings{Hosted: readHosted(func(name string) string {
			if strings.HasSuffix(name, "_URL") || strings.HasSuffix(name, "_ENDPOINT") {
				return ""
			}
			return key + "\n"
		})}}
		engines, err := newTools(g).keyed()
		if err != nil || len(engines) != len(keyedServices()) {
			t.Fatalf("%d engines, %v", len(engines), err)
		}
		for i, e := range engines {
			info, row := e.Info(), keyedServices()[i]
			if info.Name != row.name || info.Ready != (key != "") || !info.Ready && !strings.Contains(info.Reason, row.keyFrom) || len(info.Models) == 0 {
				t.Errorf("%s with the key %q: ready %t, %s", row.name, key, info.Ready, info.Reason)
			}
			if key != "" && strings.Contains(fmt.Sprintf("%+v", info), key) {
				t.Errorf("%s shows its key", row.name)
			}
		}
	}
}
