package watermark

import "math"

// Sizes of the message, in bits.
const (
	idBits   = 48
	crcBits  = 16
	tailBits = 6 // zeros that bring the encoder back to where it began
	symbols  = 2 * (idBits + crcBits + tailBits)
)

// MaxID is the largest number that fits.
const MaxID = 1<<idBits - 1

// The generators of the convolutional code in octal, 171 and 133: the usual ones of constraint length 7.
//
// Source: Odenwalder 1970; CCSDS 131.0-B.
const (
	generatorA = 0o171
	generatorB = 0o133
	states     = 1 << tailBits
)

// crc is CRC-16/CCITT-FALSE of the number's six bytes.
func crc(id uint64) uint16 {
	sum := uint16(0xffff)
	for i := idBits - 8; i >= 0; i -= 8 {
		sum ^= uint16(byte(id>>i)) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// message is the number with its check, the highest bit first.
func message(id uint64) [idBits + crcBits]byte {
	var bits [idBits + crcBits]byte
	whole := id<<crcBits | uint64(crc(id))
	for i := range bits {
		bits[i] = byte(whole >> (len(bits) - 1 - i) & 1)
	}
	return bits
}

// encode gives the symbols of a number, each −1 or 1.
func encode(id uint64) [symbols]float64 {
	var out [symbols]float64
	register := 0
	bits := message(id)
	for i, b := range append(bits[:], make([]byte, tailBits)...) {
		bit := int(b)
		register = register>>1 | bit<<tailBits
		out[2*i], out[2*i+1] = sign(register&generatorA), sign(register&generatorB)
	}
	return out
}

// sign is 1 for an odd number of ones, else −1.
func sign(v int) float64 {
	ones := 0
	for ; v != 0; v &= v - 1 {
		ones++
	}
	return float64(2*(ones%2) - 1)
}

// decode finds the number whose symbols agree best with soft ones, and whether its check holds.
func decode(soft *[symbols]float64) (id uint64, ok bool) {
	const n = symbols / 2
	var from [n][states]byte // the lowest bit that was shifted out on the best way here
	score := [states]float64{}
	for s := 1; s < states; s++ {
		score[s] = math.Inf(-1)
	}
	for i := range n {
		next := [states]float64{}
		for s := range next {
			next[s] = math.Inf(-1)
		}
		for s, v := range score {
			if math.IsInf(v, -1) {
				continue
			}
			for bit := range 2 {
				if bit == 1 && i >= idBits+crcBits {
					break // the tail is zeros
				}
				register := s | bit<<tailBits
				to := register >> 1
				w := v + soft[2*i]*sign(register&generatorA) + soft[2*i+1]*sign(register&generatorB)
				if w > next[to] {
					next[to], from[i][to] = w, byte(s&1)
				}
			}
		}
		score = next
	}
	state := 0
	var whole uint64
	for i := n - 1; i >= 0; i-- {
		if i < idBits+crcBits {
			whole |= uint64(state>>(tailBits-1)) << (idBits + crcBits - 1 - i)
		}
		state = state<<1&(states-1) | int(from[i][state])
	}
	id = whole >> crcBits
	return id, uint16(whole) == crc(id)
}
