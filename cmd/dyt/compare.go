package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

// compareAnswer is what compare --json prints. Differences are candidate minus baseline; lower is better.
type compareAnswer struct {
	Baseline  string         `json:"baseline"`
	Candidate string         `json:"candidate"`
	Measure   string         `json:"measure"`
	Pairs     []pairAnswer   `json:"pairs"`
	Mean      float64        `json:"mean_difference"`
	Interval  *stat.Interval `json:"interval"` // of 95 %; null where there is none
	Verdict   stat.Verdict   `json:"verdict"`
	Headline  string         `json:"headline"`
	Target    *targetAnswer  `json:"tokens_to_target"` // null when a run has fewer than two evaluations
	Different []string       `json:"also_different"`
	Failed    string         `json:"failed"` // the part of --fail-if that holds
	Report    string         `json:"report"`
}

type targetAnswer struct {
	Measure   float64 `json:"measure"` // the worst end of any run
	Baseline  float64 `json:"baseline_tokens"`
	Candidate float64 `json:"candidate_tokens"`
}

type pairAnswer struct {
	Seed       uint64        `json:"seed"`
	Baseline   train.Summary `json:"baseline"`
	Candidate  train.Summary `json:"candidate"`
	Difference float64       `json:"difference"`
	InitHash   string        `json:"init_sha256"`
}

func compareCommand(c *console) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare RECIPE",
		Short: "Train twins that differ in their norm alone, over seeds, and say what that shows",
		Long: `compare trains each seed twice, with the recipe's norm and with the one that the architecture had before: the same batches in the
same order, the same first values wherever both have them, equal tokens, optimizer and schedule. The paired t interval over
seeds decides; one seed decides nothing. Several names after --norm are ranked against one baseline, whose runs they share; the
verdicts are then those of Holm's correction. Beside norms, the methods fixup, skipinit and sigmareparam may be named, which do
without a norm and act elsewhere. Interrupted, the same command goes on where it stopped; more seeds later cost only
their own runs. Of a folder that quickstart or compare left it goes on in that folder.`,
		Example: `  dyt compare llama-0.1M --seeds 3 --tokens 100k
  dyt compare llama-0.87M --norm derf --against rmsnorm --seeds 5 --match-extras
  dyt compare llama-0.1M --norm dyt,derf,fixup --seeds 5 --tokens 100k
  dyt compare runs/quickstart --seeds 3 --fail-if worse,difference>0.05 --json`,
		Args: exactly(1, "a recipe: a preset, a YAML file, or the folder of a run or a comparison"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.compare(cmd, &f, args[0]) },
	}
	f.many = true
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.seeds, "seeds", "3", "how many, from the recipe's seed on, or a list: 1,2,3")
	flags.StringVar(&f.against, "against", "", "the baseline's norm (default: the architecture's own)")
	flags.BoolVar(&f.matchExtras, "match-extras", false, "give the baseline what the candidate's norm brings along, as a control")
	flags.StringVar(&f.failIf, "fail-if", "", "end with 5 on one of: better, worse, no-difference, no-claim, identical, difference>X")
	flags.StringVar(&f.out, "out", "", "folder of the runs and the report (default: runs/compare_RECIPE)")
	addBackend(flags, &f.backend)
	return cmd
}

// compareFlags are the settings of dyt compare.
type compareFlags struct {
	recipeFlags
	seeds, against, failIf, out, backend string
	matchExtras                          bool
}

// compare trains the recipe of that name against one baseline, or several candidates.
func (c *console) compare(cmd *cobra.Command, f *compareFlags, name string) error {
	condition := train.Condition(f.failIf)
	if err := condition.Check(); err != nil {
		return conf.WithCode(err, conf.ExitUsage)
	}
	r, err := f.resolve(name)
	if err != nil {
		return err
	}
	if f.print {
		return c.printConfig(r)
	}
	if names := f.candidates(); len(names) > 1 {
		ranking, err := r.Ranking(names, f.against, f.seeds, f.matchExtras)
		if err != nil {
			return conf.WithCode(err, conf.ExitUsage)
		}
		return c.rank(cmd, f, r, ranking, condition)
	} else if len(names) == 1 {
		if r.Recipe, err = r.With(names[0]); err != nil {
			return conf.WithCode(err, conf.ExitUsage)
		}
	}
	t, err := r.Twins(f.against, f.seeds, f.matchExtras)
	if err != nil {
		return conf.WithCode(err, conf.ExitUsage)
	}
	return c.twins(cmd, f, r, t, condition)
}

// twins trains twins and prints what they came to.
func (c *console) twins(cmd *cobra.Command, f *compareFlags, r *train.Resolved, t train.Twins, condition train.Condition) error {
	if f.out == "" {
		f.out = comparisonFolder(cmd.Flags().Arg(0), r, t)
	}
	w, d, err := c.prepare(cmd, f, r, leadOf(t), fmt.Sprintf("twins: %s each, %s and %s, seeds %v", t.Candidate.Describe(), t.Baseline.NormName(), t.Candidate.NormName(), t.Seeds))
	if err != nil {
		return err
	}
	defer w.close()
	t.Say = c.note
	done, err := t.Run(w.ctx, w.backend, d, f.out, c.watch(), nil)
	if err != nil {
		return c.halted(err)
	}
	return c.compared(done, condition, f.out)
}

// prepare opens where a comparison runs and its data, says what will run, and keeps in its folder what its report leads with. The
// workplace is the caller's to close unless there is an error.
func (c *console) prepare(cmd *cobra.Command, f *compareFlags, r *train.Resolved, lead, says string) (w *workplace, d *data.Dataset, err error) {
	if err := writableFolder(f.out); err != nil {
		return nil, nil, err
	}
	if w, err = openWorkplace(cmd, f.backend); err != nil {
		return nil, nil, err
	}
	if d, err = c.load(w, r.Recipe); err != nil {
		w.close()
		return nil, nil, err
	}
	c.note("%s, in %s", says, f.out)
	n := train.Notes{Lead: lead, Command: commandLine(), Identity: identity(w.backend.Description(), d)}
	if err := n.Keep(f.out); err != nil {
		w.close()
		return nil, nil, trainError(err)
	}
	return w, d, nil
}

// halted says how a comparison that a signal stopped goes on.
func (c *console) halted(err error) error {
	if interrupted := new(train.Interrupted); errors.As(err, &interrupted) {
		c.note("the same command goes on with the comparison")
	}
	return trainError(err)
}

// comparisonFolder is where a comparison goes: the folder that is one already, or a name by the recipe.
func comparisonFolder(name string, r *train.Resolved, t train.Twins) string {
	if train.IsComparison(name) {
		return name
	}
	return filepath.Join("runs", fmt.Sprintf("compare_%s_%s_%s", recipeName(name, r), t.Baseline.NormName(), t.Candidate.NormName()))
}

// recipeName is a recipe's name in folders: the preset, or the file without its ending.
func recipeName(name string, r *train.Resolved) string {
	if r.Preset == name {
		return name
	}
	return filepath.Base(strings.TrimSuffix(name, filepath.Ext(name)))
}

// compared draws the report and prints what a comparison came to.
func (c *console) compared(done *train.Comparison, condition train.Condition, out string) error {
	path, err := draw(out)
	if err != nil {
		return err
	}
	a := compareAnswer{Baseline: done.Baseline.NormName(), Candidate: done.Candidate.NormName(), Measure: measureOf(done.Baseline), Mean: done.Mean, Verdict: done.Verdict,
		Headline: done.Headline(), Different: append([]string{}, done.Extras...), Failed: condition.Holds(done), Report: path}
	for i, p := range done.Pairs {
		a.Pairs = append(a.Pairs, pairAnswer{p.Seed, p.Baseline, p.Candidate, done.Diffs[i], p.InitHash})
	}
	if done.Interval.Exists() {
		a.Interval = &done.Interval
	}
	if b, c := done.MeanToTarget(); !math.IsNaN(b + c) {
		a.Target = &targetAnswer{done.Target(), b, c}
	}
	if err := c.result(a, func(w io.Writer) { a.print(w, done) }); err != nil || a.Failed == "" {
		return err
	}
	return conf.WithCode(fmt.Errorf("--fail-if %s: %s", a.Failed, a.Headline), conf.ExitCheck)
}

// measureOf is what decides.
func measureOf(r train.Recipe) string {
	if r.Data.IsText() {
		return "bits per byte"
	}
	return "share of wrong predictions"
}

func (a compareAnswer) print(w io.Writer, done *train.Comparison) {
	rows := [][]string{{"seed", a.Baseline, a.Candidate, "difference", done.Baseline.Unit() + "/s", done.Baseline.Unit() + "/s", "alpha mean", "saturated"}}
	for _, p := range a.Pairs {
		rows = append(rows, []string{fmt.Sprint(p.Seed), fmt.Sprintf("%.4f", p.Baseline.Measure()), fmt.Sprintf("%.4f", p.Candidate.Measure()), fmt.Sprintf("%+.4f", p.Difference),
			thousands(int64(p.Baseline.PerSec)), thousands(int64(p.Candidate.PerSec)), number(p.Candidate.MeanAlpha()), percent(p.Candidate.MeanSaturated())})
	}
	table(w, rows)
	first := a.Pairs[0]
	fmt.Fprintf(w, "measure   %s on validation data, lower is better\n", a.Measure)
	fmt.Fprintf(w, "twins     %s %s each; %s and %s parameters\n", thousands(first.Baseline.Tokens), done.Baseline.Unit(), thousands(first.Baseline.Params), thousands(first.Candidate.Params))
	for _, extra := range a.Different {
		fmt.Fprintf(w, "also      %s with %s\n", extra, a.Candidate)
	}
	if a.Target != nil {
		fmt.Fprintf(w, "target    %.4f after %s %s with %s, %s with %s\n", a.Target.Measure, thousands(int64(a.Target.Baseline)), done.Baseline.Unit(), a.Baseline, thousands(int64(a.Target.Candidate)), a.Candidate)
	}
	fmt.Fprintf(w, "verdict   %s; %s\n", a.Headline, done.Detail())
	fmt.Fprintf(w, "report    %s\n", a.Report)
}
