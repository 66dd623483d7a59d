package augment

// Operations that blend the image with a duller version of itself: factor 0 gives the dull one, 1 the image, more than 1
// goes beyond it.

// blend returns dull + factor*(vivid-dull) in float32, truncated; levels are clamped.
func blend(dull, vivid uint8, factor float32) uint8 {
	d := float32(dull)
	return clip8(d + float32(factor*(float32(vivid)-d)))
}

// blendWith blends every level with the one of the same place in dull.
func blendWith(dull, m Image, factor float32) Image {
	if factor == 1 {
		return m
	}
	out := New(m.H, m.W, m.C)
	for i, v := range m.Pix {
		out.Pix[i] = blend(dull.Pix[i], v, factor)
	}
	return out
}

// blendFlat blends every level with one and the same level.
func blendFlat(dull uint8, m Image, factor float32) Image {
	if factor == 1 {
		return m
	}
	return mapLevels(m, makeTable(func(v int) int { return int(blend(dull, uint8(v), factor)) }))
}

// Brightness blends with black.
func Brightness(m Image, factor float64) Image { return blendFlat(0, m, float32(factor)) }

// Contrast blends with the mean of the grey image, rounded.
func Contrast(m Image, factor float64) Image {
	grey := Grey(m)
	sum := 0
	for _, v := range grey.Pix {
		sum += int(v)
	}
	mean := float64(sum) / float64(len(grey.Pix))
	return blendFlat(uint8(int(mean+0.5)), m, float32(factor))
}

// Color blends with the grey image: saturation. A grey image stays as it is.
func Color(m Image, factor float64) Image {
	if m.C == 1 || float32(factor) == 1 {
		return m
	}
	out := New(m.H, m.W, m.C)
	f := float32(factor)
	for i := 0; i < len(m.Pix); i += 3 {
		r, g, b := m.Pix[i], m.Pix[i+1], m.Pix[i+2]
		dull := luma(r, g, b)
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = blend(dull, r, f), blend(dull, g, f), blend(dull, b, f)
	}
	return out
}

// Sharpness blends with a smoothed image: the mean of 3 x 3 pixels in which the middle counts five times. The outermost
// rows and columns are not smoothed.
func Sharpness(m Image, factor float64) Image { return blendWith(smooth(m), m, float32(factor)) }

func smooth(m Image) Image {
	const side, middle = float32(1) / 13, float32(5) / 13
	out := New(m.H, m.W, m.C)
	copy(out.Pix, m.Pix)
	for y := 1; y < m.H-1; y++ {
		above, here, below, dst := m.row(y-1), m.row(y), m.row(y+1), out.row(y)
		for i := m.C; i < len(here)-m.C; i++ {
			l, r := i-m.C, i+m.C
			sum := float32(0.5)
			sum += weigh(below[l], below[i], below[r], side, side)
			sum += weigh(here[l], here[i], here[r], side, middle)
			sum += weigh(above[l], above[i], above[r], side, side)
			dst[i] = clip8(sum)
		}
	}
	return out
}

func weigh(a, b, c uint8, side, middle float32) float32 {
	return float32(float32(float32(a)*side)+float32(float32(b)*middle)) + float32(float32(c)*side)
}

// Grey returns the luma of each pixel (ITU-R 601-2, in 16 fractional bits, rounded) as an image of one channel.
func Grey(m Image) Image {
	if m.C == 1 {
		return m
	}
	out := New(m.H, m.W, 1)
	for i := range out.Pix {
		out.Pix[i] = luma(m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2])
	}
	return out
}

func luma(r, g, b uint8) uint8 {
	return uint8((int(r)*19595 + int(g)*38470 + int(b)*7471 + 0x8000) >> 16)
}

// RGB returns an image of three channels: m itself, or its one channel three times.
func RGB(m Image) Image {
	if m.C == 3 {
		return m
	}
	out := New(m.H, m.W, 3)
	for i, v := range m.Pix {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = v, v, v
	}
	return out
}
