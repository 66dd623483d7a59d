package attn

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// stack hands out parts of a worker's memory.
type stack []float32

func (s *stack) take(n int) []float32 {
	part := (*s)[:n:n]
	*s = (*s)[(n+15)/16*16:]
	return part
}

func (k *Kernel) pack(s *stack, m gemm.Matrix) gemm.Packed {
	return k.Gemm.PackAll(s.take(k.Gemm.PackedSize(m.Rows, m.Cols)), m)
}

// ForwardScratch returns how many floats Forward needs for itself.
func (k *Kernel) ForwardScratch(s *Shape) int {
	return k.Gemm.PackedSize(s.Depth, s.Keys) + k.Gemm.PackedSize(s.Keys, s.ValueDepth) + s.blockRows()*s.line() + 3*16
}

// Forward computes blocks [first, last) of a head: for each row i of its queries, with n the number of keys that it sees and
// scores in base 2, c = Scale * log2(e),
//
//	Max[i] = max over j < n of c * q[i].k[j]
//	Sum[i] = sum over j < n of 2^(c * q[i].k[j] - Max[i])
//	o[i]   = sum over j < n of 2^(c * q[i].k[j] - Max[i]) / Sum[i] * v[j]
//
// Error: that of the two products and of 2^x; a score's own rounding, Depth * 2^-24 * Scale * sum |q k|, is the larger part.
// A row does not depend on the blocks that a call computes.
func (k *Kernel) Forward(s *Shape, h *Head, first, last int, scratch []float32) {
	free := stack(scratch)
	keys, values := k.pack(&free, h.K.T()), k.pack(&free, h.V)
	memory := free.take(s.blockRows() * s.line())
	for b := first; b < last; b++ {
		row, at, rows, n := s.block(b)
		stairs, more := s.stairs(at, n)
		scores := gemm.Matrix{Data: memory, Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		k.Gemm.MultiplyToStairs(scores, h.Q.Slice(row, rows), keys, stairs)
		k.Rows.Softmax(memory, s.line(), rows, n, stairs.First, more, s.Scale*math.Log2E, h.Max[row:], h.Sum[row:])
		o := h.O.Slice(row, rows)
		k.Gemm.MultiplyStairs(o, scores, values, stairs, false)
		k.Rows.Divide(o.Data, o.RowStride, rows, o.Cols, h.Sum[row:])
	}
}
