package vec

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	"github.com/mmcloughlin/avo/reg"
)

// Exp is 2^n (1 + r + r^2 E(r)) with x = n ln 2 + r. Clamping keeps n in the range of Scale; beyond it the result is 0
// or +Inf all the same.
func (f *Flavour) Exp(x reg.Register) reg.Register {
	n, r := f.Ln2s(f.MaxKeep(f.MinKeep(x, F(89)), F(-104)))
	p := f.Poly(r, append([]float64{1, 1}, coef.Exp...))
	return f.Scale(p, n)
}

// Ln2s returns n and r with x = n ln 2 + r, n whole and |r| a little over ln(2)/2 at most.
func (f *Flavour) Ln2s(x reg.Register) (n, r reg.Register) {
	n = f.Round(f.Mul(x, F(math.Log2E)))
	r = f.NegMulAdd(n, F(coef.Ln2Hi), R(x))
	return n, f.NegMulAdd(n, F(coef.Ln2Lo), R(r))
}
