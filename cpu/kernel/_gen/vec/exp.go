package vec

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	"github.com/mmcloughlin/avo/reg"
)

// Exp is 2^n (1 + r + r^2 E(r)) with x = n ln 2 + r. Clamping keeps n in the range of Scale; beyond it the result is 0
// or +Inf all the same.
func (f *Flavour) Exp(x reg.Register) reg.Register {
	x = f.MaxKeep(f.MinKeep(x, F(89)), F(-104))
	n := f.Round(f.Mul(x, F(math.Log2E)))
	r := f.NegMulAdd(n, F(coef.Ln2Hi), R(x))
	r = f.NegMulAdd(n, F(coef.Ln2Lo), R(r))
	p := f.Poly(r, append([]float64{1, 1}, coef.Exp...))
	return f.Scale(p, n)
}
