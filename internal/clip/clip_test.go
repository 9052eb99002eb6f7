package clip_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/clip"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

func tool(t testing.TB, change ...func(*clip.Options)) *clip.Tool {
	o := clip.Options{}
	o.FFmpeg, o.FFprobe = testkit.FFmpeg(t)
	for _, c := range change {
		c(&o)
	}
	return clip.New(o)
}

const source = "testsrc2=size=160x90:rate=24:duration=2"

func film(t testing.TB) []byte { return testkit.Film(t, "a.mp4", source, "-pix_fmt", "yuv420p") }

func TestAClipIsToldWithItsFrames(t *testing.T) {
	tool, data := tool(t), film(t)
	file, sum, err := tool.Probe(t.Context(), data)
	want := art.ClipFile{MIME: "video/mp4", Bytes: int64(len(data)), Codec: "h264", Width: 160, Height: 90, FPS: 24, Frames: 48, Seconds: 2}
	if err != nil || file != want || len(sum) != 64 {
		t.Fatalf("%+v, %q, %v", file, sum, err)
	}
	again, same, err := tool.Probe(t.Context(), data)
	if err != nil || again != file || same != sum {
		t.Errorf("the second look says %+v, %s, %v", again, same, err)
	}
	groups, err := tool.Frames(t.Context(), data, file, clip.Sampling{Starts: []int{0, 45}, Length: 3, Width: 80})
	if err != nil || len(groups) != 2 || len(groups[1]) != 3 || groups[0][0].Width != 80 || groups[0][0].Height != 45 {
		t.Fatalf("%v, %v", groups, err)
	}
	if bytes.Equal(groups[0][0].Pix, groups[1][2].Pix) {
		t.Error("the first frame and the last one are the same")
	}
	poster, err := tool.Poster(t.Context(), data, file)
	if err != nil || poster.Width != 160 || poster.Height != 90 {
		t.Errorf("%v", err)
	}
}

func TestSpreadBeginsAtTheFirstFrameAndEndsWithTheLast(t *testing.T) {
	for _, c := range []struct {
		frames, starts, length int
		want                   clip.Sampling
	}{
		{48, 4, 3, clip.Sampling{Starts: []int{0, 15, 30, 45}, Length: 3}},
		{48, 1, 3, clip.Sampling{Starts: []int{0}, Length: 3}},
		{4, 4, 3, clip.Sampling{Starts: []int{0}, Length: 3}},
		{2, 4, 3, clip.Sampling{Starts: []int{0}, Length: 2}},
	} {
		if got := clip.Spread(c.frames, c.starts, c.length); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%d frames: %v, want %v", c.frames, got, c.want)
		}
	}
}

func TestClipsAreEncodedAsTheWebNeedsThem(t *testing.T) {
	tool := tool(t)
	data := testkit.Film(t, "a.mp4", "testsrc2=size=162x91:rate=30:duration=2", "-pix_fmt", "yuv444p", "-f", "mp4")
	file, _, err := tool.Probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		e      clip.Encoding
		codec  string
		frames int
	}{
		{clip.Encoding{Format: clip.MP4}, "h264", 60},
		{clip.Encoding{Format: clip.WebM, FPS: 24}, "vp9", 48},
		{clip.Encoding{Format: clip.MP4, Fade: 0.5}, "h264", 45},
	} {
		out, err := tool.Encode(t.Context(), data, file, c.e)
		if err != nil {
			t.Fatalf("%+v: %v", c.e, err)
		}
		got, _, err := tool.Probe(t.Context(), out)
		if err != nil || got.Codec != c.codec || got.Width != 162 || got.Height != 90 || got.Sound || math.Abs(float64(got.Frames-c.frames)) > 1 {
			t.Errorf("%+v gives %+v, %v", c.e, got, err)
		}
		if again, err := tool.Encode(t.Context(), data, file, c.e); err != nil || !bytes.Equal(again, out) {
			t.Errorf("%+v: encoding again gives other bytes, %v", c.e, err)
		}
		if moov, mdat := bytes.Index(out, []byte("moov")), bytes.Index(out, []byte("mdat")); c.e.Format == clip.MP4 && moov > mdat {
			t.Error("the index of the MP4 comes behind its pictures")
		}
	}
}

// A faded loop has no jump: its last frame and its first one are neighbours in the clip that came.
func TestAFadedLoopEndsWhereItBegins(t *testing.T) {
	tool := tool(t)
	data := testkit.Film(t, "a.mp4", "color=c=black:size=64x64:rate=24:duration=3,geq=lum='N*3':cb=128:cr=128", "-pix_fmt", "yuv420p")
	file, _, err := tool.Probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if seam(t, tool, data) < 200 {
		t.Fatal("the clip that came has no jump to be faded")
	}
	out, err := tool.Encode(t.Context(), data, file, clip.Encoding{Format: clip.MP4, Fade: 1})
	if err != nil {
		t.Fatal(err)
	}
	if jump := seam(t, tool, out); jump > 12 {
		t.Errorf("the loop jumps by %.1f levels", jump)
	}
}

// seam is how far the last frame is from the first, in levels.
func seam(t *testing.T, tool *clip.Tool, data []byte) float64 {
	t.Helper()
	file, _, err := tool.Probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := tool.Frames(t.Context(), data, file, clip.Spread(file.Frames, 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	return clip.Seam(groups[0][0], groups[1][0])
}

func TestWhatIsNoClipIsRefusedWithTheReason(t *testing.T) {
	tool, good := tool(t), film(t)
	wide := bytes.Clone(good) // the sample entry's width and height are 16-bit numbers behind "avc1"
	at := bytes.Index(wide, []byte("avc1\x00\x00\x00\x00"))
	binary.BigEndian.PutUint32(wide[at+28:], 0xffffffff)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":      {nil, "no MP4 or WebM"},
		"a picture":    {testkit.ShopPicture(1), "no MP4 or WebM"},
		"a playlist":   {[]byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), "no MP4 or WebM"},
		"only a head":  {testkit.MP4(), "can't use it"},
		"cut":          {good[:len(good)*2/3], ""},
		"sound alone":  {testkit.Film(t, "a.mp4", "sine=duration=1"), "no moving pictures"},
		"too large":    {testkit.Film(t, "a.mp4", "color=size=4352x64:rate=5:duration=1"), "over the limit of 4096"},
		"too long":     {testkit.Film(t, "a.mp4", "color=size=16x16:rate=1:duration=130"), "over the limit of 120"},
		"too fast":     {testkit.Film(t, "a.mp4", "color=size=16x16:rate=240:duration=1"), "over the limit of 120"},
		"2 GB":         {make([]byte, clip.MaxBytes+1), "over the limit"},
		"claims to be": {append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), bytes.Repeat([]byte{7}, 4096)...), "can't use it"},
	} {
		file, _, err := tool.Probe(t.Context(), c.data)
		if !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "/tmp") {
			t.Errorf("%s: %+v, %v", name, file, err)
		}
	}
	_, _, _ = tool.Probe(t.Context(), wide) // whatever it says of itself, it ends
}

func TestLimitsEndAChild(t *testing.T) {
	data := film(t)
	if _, _, err := tool(t, func(o *clip.Options) { o.Time = time.Millisecond }).Probe(t.Context(), data); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("time: %v", err)
	}
	if _, _, err := tool(t, func(o *clip.Options) { o.Memory = 64 << 20 }).Probe(t.Context(), data); err == nil {
		t.Error("memory: it did with 64 MiB")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := tool(t).Probe(ctx, data); !errors.Is(err, context.Canceled) {
		t.Errorf("the end of the context: %v", err)
	}
}

func TestMissingProgramsAreSaid(t *testing.T) {
	for _, tool := range []*clip.Tool{nil, clip.New(clip.Options{}), clip.New(clip.Options{FFmpeg: "/usr/bin/ffmpeg"})} {
		if err := tool.Ready(); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "make setup") {
			t.Errorf("%v", err)
		}
	}
	gone := clip.New(clip.Options{FFmpeg: "/nowhere/ffmpeg", FFprobe: "/nowhere/ffprobe"})
	if _, _, err := gone.Probe(t.Context(), testkit.MP4()); err == nil {
		t.Error("a program that isn't there found something")
	}
}

func TestSeamCountsLevels(t *testing.T) {
	grey := func(v uint8) *imaging.RGB {
		p, err := imaging.NewRGB(4, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Pix {
			p.Pix[i] = v
		}
		return p
	}
	if got := clip.Seam(grey(10), grey(14)); got != 4 {
		t.Errorf("%v", got)
	}
}

// FuzzRead: whatever ffprobe says of a file, it is within the limits or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"streams":[{"codec_type":"video","codec_name":"h264","width":16,"height":16,"avg_frame_rate":"24/1","duration":"2"}]}`))
	f.Add([]byte(`{"streams":[{"codec_type":"video","codec_name":"h264","width":1e9,"avg_frame_rate":"1/0"}],"format":{"duration":"NaN"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		file, err := clip.Read(answer)
		if err == nil && (max(file.Width, file.Height) > clip.MaxSide || min(file.Width, file.Height) < 2 || !(file.FPS > 0 && file.FPS <= clip.MaxFPS) || !(file.Seconds > 0 && file.Seconds <= clip.MaxSeconds)) {
			t.Errorf("%+v", file)
		}
	})
}
