package augment

import "math"

// Hue turns the colour circle by shift, -0.5 to 0.5 of it. A grey image stays as it is. Hue, saturation and value are 8-bit
// in between, as Pillow's HSV images are, so that even a shift of 0 moves levels a little; the shift is truncated to 1/255.
func Hue(m Image, shift float64) Image {
	if m.C == 1 {
		return m
	}
	out := New(m.H, m.W, m.C)
	turn := uint8(int32(shift * 255))
	for i := 0; i < len(m.Pix); i += 3 {
		h, s, v := hsv(m.Pix[i], m.Pix[i+1], m.Pix[i+2])
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = rgb(h+turn, s, v)
	}
	return out
}

// hsv returns hue (255 is the full circle), saturation and value, truncated to levels. Quotients are float32.
func hsv(r, g, b uint8) (h, s, v uint8) {
	hi, lo := max(r, g, b), min(r, g, b)
	if hi == lo {
		return 0, 0, hi
	}
	spread := float32(hi - lo)
	rc, gc, bc := float32(hi-r)/spread, float32(hi-g)/spread, float32(hi-b)/spread
	var sixths float32
	switch hi {
	case r:
		sixths = bc - gc
	case g:
		sixths = float32(2 + float64(rc) - float64(bc))
	default:
		sixths = float32(4 + float64(gc) - float64(rc))
	}
	circle := float32(math.Mod(float64(sixths)/6+1, 1))
	return clip8(float64(circle) * 255), clip8(float64(spread/float32(hi)) * 255), hi
}

// rgb is the way back; products are rounded half away from zero.
func rgb(h, s, v uint8) (r, g, b uint8) {
	if s == 0 {
		return v, v, v
	}
	sixths := float64(h) * 6 / 255
	sector := math.Floor(sixths)
	f, fs := float32(sixths-sector), float32(float64(s)/255)
	part := func(x float64) uint8 { return uint8(min(max(math.Round(float64(v)*x), 0), 255)) }
	p := part(1 - float64(fs))
	q := part(1 - float64(fs*f))
	t := part(1 - float64(float64(fs)*(1-float64(f))))
	switch int(sector) % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
