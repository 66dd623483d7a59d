package attn

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// chunkSize is how many scores of a query head the backward pass keeps, twice: 192 KB, of a second-level cache of 512 KB that also
// holds the operands. What keeping them saves is in KERNEL.md.
const chunkSize = 24 << 10

// chunkRows returns how many queries make a chunk, whose probabilities and gradients of scores are kept until keys and values get
// their gradients from all of them: whole blocks, or all.
func (s *Shape) chunkRows() int {
	return min(s.Queries, max(1, chunkSize/(s.blockRows()*s.line()))*s.blockRows())
}

// BackwardScratch returns how many floats Backward needs for itself.
func (k *Kernel) BackwardScratch(s *Shape) int {
	g, rows := k.Gemm, s.chunkRows()
	return g.PackedSize(s.Depth, s.Keys) + g.PackedSize(s.ValueDepth, s.Keys) + g.PackedSize(s.Keys, s.Depth) +
		g.PackedSize(rows, s.Depth) + g.PackedSize(rows, s.ValueDepth) + 2*rows*s.line() + s.blockRows() + 8*16
}

// backward is a gradient on its way: what all chunks multiply with, and the memory that is left for one.
type backward struct {
	*Kernel
	*Shape
	Head
	keysT, valuesT transposed
	keys           gemm.Packed
	free           stack
	errands        gemm.Errands
}

// Backward computes the gradients of a head's queries, keys and values from that of its output. With p[i][j] the
// probabilities that Forward used,
//
//	ds[i][j] = Scale * p[i][j] * (do[i].v[j] - sum over j of p[i][j] * do[i].v[j])
//	dv[j] = sum over i of p[i][j] * do[i],  dq[i] = sum over j of ds[i][j] * k[j],  dk[j] = sum over i of ds[i][j] * q[i]
//
// the sums over i chunk by chunk, from the last one, which sees all keys that any sees. The inner sum is do[i].o[i] as well,
// but o would have to come from memory. What is fetched meanwhile is as in Forward.
func (k *Kernel) Backward(s *Shape, h *Head, scratch []float32, after *Head) {
	b := backward{Kernel: k, Shape: s, Head: *h, free: scratch} // with a pointer, h would be taken to the heap
	b.errands = gemm.Fetch(after.K, after.V, after.DO.Matrix, after.Q.Matrix)
	b.keysT, b.valuesT, b.keys = k.transpose(&b.free, h.K), k.transpose(&b.free, h.V), k.pack(&b.free, h.K)
	for j := s.sees(s.Queries - 1); j < s.Keys; j++ {
		clear(h.DK.Row(j))
		clear(h.DV.Row(j))
	}
	add, most := false, s.chunkRows()
	for head := s.Repeat - 1; head >= 0; head-- {
		for at := (s.Queries - 1) / most * most; at >= 0; at -= most {
			b.chunk(head, at, min(most, s.Queries-at), add)
			add = true
		}
	}
}

// chunk computes what rows [at, at+rows) of a query head give.
func (b *backward) chunk(head, at, rows int, add bool) {
	free, n, g := b.free, b.sees(at+rows-1), b.Gemm
	p := gemm.Matrix{Data: free.take(rows * b.line()), Rows: rows, Cols: n, RowStride: b.line(), ColStride: 1}
	ds := gemm.Matrix{Data: free.take(rows * b.line()), Rows: rows, Cols: n, RowStride: b.line(), ColStride: 1}
	do, q := b.pack(&free, b.DO.of(head, at, rows)), b.pack(&free, b.Q.of(head, at, rows))
	for i := 0; i < rows; i += b.blockRows() {
		high := min(b.blockRows(), rows-i)
		b.scores(head, at+i, p.Slice(i, high), ds.Slice(i, high), free)
	}
	stairs, _ := b.stairs(at, n)
	g.MultiplyUnderStairs(b.DV.Slice(0, n), p.T(), do, stairs, add, &b.errands)
	g.MultiplyUnderStairs(b.DK.Slice(0, n), ds.T(), q, stairs, add, &b.errands)
}

// scores makes the probabilities of a block and the gradients of its scores, zeros behind what a row sees as far as a panel of
// rows of their transposes may read, and the gradients of its queries.
func (b *backward) scores(head, at int, p, ds gemm.Matrix, free stack) {
	rows, all := p.Rows, p.Cols
	n := b.sees(at + rows - 1)
	p.Cols, ds.Cols = n, n
	row := head*b.Queries + at
	stairs, more := b.stairs(at, n)
	b.toStairs(p, b.Q.of(head, at, rows), &b.keysT, stairs, free, &b.errands)
	b.toStairs(ds, b.DO.of(head, at, rows), &b.valuesT, stairs, free, &b.errands)
	scale := b.mask(b.Shape, &b.Head, p.Data, head, at, rows, n)
	b.Rows.Gradient(p.Data, ds.Data, b.line(), rows, min(all, n+b.Gemm.MR-1), stairs.First, more, scale*math.Log2E, b.Scale, b.Max[row:], b.Sum[row:])
	if b.Instead != 0 { // a hidden key may have a probability, but its score has no gradient
		b.hide(b.Shape, &b.Head, ds.Data, head, at, rows, n, 0)
	}
	b.Gemm.MultiplyStairs(b.DQ.of(head, at, rows), ds, b.keys, stairs, false, &b.errands)
}
