// Package sdapi makes pictures with the servers that people run themselves: AUTOMATIC1111's web UI, Forge, SD.Next and
// stable-diffusion.cpp.
//
// One Engine is one server. Connect asks what answers there, which fields its requests have, and what it can do; only
// what the server names is offered, everything else is refused with the name of the field. Each call looks first whether
// the same product is still there. A server makes one picture at a time, so calls wait for their turn.
//
// The web UIs answer when the picture is done: requests carry a task name of ours, by which progress and previews are
// asked for, and by which only our own picture is interrupted. stable-diffusion.cpp has jobs of its own, see Start and
// Wait; its imitation of the web UI isn't used, as it leaves out silently what it doesn't know.
//
//	e, err := sdapi.New(sdapi.Options{Name: "sdapi", URL: "http://user:password@127.0.0.1:7860", Open: open})
//	err = e.Connect(ctx)
//	picture, err := e.Render(ctx, recipe, nil)
//
// The package opens no files: pictures that recipes name come through Options.Open.
//
// Source: AUTOMATIC1111 1.10 modules/api and modules/progress.py, Forge and SD.Next modules/api, sd-webui-controlnet
// scripts/api.py, stable-diffusion.cpp examples/server/api.md (in stable-diffusion-cpp-python 0.4.7); read 2026-11.
package sdapi
