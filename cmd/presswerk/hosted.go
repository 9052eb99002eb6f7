package main

import (
	"cmp"
	"strings"
	"time"

	"presswerk/internal/engine"
	"presswerk/internal/engine/bfl"
	"presswerk/internal/engine/openai"
	"presswerk/internal/engine/stability"
	"presswerk/internal/engine/wire"
)

// hosted are the settings of services. A service without a key is there and says that it isn't ready.
type hosted struct {
	OpenAIKey  string   // OPENAI_API_KEY
	OpenAIBase string   // OPENAI_BASE_URL: another server that speaks the same
	AzureKey   string   // AZURE_OPENAI_API_KEY
	AzureBase  string   // AZURE_OPENAI_ENDPOINT, such as https://NAME.openai.azure.com; "" leaves Azure out
	Azure      []string // AZURE_OPENAI_DEPLOYMENTS: names of deployments, by comma
	BFLKey     string   // BFL_API_KEY
	BFLBase    string   // BFL_BASE_URL: another region, such as https://api.eu.bfl.ai
	Stability  string   // STABILITY_API_KEY
}

const openAIBase = "https://api.openai.com/v1"

func readHosted(getenv func(string) string) hosted {
	h := hosted{
		OpenAIKey: strings.TrimSpace(getenv("OPENAI_API_KEY")), OpenAIBase: strings.TrimSuffix(cmp.Or(getenv("OPENAI_BASE_URL"), openAIBase), "/"),
		AzureKey: strings.TrimSpace(getenv("AZURE_OPENAI_API_KEY")), AzureBase: strings.TrimSuffix(getenv("AZURE_OPENAI_ENDPOINT"), "/"),
	}
	h.Azure = names(getenv("AZURE_OPENAI_DEPLOYMENTS"))
	h.BFLKey, h.BFLBase = strings.TrimSpace(getenv("BFL_API_KEY")), strings.TrimSuffix(cmp.Or(getenv("BFL_BASE_URL"), bfl.Base), "/")
	h.Stability = strings.TrimSpace(getenv("STABILITY_API_KEY"))
	return h
}

// names are those of a list with commas.
func names(list string) (all []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// hosted makes an engine for each service. None is asked anything before a picture is wanted of it.
func (t *tools) hosted() ([]engine.Engine, error) {
	h := t.g.settings.Hosted
	all := []openai.Options{{Name: "openai", Base: h.OpenAIBase, Key: h.OpenAIKey, KeyFrom: "OPENAI_API_KEY"}}
	if h.AzureBase != "" {
		all = append(all, openai.Options{Name: "azure", Base: h.AzureBase + "/openai/v1", Key: h.AzureKey, KeyFrom: "AZURE_OPENAI_API_KEY", Azure: true, Models: h.Azure})
	}
	var engines []engine.Engine
	for _, o := range all {
		o.Version, o.Open, o.Now = openai.Revision, t.open, time.Now
		e, err := openai.New(o)
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	for _, row := range t.services() {
		row.service.Open, row.service.Now = t.open, time.Now
		row.service.Pauses.Sleep = wire.Sleep
		e, err := row.make(row.service)
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	return engines, nil
}

// service is one whose engine needs to know nothing but where it is and its key.
type service struct {
	service wire.Service
	make    func(wire.Service) (engine.Engine, error)
}

func (t *tools) services() []service {
	h := t.g.settings.Hosted
	return []service{
		{
			wire.Service{Name: "bfl", Version: bfl.Revision, Base: h.BFLBase, Key: h.BFLKey, KeyFrom: "BFL_API_KEY", Pauses: wire.Pauses{First: time.Second, Most: 10 * time.Second}},
			func(s wire.Service) (engine.Engine, error) { return bfl.New(s) },
		},
		{
			wire.Service{Name: "stability", Version: stability.Revision, Base: stability.Base, Key: h.Stability, KeyFrom: "STABILITY_API_KEY", Pauses: wire.Pauses{First: 10 * time.Second, Most: 30 * time.Second}},
			func(s wire.Service) (engine.Engine, error) { return stability.New(s) },
		},
	}
}
