// Package local is the embedded renderer: latent diffusion over ONNX Runtime, in this process, without Python.
//
// It reads the standard diffusers/optimum ONNX folder (model_index.json, tokenizer, text_encoder, unet, vae_decoder,
// scheduler) and renders recipes with package diffusion. A Folder is such a model on disk, with the SHA-256 of its
// files; a pipeline is a folder with its networks loaded. Engine.Render serves the factory; RenderArrays serves
// `presswerk render`, whose flags replace or expose what is otherwise drawn from the seed.
//
//	e, err := local.New(local.Options{Library: path, Models: []string{"models/house"}})
//	defer e.Close()
//	pic, err := e.Render(ctx, recipe, nil)
//
// Every check is made before a network is loaded, and a field that can't be honoured gives art.ErrUnsupported with
// its name. The package doesn't fetch models or judge pictures; networks that enlarge are given to it.
package local
