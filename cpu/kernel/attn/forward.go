package attn

import "github.com/dyt-go/dyt/cpu/kernel/gemm"

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

// Forward computes blocks [first, last) of a head: for each row i of its queries, with n the number of keys that it sees,
//
//	Max[i] = max over j < n of Scale * q[i].k[j]
//	Sum[i] = sum over j < n of exp(Scale * q[i].k[j] - Max[i])
//	o[i]   = sum over j < n of exp(Scale * q[i].k[j] - Max[i]) / Sum[i] * v[j]
//
// Error: that of the two products and of exp; a score's own rounding, Depth * 2^-24 * Scale * sum |q k|, is the larger part.
// A row does not depend on the blocks that a call computes.
func (k *Kernel) Forward(s *Shape, h *Head, first, last int, scratch []float32) {
	free := stack(scratch)
	keys, values := k.pack(&free, h.K.T()), k.pack(&free, h.V)
	memory := free.take(s.blockRows() * s.line())
	for b := first; b < last; b++ {
		row, at, rows, n := s.block(b)
		scores := gemm.Matrix{Data: memory, Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		k.Gemm.MultiplyPacked(scores, h.Q.Slice(row, rows), keys, false)
		for i := range rows {
			x, seen := scores.Row(i), s.sees(at+i)
			m := k.Rows.Max(x[:seen]) * s.Scale
			h.Max[row+i], h.Sum[row+i] = m, k.Rows.Exp(x[:seen], x[:seen], s.Scale, m)
			clear(x[seen:])
		}
		o := h.O.Slice(row, rows)
		k.Gemm.MultiplyPacked(o, scores, values, false)
		for i := range rows {
			k.Elem.DivScalar(o.Row(i), o.Row(i), h.Sum[row+i])
		}
	}
}
