package exec

import (
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// move copies the worker's share of the rows of each part.
func (w *worker) move(m *plan.Move, f *frame, team *par.Team, index int) {
	out := f.data[m.Out.ID]
	if m.Fill != nil {
		from, to := team.Share(len(out), index)
		fill(out[from:to], f.data[m.Fill.Root.ID][m.Fill.Offset])
		team.Barrier()
	}
	for i := range m.Parts {
		p := &m.Parts[i]
		src, dst := f.data[p.Root.ID][p.FromOffset:], out[p.Offset:]
		last := len(p.Axes) - 1
		if last < 0 {
			if index == 0 {
				dst[0] = src[0]
			}
			continue
		}
		from, to := team.Share(p.Rows, index)
		for row := from; row < to; row++ {
			s, d := offset(row, p.Axes[:last], p.From[:last]), offset(row, p.Axes[:last], p.To[:last])
			copyRow(dst[d:], p.To[last], src[s:], p.From[last], p.Axes[last])
		}
	}
}

// copyRow copies n elements between strided runs.
func copyRow(dst []float32, to int, src []float32, from, n int) {
	if to == 1 && from == 1 {
		copy(dst[:n], src[:n])
		return
	}
	for i := range n {
		dst[i*to] = src[i*from]
	}
}
