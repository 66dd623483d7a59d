package measure

import (
	"cmp"

	"github.com/dyt-go/dyt/internal/history"
)

// History is the report as a line of a history file: medians alone, each beside the time that the machine would take at its best.
func (r Report) History(command string) history.Line {
	l := history.Line{Time: r.Time, Command: command, Commit: r.source(), Modified: r.Modified, CPU: r.CPU, Threads: r.Threads, Clock: "wall", Rounds: r.samples(), Load: r.Load,
		GFLOPS: map[string]float64{r.Flavour: r.PeakGFLOPS}, Copy: r.CopyGBPS}
	for _, row := range r.Rows {
		h := history.Row{Work: row.work(), Ours: row.Median / 1e6}
		if row.OfRoof > 0 {
			h.PeerMS, h.Ratio, h.Spread = h.Ours*row.OfRoof, 1/row.OfRoof, (row.CI95[1]-row.CI95[0])/2/row.Median/row.OfRoof
			if h.Peer = "copy"; row.Flops > 0 {
				h.Peer = r.Flavour + " fma peak"
			}
		}
		l.Rows = append(l.Rows, h)
	}
	return l
}

// source is what the binary was made from, as far as it knows.
func (r Report) source() string {
	if version := r.Version; r.Commit == "" && version != "(devel)" {
		return version
	}
	return cmp.Or(r.Commit, history.Unknown)
}

// work is "layer dyt both 4096x256": what it is, and name.
func (r Row) work() string {
	if r.Norm == "" {
		return r.name()
	}
	return r.Op + " " + r.name()
}
