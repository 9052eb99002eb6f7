package clip

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// stream and probed are the parts of ffprobe's answer that are used here.
type stream struct {
	Kind     string `json:"codec_type"`
	Codec    string `json:"codec_name"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Rate     string `json:"avg_frame_rate"`
	Duration string `json:"duration"`
	Attached struct {
		Picture int `json:"attached_pic"`
	} `json:"disposition"`
	SideTable []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

type probed struct {
	Streams []stream `json:"streams"`
	Format  struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

// Probe tells what a clip is, and the SHA-256 of its decoded frames, each in the pixel format of its codec. The whole clip is
// decoded for that, so a damaged or cut one gives art.ErrInvalid here, as does one beyond the limits, or without pictures.
// Blob is left to who keeps the bytes.
func (t *Tool) Probe(ctx context.Context, data []byte) (file art.ClipFile, pixels string, err error) {
	err = t.with(data, func(in []string, out string) error {
		said, err := t.run(ctx, 1<<20, t.o.FFprobe, append([]string{"-v", "error", "-show_streams", "-show_format", "-of", "json"}, in...)...)
		if err != nil {
			return err
		}
		if file, err = read(said); err != nil {
			return err
		}
		file.Bytes = int64(len(data))
		args := append([]string{"-nostdin", "-v", "error", "-xerror", "-err_detect", "explode", "-threads", strconv.Itoa(t.o.Threads)}, in...)
		args = append(args, "-map", "0:v:0", "-fps_mode", "passthrough", "-progress", out, "-f", "hash", "-hash", "sha256", "-")
		hash, err := t.run(ctx, 1<<10, t.o.FFmpeg, args...)
		if err != nil {
			return err
		}
		pixels = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(hash), "SHA256=")))
		return count(out, &file)
	})
	if c, wrong := containerOf(data); wrong == nil {
		file.MIME = c.mime
	}
	return file, pixels, err
}

// read takes what is needed from ffprobe's answer, and refuses what is beyond the limits.
func read(answer []byte) (file art.ClipFile, err error) {
	var p probed
	if err := json.Unmarshal(answer, &p); err != nil {
		return file, fmt.Errorf("clip: reading ffprobe's answer: %w", err)
	}
	var length string
	for _, s := range p.Streams {
		switch {
		case s.Kind == "audio":
			file.Sound = true
		case s.Kind == "video" && s.Attached.Picture == 0 && file.Codec == "":
			file.Codec, file.Width, file.Height, file.FPS, length = s.Codec, s.Width, s.Height, rate(s.Rate), s.Duration
			for _, side := range s.SideTable {
				if math.Mod(math.Abs(side.Rotation), 180) == 90 { // players turn it
					file.Width, file.Height = file.Height, file.Width
				}
			}
		}
	}
	if length == "" {
		length = p.Format.Duration
	}
	file.Seconds, _ = strconv.ParseFloat(length, 64) // what is no number is 0, and refused below
	for _, rule := range []struct {
		wrong  bool
		reason string
	}{
		{file.Codec == "", "there are no moving pictures in it"},
		{file.Width < 2 || file.Height < 2, fmt.Sprintf("%d×%d pixels show nothing", file.Width, file.Height)},
		{max(file.Width, file.Height) > MaxSide, fmt.Sprintf("%d×%d pixels are over the limit of %d a side", file.Width, file.Height, MaxSide)},
		{!(file.FPS > 0), "it doesn't say how many frames a second it has"},
		{file.FPS > MaxFPS, fmt.Sprintf("%.4g frames a second are over the limit of %d", file.FPS, MaxFPS)},
		{!(file.Seconds > 0), "it doesn't say how long it is"},
		{file.Seconds > MaxSeconds, fmt.Sprintf("%.4g seconds are over the limit of %d", file.Seconds, MaxSeconds)},
	} {
		if rule.wrong {
			return file, art.Invalid("clip", rule.reason, fmt.Sprintf("use a clip of at most %d seconds and %d pixels a side", MaxSeconds, MaxSide))
		}
	}
	return file, nil
}

// rate reads "30000/1001".
func rate(text string) float64 {
	above, below, ok := strings.Cut(text, "/")
	a, err := strconv.ParseFloat(above, 64)
	if err != nil || !ok {
		return a
	}
	b, err := strconv.ParseFloat(below, 64)
	if err != nil || b == 0 {
		return 0
	}
	return a / b
}

// missing is how many of the frames that a clip's length promises may lack.
const missing = 0.1

// count reads how many frames ffmpeg has decoded, and compares with what the clip's length promises: a cut file often ends
// without any other sign.
func count(progress string, file *art.ClipFile) error {
	told, err := os.ReadFile(progress)
	if err != nil {
		return fmt.Errorf("clip: reading how many frames there are: %w", err)
	}
	for line := range strings.Lines(string(told)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "frame="); ok {
			if file.Frames, err = strconv.Atoi(strings.TrimSpace(n)); err != nil {
				return fmt.Errorf("clip: reading how many frames there are: %w", err)
			}
		}
	}
	promised := file.Seconds * file.FPS
	if file.Frames == 0 || float64(file.Frames) < promised*(1-missing)-1 {
		return art.Invalid("clip", fmt.Sprintf("%d frames are there, and %.0f should be: it was cut", file.Frames, promised), "fetch it once more")
	}
	return nil
}
