// Package comfyui makes pictures with ComfyUI servers: the standard modes with graphs that are built here, and any workflow
// in API format as a template.
//
// An Engine is a pool of servers. Connect asks each what it is; a checkpoint that one of them lists is a model, and so is a
// template. A picture is asked of the least busy server that has what it needs, under an identity that follows from the
// call's name, so that it can be found again. Progress and previews come over the server's socket, but whether a picture is
// done its history says, and what is neither in its queue nor in its history is lost.
//
//	e, err := comfyui.New(comfyui.Options{Servers: []string{"http://127.0.0.1:8188"}, Templates: os.DirFS("workflows")})
//	err = e.Connect(ctx)
//	picture, err := e.Render(ctx, recipe, nil)
//
// What a server's nodes take is kept as a snapshot; Differences says what has changed since, and which models that breaks.
// The package reads no weights and installs nothing on a server.
//
// Source: ComfyUI 0.3.64 (a125cd8, 2025-10-11), server.py, execution.py and protocol.py, read 2026-11.
package comfyui
