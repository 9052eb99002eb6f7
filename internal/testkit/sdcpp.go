package testkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SDCPP is stable-diffusion.cpp's server with a model of random weights, and what it was started from.
type SDCPP struct {
	URL    string
	Folder string // holds the model and the decoder
	Model  string // file name of the model in Folder, without its end
	stop   func()
}

// Stop ends the server before the test does.
func (s *SDCPP) Stop() { s.stop() }

// NewSDCPP starts the real server that make tools has built, on a free port, with a few megabytes of random weights.
// Quantised says that the model is GGUF with 8 bits a weight, converted by the program's own converter.
func NewSDCPP(t testing.TB, quantised bool, flags ...string) *SDCPP {
	t.Helper()
	server := Tool(t, "sdcpp/sd-server")
	s := &SDCPP{Folder: t.TempDir(), Model: "tiny"}
	writeWeights(t, filepath.Join(s.Folder, "tiny.safetensors"), tinyModel())
	writeWeights(t, filepath.Join(s.Folder, "decoder.safetensors"), tinyDecoder())
	file := filepath.Join(s.Folder, "tiny.safetensors")
	if quantised {
		file = filepath.Join(s.Folder, "tiny-q8.gguf")
		s.Model = "tiny-q8"
		convert := exec.CommandContext(t.Context(), Tool(t, "sdcpp/sd-cli"), "--mode", "convert", "--model", filepath.Join(s.Folder, "tiny.safetensors"), "--output", file, "--type", "q8_0")
		if said, err := convert.CombinedOutput(); err != nil {
			t.Fatalf("converting to GGUF: %v: %s", err, said)
		}
	}
	for _, dir := range []string{"loras", "upscalers"} {
		if err := os.Mkdir(filepath.Join(s.Folder, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.start(t, server, append([]string{
		"--model", file, "--taesd", filepath.Join(s.Folder, "decoder.safetensors"),
		"--lora-model-dir", filepath.Join(s.Folder, "loras"), "--hires-upscalers-dir", filepath.Join(s.Folder, "upscalers"), "--threads", "1",
	}, flags...))
	return s
}

// start runs the server until the test ends and waits until it answers.
func (s *SDCPP) start(t testing.TB, server string, args []string) {
	t.Helper()
	port := freePort(t)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	command := exec.CommandContext(ctx, server, append(args, "--listen-ip", "127.0.0.1", "--listen-port", strconv.Itoa(port))...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // it is killed
	}()
	s.stop = func() { stop(); <-ended }
	t.Cleanup(s.stop)
	s.URL = "http://127.0.0.1:" + strconv.Itoa(port)
	for {
		answer, err := http.Get(s.URL + "/sdcpp/v1/capabilities")
		if err == nil {
			if err := answer.Body.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server ended: %s", said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("%v has no port", l.Addr())
	}
	return at.Port
}

// weight is an array of random numbers; a fan of 0 makes ones, as norms have them.
type weight struct {
	name  string
	shape []int
	fan   int
}

func matrix(name string, rows, columns int) weight {
	return weight{name, []int{rows, columns}, columns}
}
func ones(name string, n int) weight { return weight{name, []int{n}, 0} }

// Sizes of the smallest model whose layout leaves them free: FLUX.2 klein's, of one double and one single block, with a
// Qwen3 text encoder of one layer. The width is one head's, and heads have 128 channels.
const (
	tinyWidth = 128
	tinyWords = 151936 // of Qwen's vocabulary, which the program has inside
	tinyText  = 32
	tinyZ     = 128 // channels of a latent: 32, folded two by two
)

// tinyModel lists a model's weights.
//
// Source: stable-diffusion.cpp src/flux.hpp and src/llm.hpp, as in stable-diffusion-cpp-python 0.4.7.
func tinyModel() []weight {
	const w, d = tinyWidth, "model.diffusion_model."
	all := []weight{
		matrix(d+"img_in.weight", w, tinyZ), matrix(d+"txt_in.weight", w, tinyText),
		matrix(d+"time_in.in_layer.weight", w, 256), matrix(d+"time_in.out_layer.weight", w, w),
		matrix(d+"double_stream_modulation_img.lin.weight", 6*w, w), matrix(d+"double_stream_modulation_txt.lin.weight", 6*w, w),
		matrix(d+"single_stream_modulation.lin.weight", 3*w, w),
		matrix(d+"final_layer.linear.weight", tinyZ, w), matrix(d+"final_layer.adaLN_modulation.1.weight", 2*w, w),
		matrix(d+"single_blocks.0.linear1.weight", 3*w+6*w, w), matrix(d+"single_blocks.0.linear2.weight", w, w+3*w),
		ones(d+"single_blocks.0.norm.query_norm.scale", w), ones(d+"single_blocks.0.norm.key_norm.scale", w),
	}
	for _, side := range []string{"img", "txt"} {
		b := d + "double_blocks.0." + side
		all = append(all, matrix(b+"_attn.qkv.weight", 3*w, w), matrix(b+"_attn.proj.weight", w, w),
			ones(b+"_attn.norm.query_norm.scale", w), ones(b+"_attn.norm.key_norm.scale", w),
			matrix(b+"_mlp.0.weight", 6*w, w), matrix(b+"_mlp.2.weight", w, 3*w))
	}
	const l = "text_encoders.llm.model."
	return append(all,
		matrix(l+"embed_tokens.weight", tinyWords, tinyText), ones(l+"norm.weight", tinyText),
		ones(l+"layers.0.input_layernorm.weight", tinyText), ones(l+"layers.0.post_attention_layernorm.weight", tinyText),
		matrix(l+"layers.0.self_attn.q_proj.weight", 4096, tinyText), matrix(l+"layers.0.self_attn.k_proj.weight", 1024, tinyText),
		matrix(l+"layers.0.self_attn.v_proj.weight", 1024, tinyText), matrix(l+"layers.0.self_attn.o_proj.weight", tinyText, 4096),
		ones(l+"layers.0.self_attn.q_norm.weight", 128), ones(l+"layers.0.self_attn.k_norm.weight", 128),
		matrix(l+"layers.0.mlp.gate_proj.weight", 64, tinyText), matrix(l+"layers.0.mlp.up_proj.weight", 64, tinyText),
		matrix(l+"layers.0.mlp.down_proj.weight", tinyText, 64),
	)
}

// tinyDecoder lists the weights of a small autoencoder (TAEF2): from latents to pixels and back.
//
// Source: stable-diffusion.cpp src/tae.hpp, TinyEncoder and TinyDecoder.
func tinyDecoder() []weight {
	const channels, latents, blocks = 64, 32, 3
	var all []weight
	conv := func(name string, out, in, side int, bias bool) {
		all = append(all, weight{name + ".weight", []int{out, in, side, side}, in * side * side})
		if bias {
			all = append(all, weight{name + ".bias", []int{out}, 64})
		}
	}
	block := func(name string, pooled bool) {
		for _, i := range []string{"0", "2", "4"} {
			conv(name+".conv."+i, channels, channels, 3, true)
		}
		if pooled {
			conv(name+".pool.0", 4*channels, channels, 1, false)
			all = append(all, ones(name+".pool.1.weight", 4*channels), weight{name + ".pool.1.bias", []int{4 * channels}, 64})
			conv(name+".pool.3", channels, 4*channels, 1, false)
		}
	}
	at := func(part string, i int) string { return fmt.Sprintf("%s.layers.%d", part, i) }
	conv(at("decoder", 0), channels, latents, 3, true)
	for stage := range 3 { // blocks, a doubling without weights, a convolution
		first := 2 + stage*(blocks+2)
		for i := range blocks {
			block(at("decoder", first+i), stage == 0)
		}
		conv(at("decoder", first+blocks+1), channels, channels, 3, false)
	}
	block(at("decoder", 17), false)
	conv(at("decoder", 18), 3, channels, 3, true)
	conv(at("encoder", 0), channels, 3, 3, true)
	block(at("encoder", 1), false)
	for stage := range 3 {
		first := 2 + stage*(blocks+1)
		conv(at("encoder", first), channels, channels, 3, false)
		for i := range blocks {
			block(at("encoder", first+1+i), stage == 2)
		}
	}
	conv(at("encoder", 14), latents, channels, 3, true)
	return all
}

// WriteWeights writes a safetensors file of random 16-bit numbers for arrays of these shapes.
func WriteWeights(t testing.TB, path string, shapes map[string][]int) {
	t.Helper()
	var all []weight
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		all = append(all, weight{name, shapes[name], 1})
	}
	writeWeights(t, path, all)
}

// writeWeights writes a safetensors file of 16-bit numbers, the same ones each time.
func writeWeights(t testing.TB, path string, all []weight) {
	t.Helper()
	header, body := map[string]any{}, []byte{}
	random := rand.New(rand.NewPCG(1, 2))
	for _, w := range all {
		start, n := len(body), 1
		for _, side := range w.shape {
			n *= side
		}
		for range n {
			v := 1.0
			if w.fan > 0 {
				v = random.NormFloat64() / math.Sqrt(float64(w.fan))
			}
			body = binary.LittleEndian.AppendUint16(body, half(v))
		}
		header[w.name] = map[string]any{"dtype": "F16", "shape": w.shape, "data_offsets": []int{start, len(body)}}
	}
	said, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, strings.Repeat(" ", -len(said)&7)...)
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(said))), said...)
	if err := os.WriteFile(path, append(file, body...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// half writes a number between 2^-14 and 65504 in 16 bits, cut; smaller ones become 0.
func half(v float64) uint16 {
	bits := math.Float32bits(float32(v))
	sign, exponent, mantissa := uint16(bits>>16)&0x8000, int(bits>>23&0xff)-127+15, uint16(bits>>13&0x3ff)
	if exponent <= 0 {
		return sign
	}
	return sign | uint16(exponent)<<10 | mantissa
}
