// Package vision runs networks that look at or enlarge pictures. So far there is one: the Upscaler, for networks of the
// ESRGAN kind.
//
//	session, err := runtime.Load("realesr-animevideov3-x4.onnx", onnx.Options{IntraOpThreads: 2})
//	up, err := vision.NewUpscaler(session, vision.UpscalerOptions{})
//	large, err := up.Upscale(ctx, picture, nil)
//
// The package trains nothing and does not decide when a picture is to be enlarged.
package vision
