package clip

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Format is one that clips are encoded in.
type Format string

// MP4 holds H.264 with yuv420p and its index in front, which everything plays; WebM holds VP9, which is smaller.
const (
	MP4  Format = "mp4"
	WebM Format = "webm"
)

// MIME is the format's media type with its codecs.
func (f Format) MIME() string { return "video/" + string(f) }

// Encoding says how a clip is encoded.
type Encoding struct {
	Format Format
	FPS    int     // 0 keeps the clip's own
	Fade   float64 // seconds in which the end is faded into the beginning, which shortens the clip by as much; 0 fades nothing
	Sound  bool    // keep it
}

// Quality settings: visually the same as what came, at 1:1.
const (
	crfMP4  = 20
	crfWebM = 31
)

// Encode writes a clip anew. Equal clips give equal bytes with one build of ffmpeg. Sides become even. What names the service
// or the author in the clip's own metadata isn't taken over: that is said in manifest and XMP. File is what Probe said.
func (t *Tool) Encode(ctx context.Context, data []byte, file art.ClipFile, e Encoding) (encoded []byte, err error) {
	if err := e.check(file); err != nil {
		return nil, err
	}
	err = t.with(data, func(in []string, out string) error {
		args := append([]string{"-nostdin", "-v", "error", "-y", "-threads", strconv.Itoa(t.o.Threads)}, in...)
		args = append(args, "-filter_complex", e.filter(file), "-map", "[out]")
		if e.Sound && file.Sound {
			args = append(args, "-map", "0:a:0")
		} else {
			args = append(args, "-an")
		}
		args = append(args, "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-pix_fmt", "yuv420p", "-threads", strconv.Itoa(t.o.Threads))
		args = append(append(args, e.codecs()...), out)
		if _, err := t.run(ctx, 1<<10, t.o.FFmpeg, args...); err != nil {
			return err
		}
		if encoded, err = os.ReadFile(out); err != nil {
			return fmt.Errorf("clip: reading what was encoded: %w", err)
		}
		return nil
	})
	return encoded, err
}

func (e Encoding) check(file art.ClipFile) error {
	switch {
	case e.Format != MP4 && e.Format != WebM:
		return art.Invalid("format", fmt.Sprintf("%q cannot be written", e.Format), "use mp4 or webm")
	case e.FPS < 0 || e.FPS > MaxFPS:
		return art.Invalid("clip.fps", fmt.Sprintf("%d frames a second are not made", e.FPS), fmt.Sprintf("use 1 to %d, or 0 to keep the clip's own", MaxFPS))
	case e.Fade < 0 || e.Fade > 0 && e.Fade > file.Seconds/3:
		return art.Invalid("clip.loop", fmt.Sprintf("a clip of %.3g seconds is too short to fade its end into its beginning", file.Seconds), "use a longer one")
	case e.Fade > 0 && e.Sound && file.Sound:
		return art.Unsupported("clip.sound", "sound would jump where a loop is faded", "take sound or loop out")
	}
	return nil
}

// filter makes a constant rate and even sides, and fades where a loop needs it: what follows the fade's length is played
// first, and at its end the clip's end becomes its beginning, which is where it starts anew.
func (e Encoding) filter(file art.ClipFile) string {
	fps := strconv.FormatFloat(file.FPS, 'f', -1, 64)
	if e.FPS > 0 {
		fps = strconv.Itoa(e.FPS)
	}
	base := "[0:v:0]fps=" + fps + ",scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1"
	if e.Fade == 0 {
		return base + "[out]"
	}
	return strings.Join([]string{
		base + ",split[a][b]",
		fmt.Sprintf("[a]trim=start=%g,setpts=PTS-STARTPTS[body]", e.Fade),
		fmt.Sprintf("[b]trim=end=%g,setpts=PTS-STARTPTS[head]", e.Fade),
		fmt.Sprintf("[body][head]xfade=transition=fade:duration=%g:offset=%g[out]", e.Fade, file.Seconds-2*e.Fade),
	}, ";")
}

func (e Encoding) codecs() []string {
	if e.Format == WebM {
		return []string{
			"-c:v", "libvpx-vp9", "-crf", strconv.Itoa(crfWebM), "-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1",
			"-c:a", "libopus", "-b:a", "96k", "-f", "webm",
		}
	}
	return []string{
		"-c:v", "libx264", "-preset", "medium", "-profile:v", "high", "-crf", strconv.Itoa(crfMP4),
		"-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-f", "mp4",
	}
}
