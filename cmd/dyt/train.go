package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// trainAnswer is what train --json prints.
type trainAnswer struct {
	Dir        string `json:"dir"`
	Checkpoint string `json:"checkpoint"` // the last one: a model folder
	Best       string `json:"best"`       // the best that was evaluated; empty without any
	Report     string `json:"report"`
	Steps      int    `json:"steps"`
	train.Summary
	Warnings []string       `json:"warnings"` // of the norm sites at the start
	Changes  []train.Change `json:"config_changes"`
}

// trainFlags are those of train.
type trainFlags struct {
	recipeFlags
	out, backend      string
	resume, mayChange bool
}

func trainCommand(c *console) *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train RECIPE",
		Short: "Train one network from a recipe",
		Long: `train makes one run: a folder with the resolved recipe, metrics, checkpoints in the layout of transformers or timm, and a report.
checkpoints/last and checkpoints/best are links to the newest checkpoint and to the best of those whose step was evaluated.
Interrupted by SIGINT, SIGTERM or SIGUSR1 it finishes the update, leaves a checkpoint and ends with 130, 143 or 75; --resume
goes on from the newest checkpoint, to the same bits as a run that was never stopped. It refuses another recipe, but with
--allow-config-change takes one whose budget, schedule or intervals differ, and writes down what changed.`,
		Example: `  dyt train llama-0.87M --tokens 500k
  dyt train llama-0.1M --norm rmsnorm --optim.lr 3e-3 --out runs/first --json
  dyt train llama-0.1M --print-config
  dyt train runs/first --resume
  dyt train runs/first --resume --tokens 1M --allow-config-change`,
		Args: exactly(1, "a recipe: a preset, a YAML file or the folder of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.resolve(args[0])
			if err != nil {
				return err
			}
			if f.print {
				return c.printConfig(r)
			}
			if err := f.settle(r); err != nil {
				return err
			}
			return c.train(cmd, &f, r)
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the run's folder (default: runs/RECIPE_NORM_sSEED)")
	flags.BoolVar(&f.resume, "resume", false, "go on from the newest checkpoint in the folder, if there is one")
	flags.BoolVar(&f.mayChange, "allow-config-change", false, "with --resume, go on with a recipe that has changed")
	addBackend(flags, &f.backend)
	return cmd
}

// settle chooses the run's folder and refuses one that the run cannot have.
func (f *trainFlags) settle(r *train.Resolved) error {
	if f.out == "" && r.Folder != "" && f.resume {
		f.out = r.Folder
	} else if f.out == "" {
		f.out = defaultFolder(r)
	}
	if f.mayChange && !f.resume {
		return usage("--allow-config-change goes with --resume: a fresh run has no other recipe")
	}
	if f.resume {
		return writableFolder(f.out)
	}
	return emptyFolder(f.out)
}

// train makes the run and prints what it came to.
func (c *console) train(cmd *cobra.Command, f *trainFlags, r *train.Resolved) error {
	w, err := openWorkplace(cmd, f.backend)
	if err != nil {
		return err
	}
	defer w.close()
	d, err := c.load(w, r.Recipe)
	if err != nil {
		return err
	}
	run, err := f.open(w.backend, r.Recipe, d)
	if err != nil {
		return trainError(err)
	}
	defer run.Close()
	answer := trainAnswer{Dir: f.out, Warnings: []string{}}
	n := train.Notes{Command: commandLine(), Identity: identity(w.backend.Description(), d)}
	if err := errors.Join(run.WriteSources(r.Sources()), n.Write(f.out), c.begin(run, r, &answer)); err != nil {
		return trainError(err)
	}
	watch := c.watch()
	err = run.Train(w.ctx, func(m train.Metrics) {
		if watch != nil {
			watch(r.Recipe, m, r.Steps())
		}
	})
	if err != nil {
		return trainError(err)
	}
	return c.end(run, &answer)
}

// open opens the run, with a recipe that has changed where that is allowed.
func (f *trainFlags) open(backend compute.Backend, r train.Recipe, d *data.Dataset) (*train.Run, error) {
	if f.mayChange {
		return train.OpenChanged(backend, r, d, f.out)
	}
	run, err := train.Open(backend, r, d, f.out)
	if changed := new(train.ConfigChanged); errors.As(err, &changed) {
		return nil, fmt.Errorf("%w, or --allow-config-change", err)
	}
	return run, err
}

// begin says what the run is and how its norm sites start.
func (c *console) begin(run *train.Run, r *train.Resolved, answer *trainAnswer) error {
	done, all := run.Steps()
	c.note("%s with %s, seed %d: %s, in %s", r.Describe(), r.NormName(), r.Train.Seed, count(all, "update"), run.Dir())
	for _, damaged := range run.Skipped {
		c.note("warning: passed over: %v", damaged)
	}
	for _, d := range run.Changed() {
		c.note("changed: %s is %s, before %s", d.Key, d.New, d.Old)
	}
	if done > 0 {
		c.note("going on after update %s", thousands(done))
		return nil
	}
	sites, err := run.Start()
	if err != nil {
		return err
	}
	for _, line := range train.Warnings(sites) {
		answer.Warnings = append(answer.Warnings, line)
		c.note("warning: %s", line)
	}
	return nil
}

// end prints what the run came to.
func (c *console) end(run *train.Run, answer *trainAnswer) error {
	s := run.Summary()
	answer.Summary = s
	answer.Steps, _ = run.Steps()
	checkpoints, err := train.Checkpoints(run.Dir())
	if err != nil || len(checkpoints) == 0 {
		return conf.WithCode(fmt.Errorf("no checkpoint in %s: %w", run.Dir(), err), conf.ExitFailed)
	}
	answer.Checkpoint = checkpoints[len(checkpoints)-1]
	record, err := train.ReadRun(run.Dir())
	if err != nil {
		return trainError(err)
	}
	answer.Changes = append([]train.Change{}, record.Changes...)
	if answer.Best, err = train.Best(run.Dir()); err != nil {
		return trainError(err)
	}
	if answer.Report, err = draw(run.Dir()); err != nil {
		return err
	}
	return c.result(answer, func(w io.Writer) {
		printSummaries(w, "run", s)
		fmt.Fprintf(w, "model     %s\n", answer.Checkpoint)
		if answer.Best != answer.Checkpoint && answer.Best != "" {
			fmt.Fprintf(w, "best      %s\n", answer.Best)
		}
		fmt.Fprintf(w, "report    %s\n", answer.Report)
		if s.ValBPB > 0 {
			fmt.Fprintf(w, "next      dyt generate %s --temperature 0.8\n", answer.Checkpoint)
		}
	})
}
