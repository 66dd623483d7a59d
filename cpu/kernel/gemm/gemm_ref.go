package gemm

import "github.com/dyt-go/dyt/cpu/kernel/fma"

// Ref is the flavour in pure Go: the definition that the others are tested against, and what runs where there is no
// assembly. Its tiles are small because a Go compiler keeps few sums in registers.
var Ref = newRef()

func newRef() *Kernel {
	k := &Kernel{Name: "ref", MR: 4, NR: 8, SmallC: 64 << 10, LinesB: refLines(8), Transpose: refTranspose}
	for mr := 1; mr <= k.MR; mr++ {
		tile := refTile(mr, k.NR)
		k.Half = append(k.Half, tile)
		k.Whole = append(k.Whole, tile)
		k.LinesA = append(k.LinesA, refLines(mr))
	}
	return k
}

// refTile says what a Tile of mr rows computes, one element after the other.
func refTile(mr, nr int) Tile {
	return func(a []float32, rsa, csa int, b, c []float32, ldc, k, np, astep, bstep, cstep, n int, add bool, _ []float32, _, _ int) {
		for p := range np {
			for i := range mr {
				for j := range n {
					sum := float32(0)
					for l := range k {
						sum = fma.Float32(a[p*astep+i*rsa+l*csa], b[p*bstep+l*nr+j], sum)
					}
					if at := p*cstep + i*ldc + j; add {
						c[at] += sum
					} else {
						c[at] = sum
					}
				}
			}
		}
	}
}

// refLines says what Lines of width floats move.
func refLines(width int) Lines {
	return func(dst, src []float32, stride, n, panels, dstep int) {
		for p := range panels {
			for l := range n {
				copy(dst[p*dstep+l*width:][:width], src[p*width+l*stride:])
			}
		}
	}
}

func refTranspose(dst, src []float32, stride, width, n int) {
	for l := range 8 * n {
		for j := range 8 {
			dst[l*width+j] = src[j*stride+l]
		}
	}
}
