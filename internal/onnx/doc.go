// Package onnx runs networks through ONNX Runtime. It is the only user of the library and of its Go binding.
//
// A Runtime is the loaded library. A Session is one network, ready to run; it is safe for concurrent use. Inputs and
// outputs are Tensors by name; names, types and shapes are checked before the library is called, because its own
// messages speak of indices and nodes. Numbers are converted to what the graph asks for (float16, int32, bool …).
//
//	rt, err := onnx.Open(path)
//	defer rt.Close()
//	s, err := rt.Load("unet/model.onnx", onnx.Options{IntraOpThreads: 2})
//	defer s.Close()
//	out, err := s.Run(ctx, map[string]onnx.Tensor{"x": onnx.Float32([]float32{1, 2}, 1, 2)})
//
// ONNX Runtime has one environment per process, so several Runtimes of one process share it; they must name the same
// library. The package knows nothing of what networks mean.
package onnx
