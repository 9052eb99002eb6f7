// Package vision looks at pictures and enlarges them: an Upscaler for networks of the ESRGAN kind, and Preprocessors,
// which make the control pictures that steer a rendering.
//
//	session, err := runtime.Load("realesr-animevideov3-x4.onnx", onnx.Options{IntraOpThreads: 2})
//	up, err := vision.NewUpscaler(session, vision.UpscalerOptions{})
//	large, err := up.Upscale(ctx, picture, nil)
//
//	kind, err := vision.PreprocessorOf("canny")
//	edges, err := kind.Make(ctx, picture, nil, map[string]float64{"low": 50})
//
// Kinds canny, lineart-dog, scribble and scribble-xdog are arithmetic. The others need networks, which the caller opens:
// mlsd, hed, depth, and Poses behind the kinds openpose….
//
// The package trains nothing and does not decide when a picture is to be enlarged.
package vision
