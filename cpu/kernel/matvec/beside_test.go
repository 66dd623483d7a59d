package matvec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/internal/fence"
)

// TestMultiplyTouchesNothingBeside its matrices, for every length of what is left of a register, alone and in parts.
func TestMultiplyTouchesNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, k := range kernels()[1:] {
		for depth := 1; depth < 70; depth++ {
			for _, byColumn := range []bool{false, true} {
				most := Most
				if byColumn {
					most = mostDots
				}
				rows, cols := 1+rng.IntN(most), 1+rng.IntN(200)
				fence.Check(t, fmt.Sprintf("%s %dx%dx%d by column %v", k.Name, rows, depth, cols, byColumn), func(place fence.Place) {
					of := func(rows, cols int) gemm.Matrix {
						m := matrix(rng, rows, cols)
						m.Data = place(m.Data[:(rows-1)*m.RowStride+cols])
						return m
					}
					b := of(depth, cols)
					if byColumn {
						b = of(cols, depth).T()
					}
					a, c := of(rows, depth), of(rows, cols)
					for part := range 3 {
						k.Multiply(c, a, b, part, 3)
					}
					k.Multiply(c, a, b, 0, 1)
				})
			}
		}
	}
}
