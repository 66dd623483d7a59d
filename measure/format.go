package measure

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Report is a set of rows with all that is needed to read them elsewhere.
type Report struct {
	Time       string   `json:"time"` // RFC 3339, UTC
	Version    string   `json:"version"`
	Commit     string   `json:"commit,omitempty"`
	Modified   bool     `json:"modified,omitempty"` // the working tree had changes
	Go         string   `json:"go"`
	OS         string   `json:"os"`
	Arch       string   `json:"arch"`
	CPU        string   `json:"cpu"`
	Flavour    string   `json:"flavour"` // of kernels
	Threads    int      `json:"threads"`
	Backend    string   `json:"backend"`
	About      string   `json:"about,omitempty"` // the size that was chosen
	Load       float64  `json:"load"`            // of the machine before, a minute's mean
	PeakGFLOPS float64  `json:"peak_gflops"`     // of the flavour, measured after the rows
	CopyGBPS   float64  `json:"copy_gbps"`       // of a copy beyond the caches, likewise
	Rows       []Row    `json:"rows"`
	Warnings   []string `json:"warnings"`
}

// Table writes rows in columns for a reader, each with its roof.
func (r Report) Table(w io.Writer) error {
	on := fmt.Sprintf("%s, %s kernels, %d threads", r.CPU, r.Flavour, r.Threads)
	if r.Backend != "" {
		on += ", " + r.Backend
	}
	fmt.Fprintf(w, "%s; float32; medians of %d samples\n", on, r.samples())
	if r.About != "" {
		fmt.Fprintln(w, r.About)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range r.cells() {
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if claim := ClaimTable(r.Rows); claim != nil {
		fmt.Fprintln(w)
		for _, line := range claim {
			fmt.Fprintln(t, strings.Join(line, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, says := range append(Verdicts(r.Rows), GrowthVerdicts(r.Rows)...) {
		fmt.Fprintln(w, says)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "note: "+warning)
	}
	return nil
}

// cells are the rows under their heads, without columns that none of them fills.
func (r Report) cells() [][]string {
	cells := [][]string{{"op", "norm", "fusion", "mode", "shape", "time", "±", "ns/row", "GB/s", "of copy", "GFLOP/s", "of peak", "to identity", "norms"}}
	for _, row := range r.Rows {
		ofCopy, ofPeak, gbps := percent(row.OfRoof), "", figure(row.GBPS)
		if row.Flops > 0 {
			ofCopy, ofPeak, gbps = "", ofCopy, ""
		}
		cells = append(cells, []string{row.Op, row.Norm, row.Fusion, row.Mode, row.shape(), duration(row.Median), row.spread(), figure(row.PerRow), gbps, ofCopy, figure(row.GFLOPS), ofPeak, figure(row.Ratio), row.norms()})
	}
	return filled(cells)
}

// filled drops the columns that have a head alone.
func filled(cells [][]string) [][]string {
	kept := make([][]string, len(cells))
	for column := range cells[0] {
		if !slices.ContainsFunc(cells[1:], func(line []string) bool { return line[column] != "" }) {
			continue
		}
		for i, line := range cells {
			kept[i] = append(kept[i], line[column])
		}
	}
	return kept
}

func (r Report) samples() int {
	n := 0
	for _, row := range r.Rows {
		n = max(n, len(row.Samples))
	}
	return n
}

// CSV writes one line a row; the samples are in the last column, with spaces between them.
func (r Report) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"time", "commit", "go", "os", "arch", "cpu", "flavour", "threads", "backend", "op", "norm", "fusion", "mode", "shape", "dtype",
		"median_ns", "ci95_low_ns", "ci95_high_ns", "ns_per_row", "flops", "bytes_moved", "gflops", "gbps", "of_roof", "rel_to_identity", "norms_ns", "norms_ci95_low_ns", "norms_ci95_high_ns", "repeats", "samples_ns"})
	for _, row := range r.Rows {
		samples := make([]string, len(row.Samples))
		for i, s := range row.Samples {
			samples[i] = plain(s)
		}
		c.Write([]string{r.Time, r.Commit, r.Go, r.OS, r.Arch, r.CPU, r.Flavour, strconv.Itoa(r.Threads), r.Backend, row.Op, row.Norm, row.Fusion, row.Mode, row.shape(), row.DType,
			plain(row.Median), plain(row.CI95[0]), plain(row.CI95[1]), plain(row.PerRow), plain(row.Flops), plain(row.Bytes), plain(row.GFLOPS), plain(row.GBPS),
			plain(row.OfRoof), plain(row.Ratio), plain(row.Norms), plain(row.NormsCI95[0]), plain(row.NormsCI95[1]), strconv.Itoa(row.Repeats), strings.Join(samples, " ")})
	}
	c.Flush()
	return c.Error()
}

// GoBench writes the format of go test -bench, one line a sample, which benchstat and golang.org/x/perf read.
func (r Report) GoBench(w io.Writer) error {
	for _, pair := range [][2]string{{"goos", r.OS}, {"goarch", r.Arch}, {"cpu", r.CPU}, {"commit", r.Commit}, {"flavour", r.Flavour}, {"backend", r.Backend}} {
		if pair[1] != "" {
			fmt.Fprintf(w, "%s: %s\n", pair[0], pair[1])
		}
	}
	fmt.Fprintln(w, "Unit GB/s better=higher")
	fmt.Fprintln(w, "Unit GFLOP/s better=higher")
	for _, row := range r.Rows {
		for _, ns := range row.Samples {
			fmt.Fprintf(w, "%s-%d %d %s ns/op", row.benchName(), r.Threads, row.Repeats, plain(ns))
			for _, v := range []struct {
				amount float64
				unit   string
			}{{row.Bytes / ns, "GB/s"}, {row.Flops / ns, "GFLOP/s"}} {
				if v.amount > 0 {
					fmt.Fprintf(w, " %s %s", plain(v.amount), v.unit)
				}
			}
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// benchName is BenchmarkLayer/norm=dyt/mode=both/shape=4096x256.
func (r Row) benchName() string {
	name := "Benchmark" + strings.ToUpper(r.Op[:1]) + r.Op[1:]
	for _, pair := range [][2]string{{"norm", r.Norm}, {"fusion", r.Fusion}, {"mode", r.Mode}, {"shape", r.shape()}} {
		if pair[1] != "" {
			name += "/" + pair[0] + "=" + pair[1]
		}
	}
	return name
}

func (r Row) shape() string {
	dims := make([]string, len(r.Shape))
	for i, d := range r.Shape {
		dims[i] = strconv.Itoa(d)
	}
	return strings.Join(dims, "x")
}

// norms is what a model's norms take, with the ends of its interval.
func (r Row) norms() string {
	if r.Norms == 0 {
		return ""
	}
	if r.NormsCI95 == [2]float64{} {
		return duration(r.Norms)
	}
	return fmt.Sprintf("%s (%s to %s)", duration(r.Norms), duration(r.NormsCI95[0]), duration(r.NormsCI95[1]))
}

// spread is half the confidence interval as a share of the median.
func (r Row) spread() string {
	if r.CI95 == [2]float64{} {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 50*(r.CI95[1]-r.CI95[0])/r.Median)
}

// plain prints v with six digits and no exponent where that is short.
func plain(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// figure prints three digits, and nothing for 0.
func figure(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

func duration(ns float64) string {
	switch size := math.Abs(ns); {
	case size >= 1e6:
		return figure(ns/1e6) + " ms"
	case size >= 1e3:
		return figure(ns/1e3) + " us"
	}
	return figure(ns) + " ns"
}
