package imaging

import (
	"sync"
	"testing"
)

// The first pictures of a process may be written side by side; the race detector watches.
func TestTheFirstPicturesMayBeWrittenSideBySide(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			p, err := NewRGB(8, 8)
			if err == nil {
				_, err = Encode(p, Encoding{Format: PNG})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
