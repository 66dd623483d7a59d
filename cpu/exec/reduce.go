package exec

import "github.com/dyt-go/dyt/cpu/plan"

// reduce makes one number of x. A sum has eight running totals, whatever the length, added in pairs at the end.
func reduce(x []float32, r plan.Reduce) float32 {
	if r != plan.ReduceSum {
		m := identity(r)
		for _, v := range x {
			m = join(m, v, r)
		}
		return m
	}
	var s [8]float32
	for ; len(x) >= 8; x = x[8:] {
		for i := range s {
			s[i] += x[i]
		}
	}
	for i, v := range x {
		s[i] += v
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// join reduces two numbers; NaN when either is.
func join(x, y float32, r plan.Reduce) float32 {
	switch r {
	case plan.ReduceMax:
		return max(x, y)
	case plan.ReduceMin:
		return min(x, y)
	}
	return x + y
}
