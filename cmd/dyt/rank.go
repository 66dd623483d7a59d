package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

// rankAnswer is what compare --json prints of several candidates.
type rankAnswer struct {
	Baseline string       `json:"baseline"`
	Measure  string       `json:"measure"`
	Seeds    []uint64     `json:"seeds"`
	Ranking  []rankedName `json:"ranking"` // best mean difference first
	Headline string       `json:"headline"`
	Failed   string       `json:"failed"` // the part of --fail-if that holds of a candidate
	Report   string       `json:"report"`
}

// rankedName is a candidate against the baseline.
type rankedName struct {
	Candidate string         `json:"candidate"`
	Mean      float64        `json:"mean_difference"`
	Interval  *stat.Interval `json:"interval"` // of this comparison alone
	Adjusted  *float64       `json:"p_holm"`   // decides; null where there is no test
	Verdict   stat.Verdict   `json:"verdict"`
	Different []string       `json:"also_different"`
}

// rank trains a ranking and prints what it came to.
func (c *console) rank(cmd *cobra.Command, f *compareFlags, r *train.Resolved, ranking *train.Ranking, condition train.Condition) error {
	names := []string{}
	for _, candidate := range ranking.Candidates {
		names = append(names, candidate.NormName())
	}
	baseline := ranking.Baseline
	if f.out == "" {
		f.out = filepath.Join("runs", fmt.Sprintf("rank_%s_%s_%s", recipeName(cmd.Flags().Arg(0), r), baseline.NormName(), strings.Join(names, "_")))
	}
	lead := fmt.Sprintf("Each from the start of its %s twin, on the same batches in the same order: %s.", baseline.Title(), baseline.Describe())
	w, d, err := c.prepare(cmd, f, r, lead, fmt.Sprintf("%s each: %s against %s, seeds %v", baseline.Describe(), strings.Join(names, ", "), baseline.NormName(), ranking.Seeds))
	if err != nil {
		return err
	}
	defer w.close()
	ranking.Say = c.note
	if err := ranking.Run(w.ctx, w.backend, d, f.out, c.watch()); err != nil {
		return c.halted(err)
	}
	return c.ranked(ranking, condition, f.out)
}

// ranked draws the report and prints the ranking.
func (c *console) ranked(r *train.Ranking, condition train.Condition, out string) error {
	path, err := draw(out)
	if err != nil {
		return err
	}
	a := rankAnswer{Baseline: r.Baseline.NormName(), Measure: measureOf(r.Baseline), Seeds: r.Seeds, Headline: r.Headline(), Report: path}
	for _, row := range r.Rows {
		one := rankedName{Candidate: row.Candidate.NormName(), Mean: row.Mean, Verdict: row.Verdict, Different: append([]string{}, row.Extras...)}
		if row.Interval.Exists() {
			one.Interval = &row.Interval
		}
		if !math.IsNaN(row.Adjusted) {
			one.Adjusted = &row.Adjusted
		}
		a.Ranking = append(a.Ranking, one)
		if holds := condition.Holds(row.Comparison); holds != "" && a.Failed == "" {
			a.Failed = holds + " of " + one.Candidate
		}
	}
	err = c.result(a, func(w io.Writer) {
		table(w, r.Table())
		fmt.Fprintf(w, "measure   %s on validation data, candidate minus %s, lower is better\n", a.Measure, r.Baseline.Title())
		for _, row := range a.Ranking {
			for _, extra := range row.Different {
				fmt.Fprintf(w, "also      %s with %s\n", extra, row.Candidate)
			}
		}
		fmt.Fprintf(w, "verdict   %s; %s\n", a.Headline, r.Detail())
		fmt.Fprintf(w, "report    %s\n", a.Report)
	})
	if err != nil || a.Failed == "" {
		return err
	}
	return conf.WithCode(fmt.Errorf("--fail-if %s: %s", a.Failed, a.Headline), conf.ExitCheck)
}
