package elem

// nearby is the largest argument that the kernels of sin and cos reduce: beyond it their three parts of pi/2 are too few.
const nearby = 1 << 16

// reduced is the function near, which holds for arguments up to nearby, and for the few beyond exact, in float64.
func reduced(near Unary, exact func(x float64) float64) Unary {
	return func(dst, x []float32) {
		type place struct {
			at int
			x  float64
		}
		var far []place // copied before: dst may be x
		for i, v := range x[:len(dst)] {
			if v > nearby || v < -nearby {
				far = append(far, place{i, float64(v)})
			}
		}
		near(dst, x)
		for _, p := range far {
			dst[p.at] = float32(exact(p.x))
		}
	}
}
