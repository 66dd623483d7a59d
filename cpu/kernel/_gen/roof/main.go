// Command roof writes the arithmetic loop of cpu/kernel/roof for one flavour.
//
//	go run ./roof -flavour avx512 -out ../roof/zz_roof_avx512_amd64.s -stubs ../roof/zz_roof_avx512_amd64.go -pkg roof
package main

import (
	"flag"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chains is the number of sums that grow side by side: more than two units times the five cycles that the slowest of
// them needs for a result.
const chains = 12

func main() {
	name := flag.String("flavour", "avx512", "avx512 or avx2")
	flag.Parse()
	f := vec.For(*name)
	suffix := "Y"
	if f.Wide {
		suffix = "Z"
	}
	ConstraintExpr("amd64,!purego")
	TEXT("fma"+suffix, NOSPLIT, "func(sums []float32, x, y float32, n int)")
	Pragma("noescape")
	Doc("fma" + suffix + " is Loop.run for " + f.Name + ".")
	sums := Load(Param("sums").Base(), GP64())
	x, y := broadcast(f, "x"), broadcast(f, "y")
	n := Load(Param("n"), GP64())
	sum := make([]reg.Register, chains)
	for i := range sum {
		sum[i] = f.Reg()
		VMOVUPS(operand.Mem{Base: sums, Disp: 4 * i * f.Lanes}, sum[i])
	}
	Label("loop")
	for i := range sum {
		VFMADD213PS(y, x, sum[i])
	}
	DECQ(n)
	JNZ(operand.LabelRef("loop"))
	for i := range sum {
		VMOVUPS(sum[i], operand.Mem{Base: sums, Disp: 4 * i * f.Lanes})
	}
	VZEROUPPER()
	RET()
	Generate()
}

func broadcast(f *vec.Flavour, param string) reg.Register {
	at, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	r := f.Reg()
	VBROADCASTSS(at.Addr, r)
	return r
}
