package onnx

import "errors"

// Sentinels are matched with errors.Is.
var (
	// ErrLibrary means that the ONNX Runtime library is missing or unusable.
	ErrLibrary = errors.New("ONNX Runtime is not usable: run `make setup`, or `presswerk doctor` to see what is missing")
	// ErrProvider means that this library was built without the asked execution provider.
	ErrProvider = errors.New("execution provider is not available")
	// ErrModel means that a file is no ONNX network that this library can run.
	ErrModel = errors.New("not a usable ONNX network")
	// ErrInput means that the tensors given to Run don't fit the network.
	ErrInput = errors.New("input does not fit the network")
	// ErrClosed means that the runtime or session was closed before.
	ErrClosed = errors.New("already closed")
)
