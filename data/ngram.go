package data

// order holds what followed each history of k bytes, k at most 3. A gram is k+1 bytes in one number, the last byte
// lowest; a history is a gram without its last byte.
type order struct {
	k         int
	grams     tally // n(h,c)
	histories tally // n(h), and d(h) in distinct
}

func newOrder(k int, text []byte) order {
	o := order{k: k, grams: newTally(1 << 12), histories: newTally(1 << 10)}
	var gram uint32
	for i, c := range text {
		gram = gram<<8 | uint32(c)
		if i >= k {
			o.grams.at(gram&o.mask()).count++
		}
	}
	for _, s := range o.grams.slots {
		if s.count > 0 {
			h := o.histories.at(s.key >> 8)
			h.count += s.count
			h.distinct++
		}
	}
	return o
}

func (o *order) mask() uint32 { return uint32(1)<<(8*o.k)<<8 - 1 }

// interpolate returns p[k] for the gram, given p[k-1]: the formula of Baselines.
func (o *order) interpolate(gram uint32, lower float64) float64 {
	gram &= o.mask()
	h := o.histories.find(gram >> 8)
	if h.count == 0 {
		return lower
	}
	n, d := float64(h.count), float64(h.distinct)
	return (float64(o.grams.find(gram).count) + d*lower) / (n + d)
}

// tally is a hash table from numbers to counts with linear probing; a slot is free while its count is 0. Go's map would
// do the same in four times the time, and counting 15 million grams is what the baselines spend theirs on.
type tally struct {
	slots []slot // a power of two
	used  int
	shift uint
}

type slot struct{ key, count, distinct uint32 }

func newTally(size int) tally {
	t := tally{slots: make([]slot, size), shift: 64}
	for n := size; n > 1; n >>= 1 {
		t.shift--
	}
	return t
}

func (t *tally) index(key uint32) int {
	i := int(uint64(key) * 0x9E3779B97F4A7C15 >> t.shift) // multiples of the golden ratio spread evenly
	for t.slots[i].count > 0 && t.slots[i].key != key {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

// find returns the slot of a key, or an empty one.
func (t *tally) find(key uint32) slot { return t.slots[t.index(key)] }

// at returns the slot of a key to be counted up, and makes room before the table is more than half full.
func (t *tally) at(key uint32) *slot {
	s := &t.slots[t.index(key)]
	if s.count > 0 {
		return s
	}
	if t.used++; 2*t.used > len(t.slots) {
		larger := newTally(4 * len(t.slots))
		larger.used = t.used
		for _, old := range t.slots {
			if old.count > 0 {
				larger.slots[larger.index(old.key)] = old
			}
		}
		*t = larger
		s = &t.slots[t.index(key)]
	}
	s.key = key
	return s
}
