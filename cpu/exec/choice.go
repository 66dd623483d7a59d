package exec

import (
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// choose writes the worker's share of the rows: those that stay, unless they lie there already, then those that are replaced.
func choose(c *plan.Choice, f *frame, team *par.Team, index int) {
	from, to := team.Share(c.Rows(), index)
	if from == to {
		return
	}
	out, y := f.data[c.Out.ID], f.data[c.Y.Root.ID]
	if &out[0] != &y[0] {
		copy(out[from*c.Row:to*c.Row], y[from*c.Row:])
	}
	truth, x := f.raw[c.Truth.Root.ID][c.Truth.Offset:], f.data[c.X.Root.ID][c.X.Offset:]
	for row := from; row < to; {
		at, step, rows := runFrom(row, c.Axes, c.TruthSteps)
		source, xstep, _ := runFrom(row, c.Axes, c.XSteps)
		rows = min(rows, to-row)
		for r := range rows {
			if truth[at+r*step] != 0 {
				copy(out[(row+r)*c.Row:][:c.Row], x[source+r*xstep:])
			}
		}
		row += rows
	}
}
