package main

import (
	"fmt"
	"io"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/data/get"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/spf13/cobra"
)

// getAnswer is what get --json prints. With --dry-run nothing is fetched, and bytes are what would be.
type getAnswer struct {
	get.Plan
	Licence string `json:"licence"`
	Fetched bool   `json:"fetched"`
}

func getCommand(c *console) *cobra.Command {
	var o get.Options
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "get NAME",
		Short: "Download a public data set from its home, with a checksum for every file",
		Long: `get is the only command that uses the network. What was interrupted goes on where it stopped; a file gets its name only when
size and SHA-256 are those that dyt knows. The proxy variables HTTPS_PROXY and NO_PROXY count.

Sets:
`,
		Example: "  dyt get fashion-mnist --dry-run\n  dyt get tinyshakespeare --dir texts",
		Args:    exactly(1, "the name of a data set"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Attempts < 1 {
				return usage("--attempts is %d, expected at least 1", o.Attempts)
			}
			set, err := data.SetByName(args[0])
			if err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			plan, err := get.NewPlan(set, o.Dir)
			if err != nil {
				return inputError(err)
			}
			answer := getAnswer{plan, set.Licence, !dryRun}
			if dryRun {
				return c.result(answer, func(w io.Writer) { fmt.Fprint(w, plan) })
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			c.note("%s: %s, from %s; licence: %s", set.Name, set.Title, set.Home, set.Licence)
			o.Progress = c.fetching()
			if answer.Dir, err = get.Fetch(ctx, set, o); err != nil {
				return trainError(err)
			}
			return c.result(answer, func(w io.Writer) { fmt.Fprintln(w, answer.Dir) })
		},
	}
	for _, s := range data.Sets() {
		cmd.Long += fmt.Sprintf("  %-16s %s; %.0f MB\n", s.Name, s.Title, float64(s.Size())/1e6)
	}
	cmd.ValidArgs = setNames()
	flags := cmd.Flags()
	flags.BoolVar(&dryRun, "dry-run", false, "say what would be downloaded, and from where")
	flags.StringVar(&o.Dir, "dir", "", "the set's folder (default: its place in the cache, see dyt doctor)")
	flags.IntVar(&o.Attempts, "attempts", 5, "in a row that bring nothing, before giving up")
	return cmd
}

func setNames() []string {
	var names []string
	for _, s := range data.Sets() {
		names = append(names, s.Name)
	}
	return names
}

// fetching returns the progress of a download, or nil when nobody wants to hear of it.
func (c *console) fetching() func(get.Progress) {
	if c.quiet {
		return nil
	}
	line := c.status(10 * time.Second)
	return func(p get.Progress) {
		line(fmt.Sprintf("%-8s %s  %s of %s bytes", p.Stage, p.File, thousands(p.Done), thousands(p.Size)), p.Done == p.Size)
	}
}
