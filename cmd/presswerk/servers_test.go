package main

import (
	"reflect"
	"testing"
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
