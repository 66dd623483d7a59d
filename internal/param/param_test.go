package param

import (
	"math"
	"testing"
)

// TestValues holds ten thousand draws of each distribution against its mean, its deviation (within five standard errors)
// and its limits.
func TestValues(t *testing.T) {
	const n = 10000
	for _, c := range []struct {
		name            string
		init            Init
		mean, std, most float64
	}{
		{"constant", Constant(0.5), 0.5, 0, 0.5},
		{"normal", Normal(0.02), 0, 0.02, math.Inf(1)},
		{"truncated", TruncNormal(1, 1), 0, math.Sqrt(1 - 2*math.Exp(-0.5)/math.Sqrt(2*math.Pi)/math.Erf(1/math.Sqrt2)), 1},
		{"uniform", Uniform(0.3), 0, 0.3 / math.Sqrt(3), 0.3},
	} {
		sum, squares, largest := 0.0, 0.0, 0.0
		for _, v := range c.init.Values(7, "/x/weight", n) {
			sum += float64(v)
			squares += (float64(v) - c.mean) * (float64(v) - c.mean)
			largest = max(largest, math.Abs(float64(v)))
		}
		if got := sum / n; math.Abs(got-c.mean) > 5*c.std/math.Sqrt(n) {
			t.Errorf("%s: mean %g, expected %g", c.name, got, c.mean)
		}
		if got := math.Sqrt(squares / n); math.Abs(got-c.std) > 5*c.std/math.Sqrt(2*n) {
			t.Errorf("%s: deviation %g, expected %g", c.name, got, c.std)
		}
		if largest > float64(float32(c.most)) {
			t.Errorf("%s: a value of %g, expected at most %g", c.name, largest, c.most)
		}
	}
}

// TestValuesFollowSeedAndPath: equal for equal ones, a prefix when fewer, others otherwise.
func TestValuesFollowSeedAndPath(t *testing.T) {
	a, b := Normal(1).Values(1, "/a", 8), Normal(1).Values(1, "/a", 4)
	for i := range b {
		if a[i] != b[i] {
			t.Errorf("value %d: %g of eight, %g of four", i, a[i], b[i])
		}
	}
	if c := Normal(1).Values(1, "/b", 1); c[0] == a[0] {
		t.Error("two paths start alike")
	}
	if c := Normal(1).Values(2, "/a", 1); c[0] == a[0] {
		t.Error("two seeds start alike")
	}
}
