package augment

import "math"

// Filter is the kernel by which an image is resampled.
type Filter string

const (
	Bilinear Filter = "bilinear" // triangle of radius 1
	Bicubic  Filter = "bicubic"  // cubic convolution of radius 2, a = -0.5 when resizing, a = -1 under an affine map
)

// Resize returns m at h x w. When it shrinks, the kernel is widened by the same factor (antialiasing). Columns first,
// then rows, each pass rounded to 8 bits; weights are integers of 22 fractional bits: Pillow's arithmetic, level by level.
func Resize(m Image, h, w int, f Filter) Image {
	if w != m.W {
		m = resizeColumns(m, w, weightsFor(m.W, w, f))
	}
	if h != m.H {
		m = resizeRows(m, h, weightsFor(m.H, h, f))
	}
	return m
}

// ResizeShorter resizes m so that its shorter side becomes size and the longer one keeps the ratio, rounded down.
func ResizeShorter(m Image, size int, f Filter) Image {
	if m.W <= m.H {
		return Resize(m, int(float64(size*m.H)/float64(m.W)), size, f)
	}
	return Resize(m, size, int(float64(size*m.W)/float64(m.H)), f)
}

const (
	weightBits = 22
	weightHalf = 1 << (weightBits - 1)
)

// tap is what one output pixel reads: weights k for the input pixels from first on.
type tap struct {
	first int
	k     []int32
}

// weightsFor returns a tap for each of the out output pixels of a line of in input pixels.
func weightsFor(in, out int, f Filter) []tap {
	kernel, radius := triangle, 1.0
	if f == Bicubic {
		kernel, radius = cubic, 2.0
	}
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := radius * stretch
	room := int(math.Ceil(support))*2 + 1
	taps, ints, exact := make([]tap, out), make([]int32, out*room), make([]float64, room)
	for i := range taps {
		mid := float64((float64(i) + 0.5) * scale)
		first := max(int(mid-support+0.5), 0)
		n := min(int(mid+support+0.5), in) - first
		sum := 0.0
		for j := range n {
			exact[j] = kernel((float64(first+j) - mid + 0.5) * (1 / stretch))
			sum += exact[j]
		}
		k := ints[i*room : i*room+n]
		for j := range k {
			v := exact[j]
			if sum != 0 {
				v /= sum
			}
			k[j] = int32(float64(v*(1<<weightBits)) + math.Copysign(0.5, v))
		}
		taps[i] = tap{first, k}
	}
	return taps
}

func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

// cubic is cubic convolution with a = -0.5 (Catmull-Rom).
func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func resizeColumns(m Image, w int, taps []tap) Image {
	out := New(m.H, w, m.C)
	for y := range m.H {
		src, dst := m.row(y), out.row(y)
		if m.C == 3 {
			columns3(dst, src, taps)
		} else {
			columns1(dst, src, taps)
		}
	}
	return out
}

func columns1(dst, src []uint8, taps []tap) {
	for x, t := range taps {
		sum := int32(weightHalf)
		for j, k := range t.k {
			sum += int32(src[t.first+j]) * k
		}
		dst[x] = level(sum)
	}
}

func columns3(dst, src []uint8, taps []tap) {
	for x, t := range taps {
		r, g, b := int32(weightHalf), int32(weightHalf), int32(weightHalf)
		s := src[3*t.first : 3*(t.first+len(t.k))]
		for _, k := range t.k {
			r += int32(s[0]) * k
			g += int32(s[1]) * k
			b += int32(s[2]) * k
			s = s[3:]
		}
		dst[3*x], dst[3*x+1], dst[3*x+2] = level(r), level(g), level(b)
	}
}

func resizeRows(m Image, h int, taps []tap) Image {
	out := New(h, m.W, m.C)
	sums := make([]int32, m.W*m.C)
	for y, t := range taps {
		for i := range sums {
			sums[i] = weightHalf
		}
		for j, k := range t.k {
			for i, v := range m.row(t.first + j) {
				sums[i] += int32(v) * k
			}
		}
		dst := out.row(y)
		for i, s := range sums {
			dst[i] = level(s)
		}
	}
	return out
}

// level turns a sum of 22 fractional bits into 0..255.
func level(sum int32) uint8 { return uint8(min(max(sum>>weightBits, 0), 255)) }
