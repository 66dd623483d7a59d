package main

import (
	"fmt"
	"io"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// modelRow is one element of what models --json prints.
type modelRow struct {
	Arch    string    `json:"arch"`
	Variant string    `json:"variant"`
	Norm    norm.Kind `json:"norm"`
	Params  int64     `json:"params"` // trainable
}

func modelsCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "models [ARCH]",
		Short: "List every architecture with its variants and their exact parameter counts",
		Long: `models lists the variants of every architecture, or of one, with the number of trainable parameters under each of its
norms: the papers' own, DyT and Derf. Counts come from shapes; no weights are allocated.`,
		Example: "  dyt models\n  dyt models vit --json",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			archs := zoo.Archs
			if len(args) > 1 {
				return usage("models wants at most one architecture, got %d; see dyt models --help", len(args))
			}
			if len(args) == 1 {
				arch, err := zoo.Find(args[0])
				if err != nil {
					return conf.WithCode(err, conf.ExitUsage)
				}
				archs = []zoo.Arch{arch}
			}
			backend, err := openBackend(chosenBackend())
			if err != nil {
				return err
			}
			defer backend.Finalize()
			rows, err := countModels(backend, archs)
			if err != nil {
				return err
			}
			return c.result(rows, func(w io.Writer) { printModels(w, archs, rows) })
		},
	}
}

// countModels has a row for each variant and each norm that its architecture is listed with.
func countModels(backend compute.Backend, archs []zoo.Arch) ([]modelRow, error) {
	rows := []modelRow{}
	for _, a := range archs {
		for _, variant := range a.Variants() {
			for _, kind := range a.Norms() {
				m, err := a.Default(variant, kind)
				if err != nil {
					return nil, err
				}
				params, err := part.Count(backend, m)
				if err != nil {
					return nil, err
				}
				rows = append(rows, modelRow{a.Name, variant, kind, params})
			}
		}
	}
	return rows, nil
}

// printModels prints a table for each architecture: a line a variant, a column a norm.
func printModels(w io.Writer, archs []zoo.Arch, rows []modelRow) {
	for i, a := range archs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		lines := [][]string{{a.Name}}
		for _, kind := range a.Norms() {
			lines[0] = append(lines[0], string(kind))
		}
		for _, variant := range a.Variants() {
			line := []string{variant}
			for range a.Norms() {
				line, rows = append(line, thousands(rows[0].Params)), rows[1:]
			}
			lines = append(lines, line)
		}
		table(w, lines)
	}
}
