package attn

import "github.com/dyt-go/dyt/cpu/kernel/gemm"

// mostDots is how many keys behind the whole panels are multiplied one by one: a tile takes as long for one as for half a panel.
// Where it stops to pay is in KERNEL.md.
const mostDots = 3

// transposed is keys or values as scores and their gradients multiply with them: whole panels of their transpose, and the few
// that are left as they lie.
type transposed struct {
	gemm.Packed
	rest gemm.Matrix
}

func (k *Kernel) transpose(s *stack, m gemm.Matrix) (t transposed) {
	if few := m.Rows % k.Gemm.NR; 0 < few && few <= mostDots {
		m.Rows -= few
		t.rest = m.Slice(m.Rows, few)
	}
	t.Packed = k.pack(s, m.T())
	return t
}

// toStairs computes c = a b^T where only the staircase s of c is wanted, and writes as much beside it as MultiplyToStairs does.
func (k *Kernel) toStairs(c, a gemm.Matrix, b *transposed, s gemm.Staircase, free stack, e *gemm.Errands) {
	tiles := c
	tiles.Cols = min(c.Cols, b.Cols)
	k.Gemm.MultiplyToStairs(tiles, a, b.Packed, s, e)
	for j := tiles.Cols; j < c.Cols; j++ {
		first := s.Begins(j)
		column := free.take(c.Rows - first)
		k.Matvec.Dots(column, b.rest.Row(j-b.Cols), a.Data[first*a.RowStride:], a.RowStride, len(column))
		for i, v := range column {
			c.Data[(first+i)*c.RowStride+j] = v
		}
	}
}
