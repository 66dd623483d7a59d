package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/dyt-go/dyt/cpu/build"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

// inspectAnswer is what inspect --ir --json prints.
type inspectAnswer struct {
	Page       string         `json:"page"`
	Stages     []inspectStage `json:"stages"`
	Steps      int            `json:"steps"`       // of the plan
	Delegated  int            `json:"delegated"`   // of them left to GoMLX's Go backend
	ArenaBytes int            `json:"arena_bytes"` // that a step needs beside inputs and results
}

type inspectStage struct {
	Name string `json:"name"`
	Ops  int    `json:"ops"`
}

func inspectCommand(c *console) *cobra.Command {
	var f recipeFlags
	var asIR bool
	var out string
	cmd := &cobra.Command{
		Use:   "inspect --ir RECIPE",
		Short: "Show what the engine makes of a training step: a page with a column for each pass",
		Long: `inspect --ir compiles the training step of a recipe (forward, backward, clip, update) on the dyt engine and writes one HTML file that
needs no network and no script: the operations as recorded, after each pass, and the plan that runs. No data is read and nothing is
run, so a network may be larger than memory.`,
		Example: "  dyt inspect --ir llama-0.1M\n  dyt inspect --ir llama-0.87M --norm rmsnorm --out rmsnorm.html --json",
		Args:    exactly(1, "a recipe: a preset, a YAML file or the folder of a run"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !asIR {
				return usage("dyt inspect wants --ir, the only thing that it shows")
			}
			r, err := f.resolve(args[0])
			if err != nil {
				return err
			}
			if f.print {
				return c.printConfig(r)
			}
			return c.inspectStep(r, out)
		},
	}
	f.unread = true
	f.add(cmd)
	cmd.Flags().BoolVar(&asIR, "ir", false, "the operations of a training step, after each pass of the compiler")
	cmd.Flags().StringVar(&out, "out", "", "the page (default: MODEL_NORM_ir.html here)")
	return cmd
}

// inspectStep compiles the training step of r and writes its page.
func (c *console) inspectStep(r *train.Resolved, page string) error {
	backend, err := openLookedAt()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	if err := r.Rehearse(backend); err != nil {
		return trainError(err)
	}
	if page == "" {
		page = fmt.Sprintf("%s_%s_ir.html", r.Model.Arch+"-"+r.Model.Variant, r.Norm.Kind)
	}
	all := backend.Compiled()
	answer, columns := lookInto(all[len(all)-1])
	answer.Page = page
	title := fmt.Sprintf("A training step of %s with %s", r.Describe(), r.Norm.Kind)
	lead := fmt.Sprintf("%d operations become %d steps, %d of them left to GoMLX's Go backend. A step needs %.1f MiB beside weights and batch.",
		answer.Stages[0].Ops, answer.Steps, answer.Delegated, float64(answer.ArenaBytes)/(1<<20))
	if err := report.WriteStages(page, title, lead, columns); err != nil {
		return conf.WithCode(err, conf.ExitFailed)
	}
	return c.result(answer, func(w io.Writer) { printStages(w, &answer) })
}

// lookInto counts what a compiled step has and writes out each of its stages, the plan last.
func lookInto(step build.Compiled) (answer inspectAnswer, columns []report.Stage) {
	plan := step.Plan()
	for _, s := range step.Stages {
		answer.Stages = append(answer.Stages, inspectStage{s.Pass, s.Ops})
		columns = append(columns, report.Stage{Name: s.Pass, Why: s.Why, Lines: lines(s.Text)})
	}
	for i := range plan.Steps {
		if plan.Steps[i].Region != nil {
			answer.Delegated++
		}
	}
	answer.Steps, answer.ArenaBytes = len(plan.Steps), plan.Arena
	return answer, append(columns, report.Stage{Name: "plan", Why: "what runs, in this order", Lines: lines(plan.String())})
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

func printStages(w io.Writer, a *inspectAnswer) {
	rows := [][]string{{"stage", "operations"}}
	for _, s := range a.Stages {
		rows = append(rows, []string{s.Name, thousands(s.Ops)})
	}
	table(w, append(rows, []string{"plan", fmt.Sprintf("%s steps, %d delegated", thousands(a.Steps), a.Delegated)}))
	fmt.Fprintf(w, "page      %s\n", a.Page)
}
