package augment

import "math"

// Rect is a part of an image: H rows from Top on, W columns from Left on.
type Rect struct{ Top, Left, H, W int }

// Crop returns the part r of m. What r has outside m is black, as in Pillow.
func Crop(m Image, r Rect) Image {
	if r == (Rect{0, 0, m.H, m.W}) {
		return m
	}
	out := New(r.H, r.W, m.C)
	left, right := max(r.Left, 0), min(r.Left+r.W, m.W)
	if left >= right {
		return out
	}
	for y := max(r.Top, 0); y < min(r.Top+r.H, m.H); y++ {
		copy(out.row(y - r.Top)[(left-r.Left)*m.C:], m.row(y)[left*m.C:right*m.C])
	}
	return out
}

// CenterCrop returns the middle size x size pixels. A side that is shorter than size is first padded with black on both
// ends (one more at the far end when the difference is odd); an odd margin is split by rounding half to even: torchvision.
func CenterCrop(m Image, size int) Image {
	top, left := centre(m.H, size), centre(m.W, size)
	return Crop(m, Rect{top, left, size, size})
}

func centre(have, want int) int {
	if have < want {
		return -((want - have) / 2)
	}
	return int(math.RoundToEven(float64(have-want) / 2))
}

// FlipH mirrors left and right.
func FlipH(m Image) Image {
	out := New(m.H, m.W, m.C)
	for y := range m.H {
		src, dst := m.row(y), out.row(y)
		for x := range m.W {
			copy(dst[(m.W-1-x)*m.C:(m.W-x)*m.C], src[x*m.C:])
		}
	}
	return out
}

// RandomResizedCrop chooses a part of between Scale[0] and Scale[1] of the area, with a ratio of width to height between
// Ratio[0] and Ratio[1]; the pipeline resizes it to a square.
type RandomResizedCrop struct {
	Scale [2]float64 `json:"scale" yaml:"scale"`
	Ratio [2]float64 `json:"ratio" yaml:"ratio"`
}

// Choose draws the part for an image of h x w. Up to ten times: area uniform, logarithm of the ratio uniform, sides
// rounded, and if they fit, the place uniform. After ten misses: the largest middle part whose ratio is allowed.
// Source: timm RandomResizedCropAndInterpolation.get_params.
func (c RandomResizedCrop) Choose(h, w int, d Draws) Rect {
	area := float64(w * h)
	for range 10 {
		target := uniform(d, c.Scale[0], c.Scale[1]) * area
		ratio := math.Exp(uniform(d, math.Log(c.Ratio[0]), math.Log(c.Ratio[1])))
		cw := int(math.RoundToEven(math.Sqrt(target * ratio)))
		ch := int(math.RoundToEven(math.Sqrt(target / ratio)))
		if 0 < cw && cw <= w && 0 < ch && ch <= h {
			top := d.IntN(h - ch + 1)
			left := d.IntN(w - cw + 1)
			return Rect{top, left, ch, cw}
		}
	}
	ch, cw := h, w
	switch ratio := float64(w) / float64(h); {
	case ratio < c.Ratio[0]:
		ch = int(math.RoundToEven(float64(w) / c.Ratio[0]))
	case ratio > c.Ratio[1]:
		cw = int(math.RoundToEven(float64(h) * c.Ratio[1]))
	}
	return Rect{(h - ch) / 2, (w - cw) / 2, ch, cw}
}

// choosePadded draws a part of size x size from an image of h x w that has pad more pixels on each side. An image that
// is smaller than size even so is taken from its first row or column on, and the rest is black.
func choosePadded(h, w, size, pad int, d Draws) Rect {
	top := d.IntN(max(h+2*pad-size, 0)+1) - pad
	left := d.IntN(max(w+2*pad-size, 0)+1) - pad
	return Rect{top, left, size, size}
}
