package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

// reportAnswer is what report --json prints.
type reportAnswer struct {
	Report   string `json:"report"`
	Title    string `json:"title"`
	Verdict  string `json:"verdict"` // empty without complete pairs
	State    string `json:"state"`   // what is missing; empty when nothing is
	Drawings int    `json:"drawings"`
}

func reportCommand(c *console) *cobra.Command {
	var out string
	var follow, figures bool
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Draw the report of a run or a comparison from its folder, finished or not",
		Long: `report reads what train, compare and quickstart leave, and writes report.html: one file that needs no network and no script.
Nothing is trained. With --follow it is drawn again while the runs go on: reload the page in the browser.`,
		Example: "  dyt report runs/quickstart\n  dyt report runs/first --figures --out paper\n  dyt report runs/first --follow --every 30s",
		Args:    exactly(1, "the folder of a run or a comparison"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every < 100*time.Millisecond {
				return usage("--every is %v, expected at least 100ms", every)
			}
			if out == "" {
				out = args[0]
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			answer := reportAnswer{}
			for going := true; going; answer.Drawings++ {
				if answer.Drawings > 0 {
					if err := wait(ctx, every); err != nil {
						return trainError(err)
					}
				}
				s, isGoing, err := train.Draw(args[0])
				if err != nil {
					return inputError(err)
				}
				if err := writableFolder(out); err != nil {
					return err
				}
				if answer.Report, err = s.Page().Write(out, figures); err != nil {
					return conf.WithCode(err, conf.ExitFailed)
				}
				answer.Title, answer.Verdict, answer.State = s.Title, s.Verdict.Headline, s.State
				if going = follow && isGoing; going {
					c.note("%s: %s", answer.Report, s.State)
				}
			}
			return c.result(answer, func(w io.Writer) {
				for _, line := range []string{answer.State, answer.Verdict, answer.Report} {
					if line != "" {
						fmt.Fprintln(w, line)
					}
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "folder of report.html (default: DIR)")
	flags.BoolVar(&figures, "figures", false, "also every figure as SVG, PNG and CSV, in a folder figures beside it")
	flags.BoolVar(&follow, "follow", false, "draw again until the runs end")
	flags.DurationVar(&every, "every", 5*time.Second, "time between two drawings")
	return cmd
}

// wait sleeps, or returns what ended ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// draw writes report.html of a folder of runs.
func draw(dir string) (path string, err error) {
	s, _, err := train.Draw(dir)
	if err != nil {
		return "", inputError(err)
	}
	path, err = s.Page().Write(dir, false)
	return path, conf.WithCode(err, conf.ExitFailed)
}
