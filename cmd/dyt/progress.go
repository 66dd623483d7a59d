package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/dyt-go/dyt/train"
)

// status returns a printer of one line that changes: redrawn in place on a terminal, else printed at most once in every.
// A final line stays.
func (c *console) status(every time.Duration) func(text string, final bool) {
	terminal := isTerminal(c.err)
	if terminal {
		every = 200 * time.Millisecond
	}
	var last time.Time
	return func(text string, final bool) {
		if time.Since(last) < every && !final {
			return
		}
		last = time.Now()
		switch {
		case !terminal:
			fmt.Fprintln(c.err, text)
		case final:
			fmt.Fprintf(c.err, "\r\x1b[K%s\n", text)
		default:
			fmt.Fprintf(c.err, "\r\x1b[K%s", text)
		}
	}
}

// count writes a number of things: 1 update, 2 updates.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return thousands(n) + " " + thing
}

// watch returns the progress of runs, nil when nobody wants to hear of it.
func (c *console) watch() train.Watch {
	if c.quiet {
		return nil
	}
	print := c.status(10 * time.Second)
	return func(r train.Recipe, m train.Metrics, steps int) {
		line := fmt.Sprintf("%-9s seed %d  step %d/%d  loss %.3f  lr %.2g", r.NormName(), r.Train.Seed, m.Step, steps, m.Loss, m.LR)
		if m.EvalBPB != nil {
			line += fmt.Sprintf("  validation %.3f bits per byte", *m.EvalBPB)
		} else if m.EvalTop1 != nil {
			line += fmt.Sprintf("  validation %.1f %% correct", 100**m.EvalTop1)
		}
		print(line, m.Step == steps || c.verbose > 1 || c.verbose > 0 && m.PerSecond > 0)
	}
}

// printSummaries prints a table of runs, its first column headed what.
func printSummaries(w io.Writer, what string, runs ...train.Summary) {
	seen, measure, speed := "tokens", "val bits/byte", "tok/s train"
	if runs[0].ValBPB == 0 {
		seen, measure, speed = "images", "val top-1", "img/s train"
	}
	rows := [][]string{{what, "params", seen, measure, speed, "final loss", "saturated", "alpha mean"}}
	for _, s := range runs {
		value := fmt.Sprintf("%.3f", s.ValBPB)
		if s.ValBPB == 0 {
			value = percent(s.ValTop1)
		}
		rows = append(rows, []string{s.Norm, thousands(s.Params), thousands(s.Tokens), value,
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
