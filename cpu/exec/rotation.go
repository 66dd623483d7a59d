package exec

import (
	"github.com/dyt-go/dyt/cpu/kernel/attn"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// rotate turns the worker's share of the rows.
func rotate(r *plan.Rotation, k *attn.Rotary, f *frame, team *par.Team, index int) {
	x, y := f.data[r.X.Root.ID][r.X.Offset:], f.data[r.Out.ID]
	cos, sin := f.data[r.Cos.Root.ID][r.Cos.Offset:], f.data[r.Sin.Root.ID][r.Sin.Offset:]
	axes, together, xstep, ystep := r.Axes, r.Together(), 0, 0
	if together > 1 {
		last := len(axes) - 1
		axes, xstep, ystep = axes[:last], r.XSteps[last], r.YSteps[last]
	}
	rows := 1
	for _, d := range axes {
		rows *= d
	}
	from, to := team.Share(rows, index)
	for row := from; row < to; row++ {
		xs, ys, at := x[offset(row, axes, r.XSteps):], y[offset(row, axes, r.YSteps):], offset(row, axes, r.AngleSteps)
		c, s := cos[at:at+r.Pairs], sin[at:at+r.Pairs]
		if r.Neighbours {
			k.Neighbours(ys, xs, c, s, r.Sign, together, ystep, xstep)
		} else {
			k.Halves(ys, ys[r.YDistance:], xs, xs[r.XDistance:], c, s, r.Sign, together, ystep, xstep)
		}
	}
}
