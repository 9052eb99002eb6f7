package model_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"presswerk/internal/art"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
)

// network writes a .param text around layers. The second line holds counts that nobody reads.
func network(layers ...string) []byte {
	return []byte("7767517\n0 0\nInput in 0 1 x\n" + strings.Join(layers, "\n") + "\n")
}

func floats(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// full are convolution weights kept as 32-bit numbers: a tag of zero comes before them.
func full(values ...float32) []byte { return append(make([]byte, 4), floats(values...)...) }

// sums makes c0+c1, 2·c1 and −c2 of three channels.
var sums = full(1, 1, 0, 0, 2, 0, 0, 0, -1)

// conv is a 1×1 convolution of three channels into three.
const conv = "Convolution c 1 1 x y 0=3 1=1 6=9"

// Every wanted number was worked out by hand from ncnn's operators.md, over the input
// c0 = [1 −2], c1 = [3 4], c2 = [−5 6], one row of two pixels.
func TestAConvertedNetworkCalculatesTheSame(t *testing.T) {
	// Half-precision numbers by their bits: 1, −2, 0.5, and the least one, 2⁻²⁴.
	halves := []byte{0x47, 0x6b, 0x30, 0x01}
	for _, h := range []uint16{0x3c00, 0, 0, 0, 0xc000, 0, 0, 0, 0x3800, 0} { // nine and one of padding
		halves = binary.LittleEndian.AppendUint16(halves, h)
	}
	twelve := make([]float32, 36) // channel k is k·c0
	for k := range 12 {
		twelve[3*k] = float32(k)
	}
	right := make([]float32, 81) // channel 0 is its pixel and ten times the one to the right of it
	right[4], right[5] = 1, 10
	double := make([]float32, 18) // channel k is c_k + 10·c_(k+3)
	for k := range 3 {
		double[6*k+k], double[6*k+k+3] = 1, 10
	}
	for name, c := range map[string]struct {
		param []byte
		bin   []byte
		want  []float32
	}{
		"convolution":           {network(conv), sums, []float32{4, 2, 6, 8, 5, -6}},
		"with a bias":           {network(conv + " 5=1"), slices.Concat(sums, floats(1, 0, -1)), []float32{5, 3, 6, 8, 4, -7}},
		"with a ReLU":           {network(conv + " 9=1"), sums, []float32{4, 2, 6, 8, 5, 0}},
		"with a leaky ReLU":     {network(conv + " 9=2 -23310=1,0.5"), sums, []float32{4, 2, 6, 8, 5, -3}},
		"usual values said":     {network(conv + " 2=1 3=1 4=0 18=0"), sums, []float32{4, 2, 6, 8, 5, -6}},
		"half precision":        {network(conv + " 5=1"), slices.Concat(halves, floats(0, 0, 1)), []float32{1, -2, -6, -8, -1.5, 4}},
		"padding":               {network("Convolution c 1 1 x y 0=3 1=3 4=1 6=81"), full(right...), []float32{-19, -2, 0, 0, 0, 0}},
		"stride":                {network("Convolution c 1 1 x y 0=3 1=3 3=2 4=1 6=81"), full(right...), []float32{-19, 0, 0}},
		"PReLU":                 {network("PReLU p 1 1 x y 0=3"), floats(0.5, 1, 2), []float32{1, -1, 3, 4, -10, 6}},
		"split and concat":      {network("Split s 1 2 x a b", "Concat j 2 1 a b d", "Convolution c 1 1 d y 0=3 1=1 6=18"), full(double...), []float32{11, -22, 33, 44, -55, 66}},
		"a sum":                 {network("Split s 1 2 x a b", "Eltwise e 2 1 a b y 0=1"), nil, []float32{2, -4, 6, 8, -10, 12}},
		"a sum with factors":    {network("Split s 1 2 x a b", "Eltwise e 2 1 a b y 0=1 -23301=2,0.5,1.0"), nil, []float32{1.5, -3, 4.5, 6, -7.5, 9}},
		"addition":              {network("BinaryOp a 2 1 x x y 0=0"), nil, []float32{2, -4, 6, 8, -10, 12}},
		"nearest":               {network("Interp i 1 1 x y 0=1 1=1.0 2=2.0"), nil, []float32{1, 1, -2, -2, 3, 3, 4, 4, -5, -5, 6, 6}},
		"linear":                {network("Interp i 1 1 x y 0=2 1=1.0 2=2.0"), nil, []float32{1, .25, -1.25, -2, 3, 3.25, 3.75, 4, -5, -2.25, 3.25, 6}},
		"one name for layers":   {network(conv, "Convolution c 1 1 y z 0=3 1=1 6=9"), slices.Concat(sums, full(1, 0, 0, 0, 0, 0, 0, 0, 0)), []float32{4, 2, 0, 0, 0, 0}},
		"names like our own":    {network(conv+" 9=1", "PReLU y_pre 1 1 y y_pre 0=3"), slices.Concat(sums, floats(1, 1, 1)), []float32{4, 2, 6, 8, 5, 0}},
		"lines of Windows":      {[]byte(strings.ReplaceAll(string(network(conv)), "\n", "\r\n")), sums, []float32{4, 2, 6, 8, 5, -6}},
		"channels into pixels":  {network("Convolution c 1 1 x d 0=12 1=1 6=36", "PixelShuffle p 1 1 d y 0=2"), full(twelve...), []float32{0, 1, 0, -2, 2, 3, -4, -6, 4, 5, -8, -10, 6, 7, -12, -14, 8, 9, -16, -18, 10, 11, -20, -22}},
		"the least half number": {network(conv), append([]byte{0x47, 0x6b, 0x30, 0x01, 1, 0}, make([]byte, 18)...), []float32{1.0 / (1 << 24), -2.0 / (1 << 24), 0, 0, 0, 0}},
		// Keys' cubic with a = −0.75: weights −0.10546875, 0.87890625, 0.26171875, −0.03515625 at a quarter.
		"cubic": {network("Split s 1 2 x a b", "Interp i 1 1 a y 0=3 1=1.0 2=2.0"), nil, []float32{
			1.31640625, .3203125, -1.3203125, -2.31640625, 2.89453125, 3.2265625, 3.7734375, 4.10546875, -6.16015625, -2.5078125, 3.5078125, 7.16015625,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := calculate(t, c.param, c.bin); !closeTo(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func closeTo(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 && (a != 0) == (b != 0) })
}

// calculate converts a network and runs it over the input of the hand-worked numbers.
func calculate(t *testing.T, param, bin []byte) []float32 {
	t.Helper()
	data, err := model.ConvertNCNN(param, bin)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "n.onnx")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	runtime, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.Close()
	session, err := runtime.Load(path, onnx.Options{IntraOpThreads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	out, err := session.Run(context.Background(), map[string]onnx.Tensor{"x": onnx.Float32([]float32{1, -2, 3, 4, -5, 6}, 1, 3, 1, 2)})
	if err != nil {
		t.Fatal(err)
	}
	return out[session.Outputs()[0].Name].F32
}

func TestBadNetworksAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		param []byte
		bin   []byte
		want  error
		says  string
	}{
		"nothing":              {nil, nil, art.ErrInvalid, "no ncnn"},
		"another file":         {[]byte("<html>\n\n</html>"), nil, art.ErrInvalid, "no ncnn"},
		"no layers":            {[]byte("7767517\n0 0\n"), nil, art.ErrInvalid, "no input"},
		"only an input":        {network(), nil, art.ErrInvalid, "no output"},
		"half a line":          {network("Convolution c"), nil, art.ErrInvalid, "line 4"},
		"counts that lie":      {network("Concat c 9 1 x y"), nil, art.ErrInvalid, "no layer"},
		"counts below zero":    {network("Concat c -1 1 x y"), nil, art.ErrInvalid, "no layer"},
		"counts that overflow": {network("Concat c 9223372036854775807 9223372036854775807 x y"), nil, art.ErrInvalid, "no layer"},
		"no parameter":         {network(conv + " seven"), sums, art.ErrInvalid, "no layer"},
		"an unknown layer":     {network("Softmax s 1 1 x y"), nil, art.ErrUnsupported, "Softmax"},
		"too many inputs":      {network("Convolution c 2 1 x x y 0=3 1=1 6=9"), sums, art.ErrInvalid, "2 inputs"},
		"no outputs":           {network("PReLU p 1 0 x 0=3"), floats(1, 1, 1), art.ErrInvalid, "0 outputs"},
		"from nowhere":         {network("PReLU p 1 1 nowhere y 0=3"), floats(1, 1, 1), art.ErrInvalid, `"nowhere"`},
		"from itself":          {network("PReLU p 1 1 y y 0=3"), floats(1, 1, 1), art.ErrInvalid, "before anything made it"},
		"made twice":           {network("BinaryOp a 2 1 x x x"), nil, art.ErrInvalid, "made twice"},
		"made twice at once":   {network("Split s 1 2 x a a"), nil, art.ErrInvalid, "made twice"},
		"two inputs":           {network("Input i 0 1 z"), nil, art.ErrUnsupported, "second input"},
		"missing weights":      {network(conv), sums[:39], art.ErrInvalid, "too early"},
		"missing tag":          {network(conv), nil, art.ErrInvalid, "too early"},
		"weights left over":    {network(conv), append(slices.Clone(sums), 0), art.ErrInvalid, "1 bytes"},
		"weights of int8":      {network(conv), append([]byte{0x47, 0x38, 0x0d, 0x00}, sums...), art.ErrUnsupported, "0xd3847"},
		"sizes apart":          {network("Convolution c 1 1 x y 0=2 1=1 6=9"), sums, art.ErrInvalid, "fit together"},
		"absurd sizes":         {network("Convolution c 1 1 x y 0=1 1=1 6=268435456"), sums, art.ErrInvalid, "too early"},
		"more absurd sizes":    {network("Convolution c 1 1 x y 0=1 1=1 6=9223372036854775807"), sums, art.ErrInvalid, "parameter 6"},
		"an absurd kernel":     {network("Convolution c 1 1 x y 0=1 1=3037000500 6=9"), sums, art.ErrInvalid, "parameter 1"},
		"no slopes":            {network("PReLU p 1 1 x y"), nil, art.ErrInvalid, "no slopes"},
		"an activation":        {network(conv + " 9=5"), sums, art.ErrUnsupported, "activation 5"},
		"leaky without slope":  {network(conv + " 9=2"), sums, art.ErrInvalid, "slope"},
		"a bad slope":          {network(conv + " 9=2 -23310=1,steep"), sums, art.ErrInvalid, "steep"},
		"a product":            {network("Eltwise e 2 1 x x y 0=0"), nil, art.ErrUnsupported, "operation 0"},
		"factors apart":        {network("Eltwise e 2 1 x x y 0=1 -23301=1,2"), nil, art.ErrInvalid, "1 factors"},
		"a difference":         {network("BinaryOp a 2 1 x x y 0=1"), nil, art.ErrUnsupported, "operation"},
		"an interpolation":     {network("Interp i 1 1 x y 0=9 1=2 2=2"), nil, art.ErrUnsupported, "interpolation 9"},
		"a scale of nothing":   {network("Interp i 1 1 x y 0=1 1=0 2=2"), nil, art.ErrInvalid, "scale"},
		"a scale of NaN":       {network("Interp i 1 1 x y 0=1 1=NaN 2=2"), nil, art.ErrInvalid, "scale"},
		"an absurd scale":      {network("Interp i 1 1 x y 0=1 1=1e9 2=2"), nil, art.ErrInvalid, "scale"},
		"an absurd shuffle":    {network("PixelShuffle p 1 1 x y 0=4096"), nil, art.ErrInvalid, "4096"},
		// What is not read would change the result.
		"dilation":             {network(conv + " 2=2"), sums, art.ErrUnsupported, "parameter 2"},
		"a kernel of 1×3":      {network(conv + " 11=3"), sums, art.ErrUnsupported, "parameter 11"},
		"another axis":         {network("Concat j 2 1 x x y 0=1"), nil, art.ErrUnsupported, "parameter 0"},
		"another shuffle":      {network("PixelShuffle p 1 1 x y 0=1 1=1"), nil, art.ErrUnsupported, "parameter 1"},
		"aligned corners":      {network("Interp i 1 1 x y 0=2 1=2 2=2 6=1"), nil, art.ErrUnsupported, "parameter 6"},
		"a name without end":   {network("Split s 1 1 x " + strings.Repeat("n", 300)), nil, art.ErrInvalid, "no layer"},
		"a text without end":   {append(network(), make([]byte, 1<<20)...), nil, art.ErrInvalid, "too many"},
		"a line without end":   {network("Softmax"+strings.Repeat("x", 1<<16), "y"), nil, art.ErrInvalid, "no layer"},
		"a layer without end":  {network(strings.Repeat("S", 1<<16) + " s 1 1 x y"), nil, art.ErrUnsupported, "not known"},
		"a number without end": {network("PReLU p 1 1 x y 0=" + strings.Repeat("9", 1<<16)), nil, art.ErrInvalid, "parameter 0"},
	} {
		_, err := model.ConvertNCNN(c.param, c.bin)
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %.300s, want %v that says %q", name, fmt.Sprint(err), c.want, c.says)
		}
		if n := len(fmt.Sprint(err)); n > 1000 {
			t.Errorf("%s: the message has %d bytes", name, n)
		}
	}
}

// The upscalers that make setup brings: their files are turned into networks of three channels in and out.
func TestTheShippedNetworksConvert(t *testing.T) {
	for _, name := range []string{"realesr-animevideov3-x4", "realesrgan-x4plus-anime"} {
		base := strings.TrimSuffix(testkit.Native(t, "models/realesrgan/"+name+".param"), ".param")
		param, err := os.ReadFile(base + ".param")
		if err != nil {
			t.Fatal(err)
		}
		bin, err := os.ReadFile(base + ".bin")
		if err != nil {
			t.Fatal(err)
		}
		if data, err := model.ConvertNCNN(param, bin); err != nil || !wellFormed(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// wellFormed tells whether protobuf can be read from end to end.
func wellFormed(b []byte) bool {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// Strangers' bytes never panic, never cost much more memory than they have bytes, and every no has a kind.
func FuzzConvertNCNN(f *testing.F) {
	f.Add(network(conv+" 5=1 9=2 -23310=1,0.5"), slices.Concat(sums, floats(1, 0, -1)))
	f.Add(network("Split s 1 2 x a b", "Eltwise e 2 1 a b y 0=1 -23301=2,0.5,1.0", "PReLU p 1 1 y z 0=3"), floats(1, 1, 1))
	f.Add(network("Interp i 1 1 x y 0=3 1=2.0 2=2.0", "PixelShuffle p 1 1 y z 0=2", "Concat c 2 1 x x w", "BinaryOp a 2 1 z w v"), []byte{})
	f.Add(network("Convolution c 1 1 x y 0=1 1=1 6=1"), []byte{0x47, 0x6b, 0x30, 0x01, 0, 0x3c, 0, 0})
	f.Fuzz(func(t *testing.T, param, bin []byte) {
		data, err := model.ConvertNCNN(param, bin)
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) {
				t.Errorf("%v is neither invalid nor unsupported", err)
			}
			return
		}
		// A name of 255 bytes may be written for each two bytes of text, and half numbers grow to whole ones.
		if limit := 4096 + 512*len(param) + 2*len(bin); len(data) > limit {
			t.Errorf("%d + %d bytes became %d", len(param), len(bin), len(data))
		}
		if !wellFormed(data) {
			t.Error("what was written cannot be read")
		}
	})
}
