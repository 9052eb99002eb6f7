package main

import (
	"cmp"
	"strings"
	"time"

	"presswerk/internal/engine"
	"presswerk/internal/engine/adobe"
	"presswerk/internal/engine/firefly"
	"presswerk/internal/engine/openai"
	"presswerk/internal/engine/wire"
)

// hosted are the settings of services. A service without a key is there and says that it isn't ready.
type hosted struct {
	OpenAIKey  string            // OPENAI_API_KEY
	OpenAIBase string            // OPENAI_BASE_URL: another server that speaks the same
	AzureKey   string            // AZURE_OPENAI_API_KEY
	AzureBase  string            // AZURE_OPENAI_ENDPOINT, such as https://NAME.openai.azure.com; "" leaves Azure out
	Azure      []string          // AZURE_OPENAI_DEPLOYMENTS: names of deployments, by comma
	Keys       map[string]string // of services that need nothing else, by the variable's name
	FireflyID  string            // FIREFLY_CLIENT_ID
	FireflyKey string            // FIREFLY_CLIENT_SECRET
	Midjourney string            // PRESSWERK_MIDJOURNEY: "by-hand" says that somebody makes pictures there
	Stock      stockKeys
	Firefly    []string // FIREFLY_CUSTOM_MODELS: identities of custom models, by comma
}

const openAIBase = "https://api.openai.com/v1"

func readHosted(getenv func(string) string) hosted {
	h := hosted{
		OpenAIKey: strings.TrimSpace(getenv("OPENAI_API_KEY")), OpenAIBase: strings.TrimSuffix(cmp.Or(getenv("OPENAI_BASE_URL"), openAIBase), "/"),
		AzureKey: strings.TrimSpace(getenv("AZURE_OPENAI_API_KEY")), AzureBase: strings.TrimSuffix(getenv("AZURE_OPENAI_ENDPOINT"), "/"),
		Keys: readKeys(getenv), Midjourney: strings.TrimSpace(getenv("PRESSWERK_MIDJOURNEY")),
	}
	h.Azure, h.Firefly = byComma(getenv("AZURE_OPENAI_DEPLOYMENTS")), byComma(getenv("FIREFLY_CUSTOM_MODELS"))
	h.FireflyID, h.FireflyKey = strings.TrimSpace(getenv("FIREFLY_CLIENT_ID")), strings.TrimSpace(getenv("FIREFLY_CLIENT_SECRET"))
	h.Stock = readStock(getenv, h)
	return h
}

// byComma are the names of a list with commas.
func byComma(list string) (names []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// hosted makes an engine for each service. None is asked anything before a picture is wanted of it.
func (t *tools) hosted() ([]engine.Engine, error) {
	h := t.g.settings.Hosted
	all := []openai.Options{{Service: wire.Service{Name: "openai", Base: h.OpenAIBase, Key: h.OpenAIKey, KeyFrom: "OPENAI_API_KEY"}}}
	if h.AzureBase != "" {
		all = append(all, openai.Options{Azure: true, Models: h.Azure, Service: wire.Service{
			Name: "azure", Base: h.AzureBase + "/openai/v1", Key: h.AzureKey, KeyFrom: "AZURE_OPENAI_API_KEY",
		}})
	}
	var engines []engine.Engine
	for _, o := range all {
		o.Version, o.Open, o.Now, o.Pauses.Sleep = openai.Revision, t.open, time.Now, wire.Sleep
		e, err := openai.New(o)
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	adobe, err := firefly.New(firefly.Options{ClientID: h.FireflyID, Tokens: adobe.Tokens, Custom: h.Firefly, Service: wire.Service{
		Name: "firefly", Version: firefly.Revision, Base: firefly.Base, Key: h.FireflyKey, KeyFrom: "FIREFLY_CLIENT_ID and FIREFLY_CLIENT_SECRET",
		Now: time.Now, Open: t.open, Pauses: wire.Pauses{First: time.Second, Most: 10 * time.Second, Sleep: wire.Sleep},
	}})
	if err != nil {
		return nil, err
	}
	others, err := t.keyed()
	return append(append(engines, adobe), others...), err
}
