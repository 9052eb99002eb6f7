package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// environment is ONNX Runtime's one environment per process, counted so that the last Runtime releases it.
// It is a variable because the library itself is one.
var environment struct {
	sync.Mutex
	users int
	path  string
}

// Runtime is the loaded library. It is safe for concurrent use.
type Runtime struct {
	mu     sync.Mutex
	closed bool
}

// Open loads the ONNX Runtime library from libPath: the file itself, or a folder that holds a
// libonnxruntime.so*, .dylib or onnxruntime.dll. A missing or broken library gives ErrLibrary.
func Open(libPath string) (*Runtime, error) {
	file, err := libraryFile(libPath)
	if err != nil {
		return nil, fmt.Errorf("onnx: looking for the library: %w: %w", err, ErrLibrary)
	}
	environment.Lock()
	defer environment.Unlock()
	if environment.users > 0 && environment.path != file {
		return nil, fmt.Errorf("onnx: %s is loaded already, and %s can't be loaded beside it: %w", environment.path, file, ErrLibrary)
	}
	if environment.users == 0 {
		ort.SetSharedLibraryPath(file)
		if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
			return nil, fmt.Errorf("onnx: loading %s: %w: %w", file, err, ErrLibrary)
		}
		// The library otherwise reports usage on platforms where it was built to; Presswerk never phones home.
		if err := ort.DisableTelemetry(); err != nil {
			return nil, errors.Join(fmt.Errorf("onnx: switching telemetry off: %w: %w", err, ErrLibrary), ort.DestroyEnvironment())
		}
		environment.path = file
	}
	environment.users++
	return &Runtime{}, nil
}

// Version is the library's version, such as "1.32.0". The runtime must be open.
func (r *Runtime) Version() string { return ort.GetVersion() }

// Close releases the library when this was its last user. Close every session before. A second Close does nothing.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	environment.Lock()
	defer environment.Unlock()
	environment.users--
	if environment.users > 0 {
		return nil
	}
	if err := ort.DestroyEnvironment(); err != nil {
		return fmt.Errorf("onnx: releasing the library: %w", err)
	}
	return nil
}

// libraryFile finds the library in a folder, or checks that the file exists.
func libraryFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return path, nil
	}
	for _, pattern := range []string{"libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll"} {
		found, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("no ONNX Runtime library in %s", path)
}
