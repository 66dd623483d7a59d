package attn

import (
	"math"
	"slices"

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
	return k.Gemm.PackedSize(s.Depth, s.Keys) + k.Gemm.PackedSize(s.Keys, s.ValueDepth) + s.blockRows()*(s.line()+1) + 4*16
}

// mask lets the mask, if there is one, change a block of products of query head number head, and returns what is left to multiply
// scores with.
func (k *Kernel) mask(s *Shape, h *Head, x []float32, head, at, rows, n int) (scale float32) {
	switch {
	case s.Masked:
		k.Rows.Mask(x, s.line(), rows, n, s.Scale, h.Mask.of(head, at, rows).Data, h.Mask.RowStride)
		return 1
	case s.Hidden:
		k.hide(s, h, x, head, at, rows, n, s.hidden())
	}
	return s.Scale
}

// hide puts a number where a block of query head number head has hidden keys.
func (k *Kernel) hide(s *Shape, h *Head, x []float32, head, at, rows, n int, number float32) {
	k.Rows.Hide(x, s.line(), rows, n, number, h.Mask.of(head, at, rows).Data, h.Mask.RowStride)
}

// hidden is the score of a hidden key before it is scaled.
func (s *Shape) hidden() float32 {
	if s.Instead == 0 {
		return float32(math.Inf(-1))
	}
	return max(s.Instead/s.Scale, -math.MaxFloat32)
}

// blind gives the rows of a block, after its softmax, that see nothing no probabilities, and a largest score and a sum with which
// Backward finds none.
func (s *Shape) blind(h *Head, x []float32, head, at, rows, n int) {
	mask := h.Mask.of(head, at, rows)
	for i := range rows {
		row := head*s.Queries + at + i
		if math.IsInf(float64(h.Max[row]), -1) && !slices.ContainsFunc(mask.Data[i*mask.RowStride:][:n], func(m float32) bool { return m != 0 }) {
			h.Max[row], h.Sum[row] = 0, 1
			clear(x[i*s.line():][:n])
		}
	}
}

// Forward computes blocks [first, last) of a head: for each row i of its queries, with n the number of keys that it sees and
// s[i][j] = Scale * q[i].k[j] + mask[i][j],
//
//	Sum[i] = sum over j < n of exp(s[i][j] - max over j < n of s[i][j])
//	o[i]   = sum over j < n of exp(s[i][j] - max over j < n of s[i][j]) / Sum[i] * v[j]
//
// Error: that of the two products and of exp; a score's own rounding, Depth * 2^-24 * Scale * sum |q k|, is the larger part.
// A row does not depend on the blocks that a call computes. What the head after this one reads comes into the cache meanwhile;
// behind the last head it may be h again.
func (k *Kernel) Forward(s *Shape, h *Head, first, last int, scratch []float32, after *Head) {
	free := stack(scratch)
	errands := gemm.Fetch(after.K, after.V, after.Q.Matrix)
	keys, values := k.transpose(&free, h.K), k.pack(&free, h.V)
	memory := free.take(s.blockRows() * s.line())
	for b := first; b < last; b++ {
		head, at, rows, n := s.block(b)
		row := head*s.Queries + at
		stairs, more := s.stairs(at, n)
		scores := gemm.Matrix{Data: memory, Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		k.toStairs(scores, h.Q.of(head, at, rows), &keys, stairs, free, &errands)
		scale := k.mask(s, h, memory, head, at, rows, n)
		k.Rows.Softmax(memory, s.line(), rows, n, stairs.First, more, scale*math.Log2E, h.Max[row:], h.Sum[row:])
		if s.Hidden {
			s.blind(h, memory, head, at, rows, n)
		}
		o := h.O.of(head, at, rows)
		k.Gemm.MultiplyStairs(o, scores, values, stairs, false, &errands)
		k.Rows.Divide(o.Data, o.RowStride, rows, o.Cols, h.Sum[row:])
	}
}
