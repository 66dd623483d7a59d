package augment

import "math"

// Affine maps output pixels to input pixels: the pixel at column x, row y shows what m has at
// (a[0]*(x+.5) + a[1]*(y+.5) + a[2], a[3]*(x+.5) + a[4]*(y+.5) + a[5]), where pixel centres lie at .5.
type Affine [6]float64

// Transform returns m seen through a, in the size of m. Outside m lies colour, a level for each channel. Values between
// pixels are interpolated in float64, edges repeated, results truncated: Pillow's arithmetic.
func Transform(m Image, a Affine, f Filter, colour []uint8) Image {
	out := fill(m.H, m.W, colour)
	for y := range m.H {
		yin := float64(y) + 0.5
		for x := range m.W {
			xin := float64(x) + 0.5
			sx := float64(float64(a[0]*xin)+float64(a[1]*yin)) + a[2]
			sy := float64(float64(a[3]*xin)+float64(a[4]*yin)) + a[5]
			if !(0 <= sx && sx < float64(m.W) && 0 <= sy && sy < float64(m.H)) {
				continue
			}
			dst := out.Pix[(y*m.W+x)*m.C : (y*m.W+x+1)*m.C]
			if f == Bicubic {
				cubicAt(dst, m, sx-0.5, sy-0.5)
			} else {
				linearAt(dst, m, sx-0.5, sy-0.5)
			}
		}
	}
	return out
}

func linearAt(dst []uint8, m Image, sx, sy float64) {
	fx, fy := math.Floor(sx), math.Floor(sy)
	dx, dy := sx-fx, sy-fy
	x0, x1 := inside(int(fx), m.W)*m.C, inside(int(fx)+1, m.W)*m.C
	top, low := m.row(inside(int(fy), m.H)), m.row(inside(int(fy)+1, m.H))
	for c := range dst {
		v := lerp(top[x0+c], top[x1+c], dx)
		w := lerp(low[x0+c], low[x1+c], dx)
		dst[c] = clip8(v + float64((w-v)*dy))
	}
}

func lerp(a, b uint8, d float64) float64 { return float64(a) + float64((float64(b)-float64(a))*d) }

func cubicAt(dst []uint8, m Image, sx, sy float64) {
	fx, fy := math.Floor(sx), math.Floor(sy)
	dx, dy := sx-fx, sy-fy
	var at [4]int
	var rows [4][]uint8
	for i := range 4 {
		at[i] = inside(int(fx)+i-1, m.W) * m.C
		rows[i] = m.row(inside(int(fy)+i-1, m.H))
	}
	for c := range dst {
		var v [4]float64
		for i, r := range rows {
			v[i] = cubicThrough(float64(r[at[0]+c]), float64(r[at[1]+c]), float64(r[at[2]+c]), float64(r[at[3]+c]), dx)
		}
		dst[c] = clip8(cubicThrough(v[0], v[1], v[2], v[3], dy))
	}
}

// cubicThrough is the cubic convolution with a = -1 of four neighbours at d behind the second. The conversions keep
// every product rounded, also where the machine could multiply and add in one.
func cubicThrough(v1, v2, v3, v4, d float64) float64 {
	p2 := -v1 + v3
	p3 := 2*(v1-v2) + v3 - v4
	p4 := -v1 + v2 - v3 + v4
	return v2 + float64(d*(p2+float64(d*(p3+float64(d*p4)))))
}

func inside(i, n int) int { return min(max(i, 0), n-1) }

// ShearX shifts row y left by factor*y (y at the pixel's centre).
func ShearX(m Image, factor float64, f Filter, colour []uint8) Image {
	return Transform(m, Affine{1, factor, 0, 0, 1, 0}, f, colour)
}

// ShearY shifts column x up by factor*x.
func ShearY(m Image, factor float64, f Filter, colour []uint8) Image {
	return Transform(m, Affine{1, 0, 0, factor, 1, 0}, f, colour)
}

// TranslateX shifts left by share of the width; the shift need not be a whole number of pixels.
func TranslateX(m Image, share float64, f Filter, colour []uint8) Image {
	return Transform(m, Affine{1, 0, float64(share * float64(m.W)), 0, 1, 0}, f, colour)
}

// TranslateY shifts up by share of the height.
func TranslateY(m Image, share float64, f Filter, colour []uint8) Image {
	return Transform(m, Affine{1, 0, 0, 0, 1, float64(share * float64(m.H))}, f, colour)
}

// Rotate turns m by degrees, counter-clockwise, about its middle; the size stays.
func Rotate(m Image, degrees float64, f Filter, colour []uint8) Image {
	turn := math.Mod(degrees, 360)
	if turn < 0 {
		turn += 360
	}
	if turn == 0 {
		return m
	}
	angle := -(turn * (math.Pi / 180))
	sin, cos := round15(math.Sin(angle)), round15(math.Cos(angle))
	cx, cy := float64(m.W)/2, float64(m.H)/2
	return Transform(m, Affine{
		cos, sin, float64(float64(cos*-cx)+float64(sin*-cy)) + cx,
		-sin, cos, float64(float64(-sin*-cx)+float64(cos*-cy)) + cy,
	}, f, colour)
}

// round15 rounds to 15 decimals, so that cos(90 degrees) is 0.
func round15(v float64) float64 { return math.Round(v*1e15) / 1e15 }
