package watermark

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestCRC takes the check value of the catalogue of parametrised CRC algorithms over six of its nine bytes, and its own for
// all of them in two steps.
func TestCRC(t *testing.T) {
	if got := crc(0x313233343536); got != 0x2ef4 { // "123456"
		t.Errorf("%#x", got)
	}
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Uint64Range(0, MaxID).Draw(t, "id")
		soft := encode(id)
		for range rapid.IntRange(0, 8).Draw(t, "flips") { // spread over the message: the code mends them
			soft[rapid.IntRange(0, 9).Draw(t, "at")*14] *= -1
		}
		if got, ok := decode(&soft); got != id || !ok {
			t.Fatalf("%x, %t instead of %x", got, ok, id)
		}
	})
}

func TestNoiseIsNoNumber(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	hits := 0
	for range 2000 {
		var soft [symbols]float64
		for i := range soft {
			soft[i] = dice.NormFloat64()
		}
		if _, ok := decode(&soft); ok {
			hits++
		}
	}
	if hits > 2 { // one in 65,536 is expected
		t.Errorf("%d of 2000", hits)
	}
}

func TestMuchNoiseIsMended(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	right := 0
	for range 200 {
		id := dice.Uint64() & MaxID
		soft := encode(id)
		for i := range soft {
			soft[i] += 0.8 * dice.NormFloat64() // a tenth of the symbols has the wrong sign
		}
		if got, ok := decode(&soft); ok && got == id {
			right++
		}
	}
	if right < 190 {
		t.Errorf("%d of 200", right)
	}
}
