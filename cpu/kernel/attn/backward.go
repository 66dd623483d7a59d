package attn

import "github.com/dyt-go/dyt/cpu/kernel/gemm"

// BackwardScratch returns how many floats Backward needs for itself.
func (k *Kernel) BackwardScratch(s *Shape) int {
	g, rows := k.Gemm, s.blockRows()
	return g.PackedSize(s.Depth, s.Keys) + g.PackedSize(s.ValueDepth, s.Keys) + g.PackedSize(s.Keys, s.Depth) +
		g.PackedSize(rows, s.Depth) + g.PackedSize(rows, s.ValueDepth) + 2*rows*s.line() + rows*s.ValueDepth + 8*16
}

// Backward computes the gradients of a head's queries, keys and values from that of its output. With p[i][j] the
// probabilities that Forward used,
//
//	ds[i][j] = Scale * p[i][j] * (do[i].v[j] - sum over j of p[i][j] * do[i].v[j])
//	dv[j] = sum over i of p[i][j] * do[i],  dq[i] = sum over j of ds[i][j] * k[j],  dk[j] = sum over i of ds[i][j] * q[i]
//
// the sums over i block by block, in order. The inner sum is do[i].o[i] as well, but o would have to come from memory.
func (k *Kernel) Backward(s *Shape, h *Head, scratch []float32) {
	free := stack(scratch)
	keysT, valuesT, keys := k.pack(&free, h.K.T()), k.pack(&free, h.V.T()), k.pack(&free, h.K)
	for j := range s.Keys {
		clear(h.DK.Row(j))
		clear(h.DV.Row(j))
	}
	for b := range s.Blocks() {
		row, at, rows, n := s.block(b)
		rest := free
		q, do := h.Q.Slice(row, rows), h.DO.Slice(row, rows)
		p := gemm.Matrix{Data: rest.take(rows * s.line()), Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		ds := gemm.Matrix{Data: rest.take(rows * s.line()), Rows: rows, Cols: n, RowStride: s.line(), ColStride: 1}
		share := gemm.RowMajor(rest.take(rows*s.ValueDepth), rows, s.ValueDepth) // do[i] / Sum[i]
		k.Gemm.MultiplyPacked(p, q, keysT, false)
		k.Gemm.MultiplyPacked(ds, do, valuesT, false)
		for i := range rows {
			seen, sum := s.sees(at+i), h.Sum[row+i]
			e, d := p.Row(i), ds.Row(i)
			k.Rows.Exp(e[:seen], e[:seen], s.Scale, h.Max[row+i])
			k.Rows.Grad(d[:seen], e[:seen], d[:seen], k.Rows.Dot(e[:seen], d[:seen])/sum, s.Scale/sum)
			clear(e[seen:])
			clear(d[seen:])
			k.Elem.DivScalar(share.Row(i), do.Row(i), sum)
		}
		k.Gemm.MultiplyPacked(h.DV.Slice(0, n), p.T(), k.pack(&rest, share), true)
		k.Gemm.MultiplyPacked(h.DK.Slice(0, n), ds.T(), k.pack(&rest, q), true)
		k.Gemm.MultiplyPacked(h.DQ.Slice(row, rows), ds, keys, false)
	}
}
