package diffusion

// mt19937 is the Mersenne Twister of torch's CPU generator.
//
// Source: Matsumoto & Nishimura 1998, "Mersenne Twister"; seeding as in their 2002 revision, which torch uses.
type mt19937 struct {
	state [mtN]uint32
	next  int
}

const (
	mtN = 624
	mtM = 397
)

func newMT19937(seed uint32) *mt19937 {
	m := &mt19937{next: mtN}
	m.state[0] = seed
	for i := 1; i < mtN; i++ {
		prev := m.state[i-1]
		m.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	return m
}

// uint32 draws 32 uniform bits.
func (m *mt19937) uint32() uint32 {
	if m.next == mtN {
		m.twist()
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// uint64 draws two words, the first one on top, as torch does.
func (m *mt19937) uint64() uint64 {
	high := uint64(m.uint32())
	return high<<32 | uint64(m.uint32())
}

func (m *mt19937) twist() {
	for k := range m.state {
		y := m.state[k]&0x80000000 | m.state[(k+1)%mtN]&0x7fffffff
		v := m.state[(k+mtM)%mtN] ^ y>>1
		if y&1 != 0 {
			v ^= 0x9908b0df
		}
		m.state[k] = v
	}
	m.next = 0
}
