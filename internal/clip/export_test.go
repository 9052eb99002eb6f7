package clip

import "presswerk/internal/art"

// Read lets the fuzz test read ffprobe's answers.
func Read(answer []byte) (art.ClipFile, error) { return read(answer) }
