// Command elem writes the element-wise kernels of cpu/kernel/elem for one flavour.
//
//	go run ./elem -flavour avx512 -out ../elem/zz_elem_avx512_amd64.s -stubs ../elem/zz_elem_avx512_amd64.go -pkg elem
package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var f *vec.Flavour

func main() {
	f = vec.Open()
	for _, k := range unary {
		kernel(k.name, "func(dst, x []float32)", []string{"x"}, "", func(v []reg.Register, _ reg.Register) reg.Register { return k.body(v[0]) })
	}
	for _, k := range binary {
		kernel(k.name, "func(dst, x, y []float32)", []string{"x", "y"}, "", func(v []reg.Register, _ reg.Register) reg.Register {
			return k.body(v[0], v[1])
		})
		kernel(k.name+"Scalar", "func(dst, x []float32, y float32)", []string{"x"}, "y", func(v []reg.Register, s reg.Register) reg.Register {
			return k.body(v[0], s)
		})
	}
	kernel("rpowScalar", "func(dst, x []float32, y float32)", []string{"x"}, "y", func(v []reg.Register, s reg.Register) reg.Register {
		return pow(s, v[0])
	})
	kernel("selectOf", "func(dst, c, x, y []float32)", []string{"c", "x", "y"}, "", func(v []reg.Register, _ reg.Register) reg.Register {
		return choose(v[0], v[1], v[2])
	})
	kernel("selectOfScalar", "func(dst, c, x []float32, y float32)", []string{"c", "x"}, "y", func(v []reg.Register, s reg.Register) reg.Register {
		return choose(v[0], v[1], s)
	})
	kernel("rselectOfScalar", "func(dst, c, y []float32, x float32)", []string{"c", "y"}, "x", func(v []reg.Register, s reg.Register) reg.Register {
		return choose(v[0], s, v[1])
	})
	kernel("mulAdd", "func(dst, x, y, z []float32)", []string{"x", "y", "z"}, "", func(v []reg.Register, _ reg.Register) reg.Register {
		return f.MulAdd(v[0], vec.R(v[1]), vec.R(v[2]))
	})
	kernel("mulAddScalar", "func(dst, x, z []float32, y float32)", []string{"x", "z"}, "y", func(v []reg.Register, s reg.Register) reg.Register {
		return f.MulAdd(v[0], vec.R(s), vec.R(v[1]))
	})
	strips()
	Generate()
}

// kernel writes dst[i] = body(inputs[i]...) for i < len(dst): whole registers first, then the rest under a mask with the
// same instructions, so that a value does not depend on its position.
func kernel(name, signature string, inputs []string, scalar string, body func(v []reg.Register, scalar reg.Register) reg.Register) {
	f.Begin("Table", name, signature)
	dst := Load(Param("dst").Base(), GP64())
	n := Load(Param("dst").Len(), GP64())
	in := make([]reg.Register, len(inputs))
	for i, p := range inputs {
		in[i] = Load(Param(p).Base(), GP64())
	}
	var s reg.Register
	if scalar != "" {
		at, err := Param(scalar).Resolve()
		if err != nil {
			panic(err)
		}
		s = f.Reg()
		VBROADCASTSS(at.Addr, s)
	}
	i := GP64()
	XORQ(i, i)
	Label("loop")
	left := GP64()
	MOVQ(n, left)
	SUBQ(i, left)
	CMPQ(left, operand.U8(f.Lanes))
	JLT(operand.LabelRef("tail"))
	v := make([]reg.Register, len(in))
	for j, p := range in {
		v[j] = f.Reg()
		VMOVUPS(at(p, i), v[j])
	}
	VMOVUPS(body(v, s), at(dst, i))
	ADDQ(operand.U8(f.Lanes), i)
	JMP(operand.LabelRef("loop"))

	Label("tail")
	TESTQ(left, left)
	JZ(operand.LabelRef("done"))
	load, store := f.Masked(left)
	for j, p := range in {
		v[j] = load(at(p, i))
	}
	store(body(v, s), at(dst, i))
	Label("done")
	VZEROUPPER()
	RET()
}

func at(base, i reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 4} }
