package augment

// Operations that map each level by a table: 256 entries, one table for all channels or one for each.

type table [256]uint8

// mapLevels applies tables[c] to channel c, or tables[0] to all when there is only one.
func mapLevels(m Image, tables ...table) Image {
	out := New(m.H, m.W, m.C)
	if len(tables) == 1 {
		for i, v := range m.Pix {
			out.Pix[i] = tables[0][v]
		}
		return out
	}
	for c := range m.C {
		for i := c; i < len(m.Pix); i += m.C {
			out.Pix[i] = tables[c][m.Pix[i]]
		}
	}
	return out
}

// histogram counts the levels of channel c.
func histogram(m Image, c int) (count [256]int) {
	for i := c; i < len(m.Pix); i += m.C {
		count[m.Pix[i]]++
	}
	return count
}

// perChannel applies to each channel the table that f makes from its histogram.
func perChannel(m Image, f func(count [256]int) table) Image {
	tables := make([]table, m.C)
	for c := range tables {
		tables[c] = f(histogram(m, c))
	}
	return mapLevels(m, tables...)
}

// Invert turns level v into 255-v.
func Invert(m Image) Image {
	return mapLevels(m, makeTable(func(v int) int { return 255 - v }))
}

// Posterize keeps the highest bits of each level, 0 to 8. With 0 bits the picture is black: RandAugment comes to that in
// one of fifty posterizations.
func Posterize(m Image, bits int) Image {
	if bits >= 8 {
		return m
	}
	mask := ^(1<<(8-bits) - 1)
	return mapLevels(m, makeTable(func(v int) int { return v & mask }))
}

// Solarize inverts the levels from threshold on; 256 leaves the image as it is.
func Solarize(m Image, threshold int) Image {
	return mapLevels(m, makeTable(func(v int) int {
		if v < threshold {
			return v
		}
		return 255 - v
	}))
}

// SolarizeAdd adds to the levels below 128, up to 255.
func SolarizeAdd(m Image, add int) Image {
	return mapLevels(m, makeTable(func(v int) int {
		if v < 128 {
			return min(v+add, 255)
		}
		return v
	}))
}

func makeTable(f func(v int) int) (t table) {
	for v := range t {
		t[v] = uint8(f(v))
	}
	return t
}

// AutoContrast stretches each channel so that its lowest level becomes 0 and its highest 255. A channel of one level
// stays as it is.
func AutoContrast(m Image) Image {
	return perChannel(m, func(count [256]int) table {
		lo, hi := 0, 255
		for lo < 255 && count[lo] == 0 {
			lo++
		}
		for hi > 0 && count[hi] == 0 {
			hi--
		}
		if hi <= lo {
			return makeTable(func(v int) int { return v })
		}
		scale := 255 / float64(hi-lo)
		offset := float64(-float64(lo) * scale)
		return makeTable(func(v int) int { return min(max(int(float64(float64(v)*scale)+offset), 0), 255) })
	})
}

// Equalize maps each channel so that its levels become about equally frequent: level v becomes the number of pixels
// below it (plus half a step) divided by the step, which is 1/255 of the pixels that are not of the highest level. A
// channel of one level, or of fewer than 255 such pixels, stays as it is.
func Equalize(m Image) Image {
	return perChannel(m, func(count [256]int) table {
		total, highest, used := 0, 0, 0
		for _, n := range count {
			if n > 0 {
				total, highest, used = total+n, n, used+1
			}
		}
		step := (total - highest) / 255
		if used <= 1 || step == 0 {
			return makeTable(func(v int) int { return v })
		}
		sum := step / 2
		return makeTable(func(v int) int {
			t := min(sum/step, 255)
			sum += count[v]
			return t
		})
	})
}
