//go:build amd64 && !purego

package gemm

// AVX2 is the flavour for AVX2 and FMA: tiles of 6 x 16.
var AVX2 = &Kernel{
	Name: "avx2", MR: 6, NR: 16, SmallC: 64 << 10,
	Half:   []Tile{tileY1x1, tileY2x1, tileY3x1, tileY4x1, tileY5x1, tileY6x1},
	Whole:  []Tile{tileY1x2, tileY2x2, tileY3x2, tileY4x2, tileY5x2, tileY6x2},
	LinesA: lines[:6], LinesB: lines16, Transpose: transpose8,
}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL: tiles of 14 x 32.
var AVX512 = &Kernel{
	Name: "avx512", MR: 14, NR: 32, SmallC: 256 << 10,
	Half: []Tile{tileZ1x1, tileZ2x1, tileZ3x1, tileZ4x1, tileZ5x1, tileZ6x1, tileZ7x1,
		tileZ8x1, tileZ9x1, tileZ10x1, tileZ11x1, tileZ12x1, tileZ13x1, tileZ14x1},
	Whole: []Tile{tileZ1x2, tileZ2x2, tileZ3x2, tileZ4x2, tileZ5x2, tileZ6x2, tileZ7x2,
		tileZ8x2, tileZ9x2, tileZ10x2, tileZ11x2, tileZ12x2, tileZ13x2, tileZ14x2},
	LinesA: lines[:14], LinesB: lines32, Transpose: transpose8,
}

var lines = []Lines{lines1, lines2, lines3, lines4, lines5, lines6, lines7, lines8, lines9, lines10, lines11, lines12, lines13, lines14}
