package clip

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Sampling says which frames are wanted: from each start, counted from 0, so many in a row.
type Sampling struct {
	Starts []int
	Length int
	Width  int // pixels that they are brought to, for quick looking; 0 keeps their size
}

// Spread places so many starts evenly over a clip: the first frames, the last ones, and what lies between. Where the clip is
// too short for that, there are fewer.
func Spread(frames, starts, length int) Sampling {
	s := Sampling{Length: min(length, frames)}
	starts = max(1, min(starts, frames/max(s.Length, 1)))
	for i := range starts {
		at := 0
		if starts > 1 {
			at = i * (frames - s.Length) / (starts - 1)
		}
		s.Starts = append(s.Starts, at)
	}
	return s
}

// maxFrames is how many bytes of pixels are taken out of a clip at once.
const maxFrames = 1 << 30

// Frames gives the frames of a sampling, group by group. File is what Probe said.
func (t *Tool) Frames(ctx context.Context, data []byte, file art.ClipFile, s Sampling) (groups [][]*imaging.RGB, err error) {
	width, height := file.Width, file.Height
	if s.Width > 0 && s.Width < width {
		width, height = s.Width, max(2, (file.Height*s.Width+file.Width/2)/file.Width)
	}
	var picked []string
	for _, at := range s.Starts {
		picked = append(picked, fmt.Sprintf(`between(n\,%d\,%d)`, at, at+s.Length-1))
	}
	filter := fmt.Sprintf("select=%s,scale=%d:%d:flags=area", strings.Join(picked, "+"), width, height)
	one, wanted := 3*width*height, len(s.Starts)*s.Length
	if wanted == 0 || one > maxFrames/wanted {
		return nil, art.Invalid("clip", fmt.Sprintf("%d frames of %d×%d are too many to look at", wanted, width, height), "look at fewer, or at smaller ones")
	}
	err = t.with(data, func(in []string, _ string) error {
		args := append([]string{"-nostdin", "-v", "error", "-threads", strconv.Itoa(t.o.Threads)}, in...)
		args = append(args, "-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
		pixels, err := t.run(ctx, int64(one*wanted), t.o.FFmpeg, args...)
		if err != nil {
			return err
		}
		if len(pixels) != one*wanted {
			return art.Invalid("clip", fmt.Sprintf("%d of %d frames came", len(pixels)/one, wanted), "ask for frames that are there, each once")
		}
		for i := range s.Starts {
			groups = append(groups, nil)
			for j := range s.Length {
				from := one * (i*s.Length + j)
				groups[i] = append(groups[i], &imaging.RGB{Width: width, Height: height, Pix: pixels[from : from+one]})
			}
		}
		return nil
	})
	return groups, err
}

// Poster is the first frame in full size: what a player shows then doesn't jump when it begins.
func (t *Tool) Poster(ctx context.Context, data []byte, file art.ClipFile) (*imaging.RGB, error) {
	groups, err := t.Frames(ctx, data, file, Sampling{Starts: []int{0}, Length: 1})
	if err != nil {
		return nil, err
	}
	return groups[0][0], nil
}

// Seam is how far two frames of one size are apart: the mean absolute difference in 8-bit levels. A loop whose last frame is
// within a level or two of its first doesn't jump.
func Seam(a, b *imaging.RGB) float64 {
	n := min(len(a.Pix), len(b.Pix))
	sum := 0
	for i := range n {
		sum += max(int(a.Pix[i]), int(b.Pix[i])) - min(int(a.Pix[i]), int(b.Pix[i]))
	}
	return float64(sum) / float64(max(n, 1))
}
