//go:build amd64 && !purego

package attn

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// AVX2 is the flavour for AVX2 and FMA.
var AVX2 = &Kernel{Gemm: gemm.AVX2, Elem: elem.AVX2, Rows: &Rows{Name: "avx2", Max: maxY, Exp: expY, Grad: gradY, Dot: dotY}}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL.
var AVX512 = &Kernel{Gemm: gemm.AVX512, Elem: elem.AVX512, Rows: &Rows{Name: "avx512", Max: maxZ, Exp: expZ, Grad: gradZ, Dot: dotZ}}
