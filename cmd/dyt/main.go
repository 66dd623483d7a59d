// Command dyt trains Transformers with Dynamic Tanh beside their normalized twins and shows what happened.
//
// main.go is the table of commands; each command is one file that reads its flags, calls a room of the module and prints
// the answer. Data goes to standard output, everything else to standard error; failures end with the exit codes of
// internal/conf.
package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/spf13/cobra"
)

// commands in the order in which help lists them.
var commands = []func(*console) *cobra.Command{
	quickstartCommand,
	trainCommand,
	compareCommand,
	reportCommand,
	evalCommand,
	generateCommand,
	infoCommand,
	inspectCommand,
	modelsCommand,
	getCommand,
	benchCommand,
	devicesCommand,
	doctorCommand,
	versionCommand,
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &console{out: &careful{Writer: stdout}, err: stderr}
	root := &cobra.Command{
		Use:   "dyt",
		Short: "Transformers without normalization: train twins, compare them honestly",
		Long: `dyt trains Transformers with Dynamic Tanh, DyT(x) = gamma * tanh(alpha * x) + beta, beside their normalized twins
(arXiv:2503.10622). The first evening:

  dyt quickstart                    two small LLaMAs on the source code of Go's standard library, a table, a report
  dyt compare llama-0.87M --seeds 3 the same with an interval and a verdict
  dyt models                        every architecture, its sizes and parameter counts

No telemetry. The only network use is "dyt get".`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		names := []string{}
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return usage("unknown command %q%s; dyt --help lists them", args[0], suggest.DidYouMean(args[0], names))
	}
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	addGlobalFlags(root, c)
	for _, command := range commands {
		root.AddCommand(command(c))
	}
	root.InitDefaultCompletionCmd(args...)
	if completion, _, err := root.Find([]string{"completion"}); err == nil && completion != root {
		completion.Args = cobra.ArbitraryArgs
		completion.RunE = func(_ *cobra.Command, args []string) error {
			return usage("dyt completion %s: expected one of bash, zsh, fish, powershell", strings.Join(args, " "))
		}
	}
	return c.finish(root.ExecuteContext(ctx))
}

func addGlobalFlags(cmd *cobra.Command, c *console) {
	cmd.PersistentFlags().BoolVar(&c.json, "json", false, "print the result as one JSON value")
	cmd.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "no progress")
	cmd.PersistentFlags().CountVarP(&c.verbose, "verbose", "v", "progress of every line of metrics; -vv of every update")
}

// exactly returns cobra's argument check with an error that says what the command wants.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s wants %s, got %d; see dyt %s --help", cmd.CommandPath(), what, len(args), cmd.Name())
		}
		return nil
	}
}

var none = exactly(0, "no argument")
