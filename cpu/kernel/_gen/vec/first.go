package vec

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// First returns what chooses x in the first n lanes, 0 <= n <= Lanes, and other in the rest.
func (f *Flavour) First(n reg.Register) func(x, other reg.Register) reg.Register {
	if f.Wide {
		bits, k := GP64(), K()
		MOVQ(operand.I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), k)
		return func(x, other reg.Register) reg.Register {
			dst := f.Reg()
			blend(x, other, k, dst)
			return dst
		}
	}
	base, at, mask := GP64(), GP64(), YMM()
	LEAQ(f.tailTable(), base)
	MOVQ(operand.U32(uint32(f.Lanes)), at)
	SUBQ(n, at)
	VMOVUPS(operand.Mem{Base: base, Index: at, Scale: 4}, mask)
	return func(x, other reg.Register) reg.Register {
		dst := f.Reg()
		VBLENDVPS(mask, x, other, dst)
		return dst
	}
}
