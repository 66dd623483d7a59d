package main

import (
	"fmt"
	"io"

	"github.com/dyt-go/dyt/internal/host"
	"github.com/spf13/cobra"
)

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of dyt and of the framework in it",
		Example: "  dyt version --json",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			b := host.ThisBuild()
			return c.result(b, func(w io.Writer) { fmt.Fprintln(w, b) })
		},
	}
}
