package attn

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// BackwardScratch returns how many floats Backward needs for itself.
func (k *Kernel) BackwardScratch(s *Shape) int {
	g, rows := k.Gemm, s.blockRows()
	return g.PackedSize(s.Depth, s.Keys) + g.PackedSize(s.ValueDepth, s.Keys) + g.PackedSize(s.Keys, s.Depth) +
		g.PackedSize(rows, s.Depth) + g.PackedSize(rows, s.ValueDepth) + 2*rows*s.line() + 7*16
}

// Backward computes the gradients of a head's queries, keys and values from that of its output. With p[i][j] the
// probabilities that Forward used,
//
//	ds[i][j] = Scale * p[i][j] * (do[i].v[j] - sum over j of p[i][j] * do[i].v[j])
//	dv[j] = sum over i of p[i][j] * do[i],  dq[i] = sum over j of ds[i][j] * k[j],  dk[j] = sum over i of ds[i][j] * q[i]
//
// the sums over i block by block, from the last one, which sees all keys that any sees. The inner sum is do[i].o[i] as well,
// but o would have to come from memory. What is fetched meanwhile is as in Forward.
func (k *Kernel) Backward(s *Shape, h *Head, scratch []float32, after *Head) {
	free := stack(scratch)
	errands := gemm.Fetch(h.DV, h.DK, h.DQ.Matrix, after.K, after.V, after.DO.Matrix, after.Q.Matrix)
	keysT, valuesT, keys := k.pack(&free, h.K.T()), k.pack(&free, h.V.T()), k.pack(&free, h.K)
	for j := s.sees(s.Queries - 1); j < s.Keys; j++ {
		clear(h.DK.Row(j))
		clear(h.DV.Row(j))
	}
	for b := s.Blocks() - 1; b >= 0; b-- {
		head, at, rows, n := s.block(b)
		row := head*s.Queries + at
		stairs, more := s.stairs(at, n)
		add := b < s.Blocks()-1
		rest := free
		q, do := h.Q.of(head, at, rows), h.DO.of(head, at, rows)
		p := gemm.Matrix{Data: rest.take(rows * s.line()), Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		ds := gemm.Matrix{Data: rest.take(rows * s.line()), Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		packedDO, packedQ := k.pack(&rest, do), k.pack(&rest, q)
		k.Gemm.MultiplyToStairs(p, q, keysT, stairs, &errands)
		k.Gemm.MultiplyToStairs(ds, do, valuesT, stairs, &errands)
		scale := k.mask(s, h, p.Data, head, at, rows, n)
		k.Rows.Gradient(p.Data, ds.Data, s.line(), rows, n, stairs.First, more, scale*math.Log2E, s.Scale, h.Max[row:], h.Sum[row:])
		k.Gemm.MultiplyUnderStairs(h.DV.Slice(0, n), p.T(), packedDO, stairs, add, &errands)
		k.Gemm.MultiplyUnderStairs(h.DK.Slice(0, n), ds.T(), packedQ, stairs, add, &errands)
		k.Gemm.MultiplyStairs(h.DQ.of(head, at, rows), ds, keys, stairs, false, &errands)
	}
}
