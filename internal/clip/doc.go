// Package clip looks into clips and encodes them, through ffmpeg and ffprobe as child processes; it is their only user.
//
//	t := clip.New(clip.Options{FFmpeg: "/usr/bin/ffmpeg", FFprobe: "/usr/bin/ffprobe"})
//	file, sum, err := t.Probe(ctx, data)             // all of it is decoded once
//	frames, err := t.Frames(ctx, data, clip.Sampling{Starts: []int{0, 48}, Length: 3, Width: 256})
//	mp4, err := t.Encode(ctx, data, clip.Encoding{Format: clip.MP4})
//
// A clip may come from strangers. So the format is told from its first bytes and forced, which leaves out playlists and
// everything else that names other files; only files and pipes may be opened, never the network; and each child has limits
// for its memory, its time and what it writes. Nothing is judged here, and nothing is signed.
package clip
