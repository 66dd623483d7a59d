//go:build amd64 && !purego

package attn

import (
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// AVX2 is the flavour for AVX2 and FMA.
var AVX2 = &Kernel{Gemm: gemm.AVX2, Matvec: matvec.AVX2, Rotary: &Rotary{halvesY, neighboursY}, Rows: &Rows{Name: "avx2", Lanes: 8, Mask: maskY, Hide: hideY, Softmax: softmaxY, Gradient: gradientY, Divide: divideY}}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL.
var AVX512 = &Kernel{Gemm: gemm.AVX512, Matvec: matvec.AVX512, Rotary: &Rotary{halvesZ, neighboursZ}, Rows: &Rows{Name: "avx512", Lanes: 16, Mask: maskZ, Hide: hideZ, Softmax: softmaxZ, Gradient: gradientZ, Divide: divideZ}}
