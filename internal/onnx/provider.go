package onnx

import (
	"fmt"

	ort "github.com/yalue/onnxruntime_go"
)

// Providers lists the names that Options.Providers takes, in no order of speed.
func Providers() []string {
	return []string{"cpu", "cuda", "tensorrt", "coreml", "directml", "openvino"}
}

// addProvider asks the library for one execution provider. "cpu" is always there and comes last by itself.
func addProvider(o *ort.SessionOptions, name string) error {
	var err error
	switch name {
	case "cpu":
		return nil
	case "cuda":
		err = addCUDA(o)
	case "tensorrt":
		err = addTensorRT(o)
	case "coreml":
		err = o.AppendExecutionProviderCoreMLV2(nil)
	case "directml":
		err = o.AppendExecutionProviderDirectML(0)
	case "openvino":
		err = o.AppendExecutionProviderOpenVINO(nil)
	default:
		return fmt.Errorf("onnx: unknown execution provider %q, known are %v: %w", name, Providers(), ErrProvider)
	}
	if err != nil {
		return fmt.Errorf("onnx: this ONNX Runtime library has no working %q (install a build that has it, or leave the provider out): %w: %w", name, err, ErrProvider)
	}
	return nil
}

func addCUDA(o *ort.SessionOptions) error {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer cuda.Destroy()
	return o.AppendExecutionProviderCUDA(cuda)
}

func addTensorRT(o *ort.SessionOptions) error {
	trt, err := ort.NewTensorRTProviderOptions()
	if err != nil {
		return err
	}
	defer trt.Destroy()
	return o.AppendExecutionProviderTensorRT(trt)
}
