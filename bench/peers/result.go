package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/dyt-go/dyt/internal/history"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/weights"
)

// row compares us with one peer at one workload, and goes into the history.
type row = history.Row

// rows returns the peers in the order of their speed, the best first, and the roof.
func (o *outcome) rows() []row {
	var list []row
	for _, peer := range o.peers {
		list = append(list, compare(o.name, peer, o.ms[ours], o.ms[peer], o.bar))
	}
	slices.SortFunc(list, func(a, b row) int { return cmp.Compare(a.PeerMS, b.PeerMS) })
	ms, what := o.roofMS()
	list = append(list, compare(o.name, what, o.ms[ours], ms, o.bound))
	if o.gemmBound > 0 {
		dense, densePeak, heads, headsPeak := o.gemmMS()
		list = append(list, compare(o.name+" dense products", what, dense, densePeak, o.gemmBound), compare(o.name+" products of heads", what, heads, headsPeak, 0))
	}
	return list
}

// compare relates samples of the same rounds.
func compare(work, peer string, us, them []float64, bar float64) row {
	r := row{Work: work, Ours: stat.Median(us), Peer: peer, PeerMS: stat.Median(them)}
	r.Ratio = r.Ours / r.PeerMS
	ratios := make([]float64, len(us))
	for i := range us {
		ratios[i] = us[i] / them[i]
	}
	r.Spread = (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / 2
	if bar > 0 {
		r.Bar = &bar
	}
	return r
}

// quantile interpolates between the two nearest of the sorted values.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// verdict is one word for a row that has a bar and, of its workload, comes first.
func verdict(r row, first bool) string {
	switch {
	case r.Bar == nil || !first:
		return ""
	case r.Ratio <= *r.Bar:
		return "reached"
	}
	return "missed"
}

// table prints rows; of each workload the first is the best peer, whose ratio counts.
func table(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "work\tours\tpeer\tpeer's\tratio\tspread\tbar\t")
	seen := map[string]bool{}
	for _, r := range rows {
		first := r.Bar != nil && !seen[r.Work]
		seen[r.Work] = seen[r.Work] || first
		bar, unit := "-", r.Unit
		if r.Bar != nil {
			bar = fmt.Sprintf("%.2f", *r.Bar)
		}
		if unit == "" {
			unit = "ms"
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s %s\t%.3f\t±%.3f\t%s\t%s\n", r.Work, figure(r.Ours), unit, r.Peer, figure(r.PeerMS), unit, r.Ratio, r.Spread, bar, verdict(r, first))
	}
	t.Flush()
}

// figure prints three digits, and every digit before the point.
func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// writeRows writes the rows as a JSON array.
func writeRows(path string, rows []row) error {
	return weights.AtomicFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	})
}

// medianRoofs is the roof of a whole run; nothing of a run that measured none.
func medianRoofs(outcomes []*outcome) (gflops map[string]float64, copied float64) {
	byFlavour, copies := map[string][]float64{}, []float64{}
	for _, o := range outcomes {
		for _, r := range o.roofs {
			copies = append(copies, r.Copy)
			for flavour, v := range r.GFLOPS {
				byFlavour[flavour] = append(byFlavour[flavour], v)
			}
		}
	}
	if len(copies) == 0 {
		return nil, 0
	}
	gflops = map[string]float64{}
	for flavour, list := range byFlavour {
		gflops[flavour] = math.Round(10*stat.Median(list)) / 10
	}
	return gflops, math.Round(10*stat.Median(copies)) / 10
}
