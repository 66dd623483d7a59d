package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/study"
	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

// quickstartAnswer is what quickstart --json prints.
type quickstartAnswer struct {
	Twins     []twinAnswer       `json:"twins"`
	Baselines map[string]float64 `json:"baselines"` // bits per byte
	Verdict   string             `json:"verdict"`
	Report    string             `json:"report"`
}

type twinAnswer struct {
	Norm      string  `json:"norm"`
	Params    int64   `json:"params"`
	Tokens    int64   `json:"tokens"`
	ValBPB    float64 `json:"val_bpb"`
	PerSecond float64 `json:"train_tok_per_s"`
	FinalLoss float64 `json:"final_loss"`
}

func quickstartCommand(c *console) *cobra.Command {
	var budget time.Duration
	var out, text, backendName string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "quickstart",
		Short: "Train twins, RMSNorm and DyT, on the source code of Go's standard library; print a table and write a report",
		Long: `quickstart trains two small LLaMAs over bytes from one start on the same text, one with RMSNorm and one with DyT, for as many
tokens as fit into the budget, and compares them with baselines that need no faith. One seed is no evidence: the verdict
says so, and how to get an interval.`,
		Example: "  dyt quickstart\n  dyt quickstart --budget 20s --out runs/first --json\n  dyt quickstart --data notes.txt",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			started := time.Now()
			if budget < time.Second {
				return usage("--budget is %v, expected at least 1s", budget)
			}
			source, err := textSource(text)
			if err != nil {
				return err
			}
			if err := emptyFolder(out); err != nil {
				return err
			}
			w, err := openWorkplace(cmd, backendName)
			if err != nil {
				return err
			}
			defer w.close()
			q := study.Quickstart{Budget: budget, Started: started, Source: source, Dir: out, Seed: seed, Say: c.note, Watch: c.watch()}
			done, err := q.Run(w.ctx, w.backend)
			if err != nil {
				return trainError(err)
			}
			n := train.Notes{Lead: leadOf(done.Twins), Command: commandLine(), References: done.References(), Identity: identity(w.backend.Description(), done.Data)}
			if err := n.Write(out); err != nil {
				return trainError(err)
			}
			path, err := draw(out)
			if err != nil {
				return err
			}
			return c.result(answerOf(done, path), func(w io.Writer) { printQuickstart(w, done, path) })
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&budget, "budget", 3*time.Minute, "time for the whole command")
	flags.StringVar(&out, "out", filepath.Join("runs", "quickstart"), "folder of runs and report")
	flags.StringVar(&text, "data", "", "a text file or a folder of texts (default: the source of Go's standard library)")
	flags.Uint64Var(&seed, "seed", 1, "of first values and order of the text")
	addBackend(flags, &backendName)
	return cmd
}

// textSource is what --data means: nothing for Go's source, a file, or a folder.
func textSource(path string) (data.Config, error) {
	if path == "" {
		return data.Config{Source: "goroot"}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return data.Config{}, conf.WithCode(fmt.Errorf("--data: %w; expected a text file or a folder", err), conf.ExitInput)
	}
	if info.IsDir() {
		return data.Config{Source: "folder", Path: path}, nil
	}
	return data.Config{Source: "file", Path: path}, nil
}

func answerOf(q *study.Quickstarted, path string) quickstartAnswer {
	a := quickstartAnswer{Verdict: string(q.Verdict), Report: path, Baselines: map[string]float64{
		"order0": q.Baselines.Order[0], "order1": q.Baselines.Order[1], "order2": q.Baselines.Order[2], "order3": q.Baselines.Order[3], "gzip": q.Baselines.Gzip}}
	for _, s := range []train.Summary{q.Pairs[0].Baseline, q.Pairs[0].Candidate} {
		a.Twins = append(a.Twins, twinAnswer{s.Norm, s.Params, s.Tokens, s.ValBPB, s.PerSec, s.Loss})
	}
	return a
}

func printQuickstart(w io.Writer, q *study.Quickstarted, path string) {
	printSummaries(w, "twin", q.Pairs[0].Baseline, q.Pairs[0].Candidate)
	fmt.Fprintf(w, "baseline  %s\n", q.Line())
	fmt.Fprintf(w, "verdict   %s; %s\n", q.Headline(), q.Detail())
	twin := q.Runs[q.Candidate.NormName()]
	said := q.Samples[len(q.Samples)-1]
	fmt.Fprintf(w, "sample    %s\n\n    %s\n\n", said.Title, strings.ReplaceAll(strings.TrimSpace(said.Text), "\n", "\n    "))
	fmt.Fprintf(w, "report    %s\n", path)
	fmt.Fprintf(w, "next      dyt compare %s --seeds 3    an interval and a verdict\n", filepath.Dir(path))
	fmt.Fprintf(w, "          dyt generate %s --prompt %q --temperature 0.8\n", twin, q.Data.Prompt())
	fmt.Fprintf(w, "          dyt info %s    alpha and saturation at every norm site\n", twin)
	fmt.Fprintf(w, "          dyt bench layers    what a norm costs on this machine\n")
}
