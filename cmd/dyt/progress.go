package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
)

// watch returns the progress of runs: redrawn in place on a terminal, else a line every ten seconds.
func (c *console) watch() train.Watch {
	if c.quiet {
		return nil
	}
	terminal, every := c.terminal(), 10*time.Second
	if terminal {
		every = 200 * time.Millisecond
	}
	var last time.Time
	return func(seed uint64, kind norm.Kind, m train.Metrics, steps int) {
		done := m.Step == steps
		if time.Since(last) < every && !done {
			return
		}
		last = time.Now()
		line := fmt.Sprintf("%-9s seed %d  step %d/%d  loss %.3f  lr %.2g", kind, seed, m.Step, steps, m.Loss, m.LR)
		if m.EvalBPB != nil {
			line += fmt.Sprintf("  validation %.3f bits per byte", *m.EvalBPB)
		}
		switch {
		case !terminal:
			fmt.Fprintln(c.err, line)
		case done:
			fmt.Fprintf(c.err, "\r\x1b[K%s\n", line)
		default:
			fmt.Fprintf(c.err, "\r\x1b[K%s", line)
		}
	}
}

// printSummaries prints a table of runs, its first column headed what.
func printSummaries(w io.Writer, what string, runs ...train.Summary) {
	measure := "val bits/byte"
	if runs[0].ValBPB == 0 {
		measure = "val top-1"
	}
	rows := [][]string{{what, "params", "tokens", measure, "tok/s train", "final loss", "saturated", "alpha mean"}}
	for _, s := range runs {
		value := fmt.Sprintf("%.3f", s.ValBPB)
		if s.ValBPB == 0 {
			value = percent(s.ValTop1)
		}
		rows = append(rows, []string{string(s.Norm), thousands(s.Params), thousands(s.Tokens), value,
			thousands(int64(s.PerSec)), fmt.Sprintf("%.3f", s.Loss), percent(s.MeanSaturated()), number(s.MeanAlpha())})
	}
	table(w, rows)
}

func percent(share float64) string {
	if math.IsNaN(share) {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

func number(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}
