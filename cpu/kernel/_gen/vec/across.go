package vec

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Across reduces the lanes of x to one number in the lowest lane of the result: halves are joined until one lane is left.
// join takes registers of any width.
func (f *Flavour) Across(x reg.VecVirtual, join func(...operand.Op)) reg.Register {
	if f.Wide {
		high := YMM()
		VEXTRACTF64X4(operand.U8(1), x, high)
		join(high, x.AsY(), x.AsY())
	}
	high := XMM()
	VEXTRACTF128(operand.U8(1), x.AsY(), high)
	join(high, x.AsX(), x.AsX())
	VPERMILPS(operand.U8(0x0e), x.AsX(), high) // lanes 2, 3
	join(high, x.AsX(), x.AsX())
	VPERMILPS(operand.U8(0x01), x.AsX(), high) // lane 1
	join(high, x.AsX(), x.AsX())
	return x.AsX()
}

// Broadcast fills a register with the number that a parameter holds.
func (f *Flavour) Broadcast(name string) reg.Register {
	at, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	dst := f.Reg()
	VBROADCASTSS(at.Addr, dst)
	return dst
}
