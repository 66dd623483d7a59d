package exec

import (
	"github.com/dyt-go/dyt/cpu/kernel/attn"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// attention computes the worker's share: blocks of queries of the heads, backward whole heads.
func (w *worker) attention(a *plan.Attention, k *attn.Kernel, f *frame, team *par.Team, index int) {
	s := &a.Shape
	if a.Backward {
		from, to := team.Share(a.Heads(), index)
		for number := from; number < to; number++ {
			h, after := newHead(a, f, number), newHead(a, f, min(number+1, to-1))
			k.Backward(s, &h, w.memory, &after)
		}
		return
	}
	blocks := s.Blocks()
	from, to := team.Share(a.Heads()*blocks, index)
	for from < to {
		number := from / blocks
		last := min(to-number*blocks, blocks)
		h, after := newHead(a, f, number), newHead(a, f, min(number+1, (to-1)/blocks))
		k.Forward(s, &h, from-number*blocks, last, w.memory, &after)
		from = number*blocks + last
	}
}

// newHead returns the matrices of head number.
func newHead(a *plan.Attention, f *frame, number int) attn.Head {
	s := &a.Shape
	rows := s.Repeat * s.Queries
	of := func(r plan.Rows, rows, cols int) gemm.Matrix {
		at := r.Offset + number/a.Groups*r.Steps[0] + number%a.Groups*r.Steps[1]
		return gemm.Matrix{Data: f.data[r.Root.ID][at:], Rows: rows, Cols: cols, RowStride: r.Steps[3], ColStride: 1}
	}
	grouped := func(r plan.Rows, cols int) attn.Grouped {
		return attn.Grouped{Matrix: of(r, s.Queries, cols), Step: r.Steps[2]}
	}
	h := attn.Head{
		Q: grouped(a.Q, s.Depth), K: of(a.K, s.Keys, s.Depth), V: of(a.V, s.Keys, s.ValueDepth),
		Max: f.data[a.Max.ID][number*rows:][:rows], Sum: f.data[a.Sum.ID][number*rows:][:rows],
	}
	if s.Masked || s.Hidden {
		h.Mask = grouped(a.Mask, s.Keys)
	}
	if !a.Backward {
		h.O = grouped(a.O, s.ValueDepth)
	} else {
		h.DO, h.DQ = grouped(a.DO, s.ValueDepth), grouped(a.DQ, s.Depth)
		h.DK, h.DV = of(a.DK, s.Keys, s.Depth), of(a.DV, s.Keys, s.ValueDepth)
	}
	return h
}
