//go:build amd64 && !purego

package matvec

// AVX2 is the flavour for AVX2 and FMA.
var AVX2 = &Kernel{Name: "avx2", Dots: dotsY, Sums: sumsY}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL.
var AVX512 = &Kernel{Name: "avx512", Dots: dotsZ, Sums: sumsZ}
